"""What is asked of overlays before anybody looks at the files."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from ccplane.http.overlays import EditWanted


@pytest.mark.parametrize("value", ["1e400", "[-1e400]", '"\\ud800"', '{"a": "\\udfff"}'])
def test_a_value_that_no_file_can_hold_is_refused(value):
    with pytest.raises(ValidationError):
        EditWanted(path="acd/queues.toml: support.weight", value=json.loads(value))


@pytest.mark.parametrize("value", ["60s", 7, 0.5, None, ["a"], {"support": 5}, "\u8bed"])
def test_any_other_is_taken(value):
    assert EditWanted(path="acd/queues.toml: support.weight", value=value).value == value
