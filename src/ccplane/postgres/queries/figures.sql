-- first_contacts --
-- Contacts from outside that arrived in [$1, $2), ms UTC, and were the first of their number: none within $3 ms before.
-- Resolved: none within $4 ms after. It is final once those have passed for the last of them ($5, ms UTC, is now). A
-- number that is withheld, or no number at all, is nobody's. $6: by the queue that it entered last, or the number.
WITH came AS (
    SELECT
        arrived_at,
        CASE $6::text WHEN 'queue' THEN coalesce(queue, '') WHEN 'number' THEN coalesce(number_dialled, '') ELSE '' END AS name,
        lag(arrived_at) OVER called AS before,
        lead(arrived_at) OVER called AS after
    FROM contact
    WHERE direction = 'inbound' AND caller ~ '^\+?[0-9]+$'
        AND arrived_at >= instant($1::bigint - $3::bigint) AND arrived_at < instant($2::bigint + $4::bigint + 1)
    WINDOW called AS (PARTITION BY caller ORDER BY arrived_at, id)
)
SELECT
    name,
    count(*) AS first,
    count(*) FILTER (WHERE after IS NULL OR ms(after) - ms(arrived_at) > $4) AS resolved,
    coalesce(bool_or((after IS NULL OR ms(after) - ms(arrived_at) > $4) AND ms(arrived_at) + $4 >= $5), false) AS provisional
FROM came
WHERE arrived_at >= instant($1) AND arrived_at < instant($2) AND (before IS NULL OR ms(arrived_at) - ms(before) > $3)
GROUP BY name;
