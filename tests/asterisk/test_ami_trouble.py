"""An AMI that is connected and says nothing: it is seen, said, and made anew, and no call notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from tests.centre import Centre, open_centre
from tests.proxy import open_proxy

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SEEN_S = 15.0
"""Within which silence is seen: a ping each five seconds, three for its answer, and a slow machine."""


async def ami(centre: Centre) -> dict[str, Any]:
    return dict((await centre.get("/readyz"))["parts"]["ami"])


async def ami_is(centre: Centre, ok: bool, words: str = "", within: float = SEEN_S) -> None:
    part: dict[str, Any] = {}

    async def is_so() -> bool:
        part.update(await ami(centre))
        return part["ok"] is ok and words in part["detail"]

    await centre.until(is_so, within, lambda: f"AMI to be {ok} {words!r}, and it is {part}")


async def one_call(centre: Centre, caller: str) -> None:
    """It is answered, and recorded from its beginning if AMI is there."""
    call = centre.lab.callers.dial("4002", caller)
    await call.up()
    await centre.agent_is("1001", "talking")
    call.hang_up()
    await centre.agent_is("1001", "ready", within=20)


async def test_a_connection_that_went_dead_is_seen_and_made_anew_at_once(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """As behind a firewall that forgot it: nothing comes and nothing is refused, but a new one would go through."""
    async with (
        open_proxy(local_node.ami_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_AMI_PORT=str(proxy.port)) as centre,
    ):
        await centre.sign_in("1001")
        await ami_is(centre, ok=True)
        proxy.swallow()

        async def told() -> bool:
            return "the AMI connection ended" in centre.log()

        await centre.until(told, SEEN_S)
        assert "reason=silence" in centre.log()
        await ami_is(centre, ok=True)
        await centre.lab.phones.phone("1001").unregister()  # AMI tells of phones
        await centre.agent_is("1001", "unreachable")
        await centre.register("1001")
        await centre.agent_is("1001", "ready")
        await one_call(centre, "13800138001")


async def test_one_that_takes_logins_and_answers_nothing_is_said_until_it_does(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """A manager that stands still: new connections are taken, and get no word either."""
    async with (
        open_proxy(local_node.ami_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_AMI_PORT=str(proxy.port)) as centre,
    ):
        await centre.sign_in("1001")
        await ami_is(centre, ok=True)
        proxy.stall()
        await ami_is(centre, False, "does not answer", within=30)
        ready = await centre.get("/readyz")
        assert (ready["status"], ready["parts"]["ari"]["ok"]) == ("degraded", True)
        await one_call(centre, "13800138002")
        proxy.mend()
        await ami_is(centre, ok=True, within=20)


async def test_a_talk_that_began_without_ami_is_recorded_once_it_is_back_and_the_alarm_is_over(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    async with (
        open_proxy(local_node.ami_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_AMI_PORT=str(proxy.port)) as centre,
    ):
        await centre.sign_in("1001")
        await ami_is(centre, ok=True)
        proxy.cut()
        await ami_is(centre, False)
        call = centre.lab.callers.dial("4002", "13800138003")
        await call.up()
        await centre.agent_is("1001", "talking")

        async def not_recorded() -> bool:
            part = (await centre.get("/readyz"))["parts"]["recordings"]
            return not part["ok"] and "1 talks go on without being recorded" in part["detail"]

        await centre.until(not_recorded, 15)
        proxy.mend()

        async def well() -> bool:
            return not (await centre.get("/readyz"))["degraded"]

        await centre.until(well, 30, lambda: "all parts to be well")
        call.hang_up()
        contact = await centre.contact_of("13800138003")
        assert "RecordingStarted" in [fact["type"] for fact in contact["facts"]]
