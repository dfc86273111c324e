-- course --
-- Counters of the quarters of an hour that began in [$1, $2), of all queues together, or of those in $3. The wallboard
-- asks; the primary key bounds it: a day of one name has 100 rows at the most.
SELECT
    began_at,
    sum(entered)::bigint AS offered,
    sum(answered)::bigint AS answered,
    sum(abandoned)::bigint AS abandoned,
    sum(answered_within)::bigint AS answered_within,
    bool_or(provisional OR ends_at > coalesce((SELECT until FROM quarters_counted), 0)) AS provisional
FROM slice
WHERE grain = 'quarter' AND began_at >= $1 AND began_at < $2
    AND CASE WHEN cardinality($3::text[]) = 0 THEN by = 'site' ELSE by = 'queue' AND name = ANY ($3) END
GROUP BY began_at
ORDER BY began_at;
