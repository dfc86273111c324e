"""A child that says nothing, and one that says enough."""

from __future__ import annotations

import subprocess

from tests.children import killed_after


def test_a_read_from_who_says_nothing_comes_to_its_end():
    with subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE, text=True) as child:
        with killed_after(0.1, child) as late:
            assert list(child.stdout) == []
        assert late.is_set()


def test_who_speaks_in_time_is_left_alone():
    with subprocess.Popen(["sh", "-c", "echo here; read end"], stdin=-1, stdout=-1, text=True) as child:
        with killed_after(60, child) as late:
            assert child.stdout.readline() == "here\n"
        child.stdin.close()
    assert (late.is_set(), child.returncode) == (False, 1)
