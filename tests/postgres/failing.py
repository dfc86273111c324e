"""Ways for a real Postgres to fail."""

from __future__ import annotations

REFUSING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'as on a bad day' USING ERRCODE = '{state}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse();
"""
"""Whoever writes to this table is refused with this SQLSTATE."""
