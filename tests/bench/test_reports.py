"""The benchmark of reports writes each of them, of a centre that is a hundredth of the real one."""

from __future__ import annotations

import asyncio
from argparse import Namespace

import pytest

from bench import reports


@pytest.mark.postgres
def test_each_table_is_written_by_each_group_it_is_counted_by_in_each_way(tmp_path):
    made = asyncio.run(reports.run(Namespace(share=0.01, work=tmp_path)))
    groups = sum(len(table.by) for table in reports.TABLES.values())
    assert made["day"]["reports"] == made["month"]["reports"] == groups * 3 * len(reports.WRITERS)
    assert made["day"]["longest"]["rows"] == 96 * 10, "by quarter of an hour and agent"
    assert "at most" in reports.table(made)
