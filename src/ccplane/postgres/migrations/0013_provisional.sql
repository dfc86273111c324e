-- Whether a moment of a node's calls was found out only after a gap: then what began or ended there did so at some time
-- in the gap, of which this is the last. A gap's own first moment was still watched.
CREATE FUNCTION in_gap(of_node text, moment timestamptz) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT EXISTS (
            SELECT FROM gap
            WHERE node = of_node AND tstzrange(began_at, ended_at, '[]') @> moment AND began_at < moment)
    $$;

-- Whether a segment's times may still change or be wrong: it goes on, or a gap is where it began or ended. Those from
-- 101 on are of the switch's own queues, whose log has their times.
CREATE FUNCTION is_provisional(of_node text, stay segment) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT stay.provisional OR stay.segment <= 100 AND (
            in_gap(of_node, stay.started_at) OR in_gap(of_node, stay.ended_at))
    $$;

-- The same of a contact: by its own times, or by those of a segment of it. One that began no program the switch's own
-- queues had wholly.
CREATE FUNCTION is_provisional(whole contact) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT whole.ended_at IS NULL
            OR whole.program IS NOT NULL AND (
                in_gap(whole.node, whole.arrived_at) OR in_gap(whole.node, whole.ended_at))
            OR EXISTS (
                SELECT FROM segment AS s
                WHERE s.contact = whole.id AND is_provisional(whole.node, s))
    $$;
