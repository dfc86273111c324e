"""A scenario's file is judged like a site's, and what `ccplane simulate` says of it holds."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccplane.cli import main
from ccplane.errors import SiteError
from ccplane.simulate.changes import read_changes
from ccplane.simulate.reading import read_scenario
from ccplane.site import SiteFaults

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / "docs" / "scenarios"
TWO_QUEUES = EXAMPLES / "two-queues.toml"
SALES_FIRST = EXAMPLES / "sales-first.toml"
ONE_MORE = EXAMPLES / "one-more-agent.toml"

SMALL = """
hours = "1h"
[queues.support]
skills = { support = 1 }
[customers.support]
per_minute = 2.0
service = { mean = "2m" }
patience = { mean = "3m" }
[agents.team]
count = 4
skills = { support = 5 }
"""


def call(*arguments: str):
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


def scenario(folder: Path, text: str) -> Path:
    file = folder / "scenario.toml"
    file.write_text(text)
    return file


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SiteFaults) as raised:
        read_scenario(scenario(folder, text))
    return [str(fault).removeprefix(f"{folder}/") for fault in raised.value.faults]


def test_a_scenario_says_who_comes_who_works_and_when():
    reading = read_scenario(TWO_QUEUES)
    made = reading.scenario
    assert reading.warnings == ()
    assert [(str(each.queue), each.curve.slot_ms) for each in made.streams] == [
        ("support", 3_600_000),
        ("sales", 3_600_000),
    ]
    both = [(shift.begins, shift.ends) for shift in made.shifts if shift.agent.id == "both-001"]
    assert both == [(0, 7_200_000), (8_100_000, None)], "who is there until closing stays until nobody waits"


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('hours = "1h"', "hours = 60", "scenario.toml:2: hours: is a length of time with its unit, in quotes: "),
        ("per_minute = 2.0", "per_hour = 2.0", "scenario.toml:5: customers.support.per_minute: is missing"),
        (
            'mean = "2m"',
            'cv = 2.0',
            'scenario.toml:7: customers.support.service: needs `mean = "3m"`, or `values = ["20s", "4m"]`',
        ),
        (
            "[customers.support]",
            '[customers.support]\nqueue = "suport"',
            "scenario.toml:6: customers.support.queue: there is no queue `suport`; did you mean `support`?",
        ),
        ("count = 4", "", "scenario.toml:9: agents.team: needs `count`, how many, or `ids`, who of the site"),
        ("skills = { support = 1 }", "", "scenario.toml:3: queues.support: needs `skills` or `steps`: who may answer?"),
        ("count = 4", 'ids = ["1001"]', "scenario.toml:10: agents.team.ids: the site has no agent `1001`"),
        (
            "count = 4",
            'count = 4\nshifts = [{ from = "09:00", to = "08:00" }]',
            "agents.team.shifts[0]: ends before it begins",
        ),
        (
            "count = 4",
            'count = 4\nqueues = { sales = 1 }',
            "agents.team.queues.sales: there is no queue `sales`; there is `support`",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_line_and_key(tmp_path, wrong, right, said):
    assert any(said in fault for fault in faults(tmp_path, SMALL.replace(wrong, right))), faults(
        tmp_path, SMALL.replace(wrong, right)
    )


def test_all_faults_are_told_at_once(tmp_path):
    told = faults(tmp_path, 'hours = "0s"\n[queues.a]\nskills = {}\nstrategy = "best"\n')
    assert {fault.split(": ")[1] for fault in told} == {"customers", "hours", "queues.a.strategy"}


def test_no_toml_and_no_file_are_told(tmp_path):
    assert "not valid TOML" in faults(tmp_path, "hours = ")[0]
    with pytest.raises(SiteError, match="cannot be read"):
        read_scenario(tmp_path / "none.toml")


def test_customers_whom_nobody_could_serve_are_warned_of(tmp_path):
    reading = read_scenario(scenario(tmp_path, SMALL.replace("support = 5", "sales = 5")))
    assert "nobody who works could serve `support`" in str(reading.warnings[0])


def test_queues_and_agents_may_come_from_a_site(tmp_path):
    customers = '[customers.support]\nper_minute = 2.0\nservice = { mean = "2m" }\n'
    file = scenario(tmp_path, f'hours = "1h"\nsite = "{TOP}"\n{customers}')
    made = read_scenario(file).scenario
    assert len(made.shifts) == 20
    assert {"support", "sales", "anyone"} <= set(made.queues)
    named = read_scenario(
        scenario(tmp_path, f'hours = "1h"\n{customers}[agents.early]\nids = ["1001"]\n'), TOP
    ).scenario
    assert [shift.agent.id for shift in named.shifts] == ["1001"]


def test_the_example_shows_every_kpi_with_its_interval():
    shown = call(TWO_QUEUES, "--days", "3")
    assert shown.exit_code == 0, shown.output
    assert "3 days, each from empty, seed 1" in shown.output
    assert shown.output.count("±") > 15


def test_the_same_seed_is_the_same_answer_and_another_one_another():
    asked = [call(TWO_QUEUES, "--days", "2", "--json", *more).output for more in ([], [], ["--seed", "2"])]
    assert asked[0] == asked[1] != asked[2]


def test_json_has_counts_shares_and_intervals():
    told = json.loads(call(TWO_QUEUES, "--days", "3", "--json", "--confidence", "90").output)
    level = told["queues"]["sales"]["service_level"]
    assert told["confidence"] == 0.9
    assert 0 < level["low"] < level["value"] < level["high"] < 1
    assert 0 < told["agents"]["both"]["occupancy"]["value"] < 1


def test_changed_rules_are_shown_beside_the_old_ones_for_the_same_customers():
    shown = call(TWO_QUEUES, "--days", "4", "--rules", SALES_FIRST)
    assert shown.exit_code == 0, shown.output
    sales = next(line for line in shown.output.splitlines() if line.startswith("sales") and "offered" in line)
    assert sales.split()[-2:] == ["0.0", "±0.0"], "the same callers came to sales"
    told = json.loads(call(TWO_QUEUES, "--days", "4", "--rules", SALES_FIRST, "--json").output)
    assert told["difference"]["sales"]["asa"]["value"] < 0


def test_the_picture_is_svg_with_a_line_for_each_run(tmp_path):
    file = tmp_path / "day.svg"
    assert call(TWO_QUEUES, "--days", "2", "--rules", SALES_FIRST, "--picture", file).exit_code == 0
    lines = ET.parse(file).getroot().findall("{http://www.w3.org/2000/svg}polyline")
    assert {line.get("stroke") for line in lines} == {"#6b7280", "#1d6fb8"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[queues.sale]\nweight = '5s'", "queues.sale: there is no queue `sale`; did you mean `sales`?"),
        ("[queues.sales]\nwait = '5s'", "queues.sales.wait: "),
        ("[queues.sales]\nmusic = 'loud'", "queues.sales.music: the simulator does not follow this key"),
        ("[queues.sales]\nweight = 5", "queues.sales.weight: is a length of time"),
        ("[credit]\ngold = '90s'", "credit.gold: no contact is called `gold`: nothing here tells contacts apart"),
        ("[agents.more]\nskills = {}", "agents.more: needs `count`, how many"),
    ],
)
def test_a_fault_in_changed_rules_is_told(tmp_path, text, said):
    file = tmp_path / "rules.toml"
    file.write_text(text + "\n")
    with pytest.raises(SiteFaults) as raised:
        read_changes(file, read_scenario(TWO_QUEUES).scenario.queues, 3_600_000, 0)
    assert said in str(raised.value)


def test_what_a_change_does_not_name_stays(tmp_path):
    queues = read_scenario(TWO_QUEUES).scenario.queues
    changed = read_changes(SALES_FIRST, queues, 14_400_000, 28_800_000)
    assert {name: queue.weight_s for name, queue in changed.queues.items()} == {"sales": 60}
    assert changed.queues["sales"].steps == queues["sales"].steps
    assert changed.shifts == (), "rules alone: what differs is of the weight, not of one more agent"


def test_one_more_agent_changes_no_rule_and_shortens_both_queues():
    changed = read_changes(ONE_MORE, read_scenario(TWO_QUEUES).scenario.queues, 14_400_000, 28_800_000)
    assert changed.queues == {}
    assert [(shift.begins, shift.ends) for shift in changed.shifts] == [(3_600_000, None)]
    told = json.loads(call(TWO_QUEUES, "--days", "4", "--rules", ONE_MORE, "--json").output)
    assert all(told["difference"][queue]["asa"]["value"] < 0 for queue in ("sales", "support"))


def test_faults_end_the_command_with_two(tmp_path):
    ended = call(scenario(tmp_path, SMALL.replace("count = 4", "cuont = 4")))
    assert ended.exit_code == 2
    assert "did you mean `count`?" in ended.output
