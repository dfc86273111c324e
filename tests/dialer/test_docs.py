"""The example of docs/pacing.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs/pacing.md").read_text()


def test_the_example_of_the_page_runs_and_says_why(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(example, "docs/pacing.md", "exec"), {})
    assert re.fullmatch(r"\d+ lines, bound by share: \d\.\d% of answers may be dropped\n", capsys.readouterr().out)
