-- list_faxes --
-- The latest first, by keys as the contacts are; those that were deleted only for who asks for them.
SELECT
    id, contact, box, caller, number_dialled, pages, complete, reason, station, bytes, file,
    ms(came_at) AS came_at, ms(read_at) AS read_at, ms(deleted_at) AS deleted_at
FROM fax AS x
WHERE x.came_at IS NOT NULL
    AND ($1::text IS NULL OR x.box = $1)
    AND x.deleted_at IS NOT NULL = $2::boolean
    AND ($3::bigint IS NULL OR x.came_at >= instant($3))
    AND ($4::bigint IS NULL OR x.came_at < instant($4))
    AND ($5::bigint IS NULL OR (x.came_at, x.id) < (instant($5), $6::text))
ORDER BY x.came_at DESC, x.id DESC
LIMIT $7;

-- read_fax --
-- One fax, the columns of the list.
SELECT
    id, contact, box, caller, number_dialled, pages, complete, reason, station, bytes, file,
    ms(came_at) AS came_at, ms(read_at) AS read_at, ms(deleted_at) AS deleted_at
FROM fax WHERE id = $1 AND came_at IS NOT NULL;
