-- columns_of_view --
-- Of a view of open data, in their order.
SELECT column_name::text AS name, data_type::text AS type
FROM information_schema.columns WHERE table_schema = 'open_data' AND table_name = $1 ORDER BY ordinal_position;

-- described --
-- What the database itself says of the views and their columns.
SELECT c.table_name::text AS view, c.column_name::text AS name, c.data_type::text AS type,
    col_description(format('open_data.%I', c.table_name)::regclass, c.ordinal_position::integer) AS meaning,
    obj_description(format('open_data.%I', c.table_name)::regclass) AS about
FROM information_schema.columns AS c
WHERE c.table_schema = 'open_data' ORDER BY c.table_name, c.ordinal_position;
