"""A caller leaves a message on a real Asterisk, and whoever looks after the box is told, whatever died meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.settings import HOME
from ccplane.site.files import FOLDERS
from tests.asterisk.test_voicemail import presses_9, records
from tests.centre import Centre, open_centre
from tests.lookups.service import Service, a_service, says
from tests.notices.post_office import a_post_office
from tests.ports import free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow, pytest.mark.usefixtures("brief")]

BOX = """[general]
queue         = "support"
answer_within = "4h"
email         = ["team@example.com"]
webhook       = "crm"

[webhooks.crm]
url        = "{url}/left"
secret_env = "CRM_SECRET"
"""


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with a_service(says("")) as service:
        yield service


@pytest.fixture
async def port() -> int:
    """Where mails are to be handed in."""
    return free_port()


@pytest.fixture
async def centre(
    local_node: LocalNode, database: str, tmp_path: Path, service: Service, port: int
) -> AsyncIterator[Centre]:
    site = tmp_path / "site"
    for folder in FOLDERS:
        shutil.copytree(HOME / folder, site / folder)
    (site / "acd" / "voicemail.toml").write_text(BOX.format(url=service.url))
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    settings = {
        "CCPLANE_SITE": str(site),
        "CCPLANE_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "CCPLANE_SMTP_FROM": "ccplane@cc.example.com",
        "CRM_SECRET": "s3cret",
    }
    async with open_centre(local_node, database, runtime, audio=True, **settings) as centre:
        yield centre


async def leaves_a_message(centre: Centre, caller: str) -> None:
    call = await presses_9(centre, caller)
    await records(call, centre)
    call.hang_up()


async def notices(centre: Centre, *states: str) -> list[dict[str, Any]]:
    """All that there are, once they are in these states: the service's and the mail's."""
    found: list[dict[str, Any]] = []

    async def are_so() -> bool:
        found[:] = sorted((await centre.get("/api/v1/notices"))["notices"], key=lambda each: each["kind"], reverse=True)
        return tuple(each["state"] for each in found) == states

    await centre.until(are_so, 30, lambda: f"notices {states}, not {found}")
    return found


async def test_who_looks_after_a_box_is_told_by_mail_and_by_service(
    centre: Centre, service: Service, port: int
) -> None:
    async with a_post_office(port) as office:
        await leaves_a_message(centre, "13800138000")
        mail = await office.mail()
        await notices(centre, "sent", "sent")
    [message] = (await centre.get("/api/v1/messages"))["messages"]
    assert "from 13800138000" in mail["Subject"]
    assert f"http://127.0.0.1:{centre.port}/api/v1/messages/{message['id']}/audio" in mail.get_content()
    [asked] = service.asked
    told = json.loads(asked.body)
    assert (told["message"], told["caller"], told["queue"]) == (message["id"], "13800138000", "support")
    assert told["answer_until"] == message["answer_until"]
    assert (await centre.get("/readyz"))["parts"]["notices"]["ok"]
    assert 'ccplane_notices_sent_total{kind="email"} 1.0' in (await centre.api.get("/metrics")).text


async def test_who_is_to_be_told_stands_over_a_kill_while_the_mail_server_is_down(
    centre: Centre, service: Service, port: int
) -> None:
    """The service was told before, and is not told again; the mail goes out by the plane that comes after."""
    await leaves_a_message(centre, "607")
    _, mail = await notices(centre, "sent", "due")

    async def was_tried() -> bool:
        return (await centre.get(f"/api/v1/notices/{mail['id']}"))["last_error"] is not None

    await centre.until(was_tried, 20, lambda: "the first try")
    await centre.kill()
    await centre.start()
    async with a_post_office(port) as office:
        await centre.api.post(f"/api/v1/notices/{mail['id']}/retry")
        told = await office.mail()
        await notices(centre, "sent", "sent")
    assert "from 607" in told["Subject"]
    assert (len(office.mails), len(service.asked)) == (1, 1)
