"""Faxes by HTTP: listed, fetched as a PDF, deleted for good; and no address leads to any other file."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest

from ccplane.contacts.facts import FaxDeleted, FaxRead
from ccplane.http.app import create_app
from ccplane.postgres.faxes import FaxesWanted, FaxRow
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site

FAX_ID = "f-c-ast1-1700000000.1-3-1"
PDF = b"%PDF-1.4 a page"
ROW = FaxRow(
    id=FAX_ID,
    contact="c-ast1-1700000000.1",
    box="orders",
    caller="13800138000",
    number_dialled="4001",
    came_at=1_700_000_000_000,
    pages=2,
    complete=False,
    reason="hung-up",
    station="+49 30",
    bytes=len(PDF),
    file=f"2023/11/14/{FAX_ID}.pdf",
    read_at=None,
    deleted_at=None,
)
PAGES = f"/api/v1/faxes/{FAX_ID}/pdf"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site()
    site.faxes_dir = tmp_path / "faxes"
    pdf = site.faxes_dir / ROW.file
    pdf.parent.mkdir(parents=True)
    pdf.write_bytes(PDF)
    site.faxes.stored[FAX_ID] = ROW
    (tmp_path / "secret").write_text("not for you")
    return site


async def test_faxes_are_listed_with_times_that_can_be_read(admin: httpx.AsyncClient, site: Site):
    since = "since=2023-11-14T00:00:00Z&until=2023-11-15T00:00:00Z"
    [fax] = (await admin.get(f"/api/v1/faxes?box=orders&{since}")).json()["faxes"]
    assert (fax["id"], fax["came_at"], fax["pages"]) == (FAX_ID, "2023-11-14T22:13:20.000Z", 2)
    assert (await admin.get(f"/api/v1/faxes/{FAX_ID}")).json() == fax
    assert site.faxes.wanted == FaxesWanted(box="orders", since=1_699_920_000_000, until=1_700_006_400_000)


async def test_its_pages_are_a_pdf_and_that_they_were_fetched_is_a_fact(admin: httpx.AsyncClient, site: Site):
    answer = await admin.get(PAGES)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PDF, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-store"
    [read] = [fact for fact in site.plane.history.facts if isinstance(fact, FaxRead)]
    assert (read.fax, read.by) == (FAX_ID, "api")


async def test_a_deleted_fax_has_no_pages_any_more(admin: httpx.AsyncClient, site: Site):
    assert (await admin.delete(f"/api/v1/faxes/{FAX_ID}")).status_code == 204
    assert [type(fact) for fact in site.plane.history.facts if isinstance(fact, FaxDeleted)] == [FaxDeleted]
    assert not (site.faxes_dir / ROW.file).exists()
    answer = await admin.get(PAGES)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-pages")


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "2023/11/14/../../../../secret", "nothing.pdf"])
async def test_a_row_that_names_another_place_leads_nowhere(admin: httpx.AsyncClient, site: Site, file: str):
    site.faxes.stored[FAX_ID] = msgspec.structs.replace(ROW, file=file)
    answer = await admin.get(PAGES)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-pages")


async def test_nobody_gets_one_without_a_token_and_none_that_is_not_there(admin: httpx.AsyncClient, site: Site):
    async with client_from(create_app(site.ports(), admin_token=TOKEN), "127.0.0.1", token=None) as stranger:
        for path in ("/api/v1/faxes", f"/api/v1/faxes/{FAX_ID}", PAGES):
            assert (await stranger.get(path)).status_code == 401
        assert (await stranger.delete(f"/api/v1/faxes/{FAX_ID}")).status_code == 401
    answer = await admin.get("/api/v1/faxes/f-c-nobody-1-1/pdf")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-fax")
