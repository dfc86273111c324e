"""Who is told of a message: what a box may say of it, and what it may not; and docs/voicemail.md is true."""

from __future__ import annotations

import json
import re
import time

import pytest

from ccplane.notices.webhook import body_of, signature
from ccplane.settings import HOME
from ccplane.site import parse, read
from ccplane.site.parse import examine
from ccplane.site.webhook import WebhookRule
from tests.notices.notice import a_notice
from tests.site.sites import faults

PATH = "acd/voicemail.toml"
DEMO = read(HOME)
SECTION = (HOME / "docs" / "voicemail.md").read_text().partition("\n## Notices\n")[2].partition("\n## ")[0]


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    return found


def test_the_file_on_the_page_is_what_the_page_says():
    site = parse(DEMO | {PATH: block("toml")})
    general = site.rules.boxes["general"]
    assert general.emails == ("support-leads@example.com", "night-duty@example.com")
    assert general.webhook == "crm"
    assert (site.box("general").attach, site.box("1001").attach) == (True, False)
    assert site.rules.agents_box.emails == ("{agent}@example.com",)
    assert site.webhooks == {"crm": WebhookRule("crm", "https://crm.example.com/voicemail", "CRM_SECRET")}
    assert "webhooks" not in site.boxes


def test_the_body_on_the_page_is_what_services_get():
    assert json.loads(body_of(a_notice(), "http://127.0.0.1:8080")) == json.loads(block("json"))


def test_a_service_that_judges_as_the_page_says_knows_us_and_nobody_else():
    page = {}
    exec(block("python"), page)
    now, body = str(int(time.time())), body_of(a_notice(), "http://127.0.0.1:8080")
    assert page["is_ccplane"]("secret", now, signature("secret", now, body), body)
    assert not page["is_ccplane"]("other", now, signature("secret", now, body), body)
    assert not page["is_ccplane"]("secret", now, signature("secret", now, body), body + b" ")
    old = str(int(time.time()) - 3_600)
    assert not page["is_ccplane"]("secret", old, signature("secret", old, body), body)


@pytest.mark.parametrize(("toml", "told"), [
    ('[a]\nemail = "a@example.com"\n', "a.email: is a list"),
    ('[a]\nemail = ["nobody"]\n', ": is an address in ASCII"),
    ('[a]\nemail = ["a@example.com\\nBcc: b@example.com"]\n', ": is an address in ASCII"),
    ('[a]\nemail = ["ü@example.com"]\n', ": is an address in ASCII"),
    ('[a]\nemail = ["{agent}@example.com"]\n', "a.email: {agent} stands for an agent's id, and this box is no agent's"),
    ('[a]\nwebhook = "cmr"\n[webhooks.crm]\nurl = "https://x/"\nsecret_env = "S"\n',
     "a.webhook: there is no webhook `cmr`; did you mean `crm`?"),
    ('[webhooks.crm]\nurl = "ftp://x/"\nsecret_env = "S"\n', "webhooks.crm.url: begins with https:// and a host"),
    ('[webhooks.crm]\nurl = "https://u:p@x/"\nsecret_env = "S"\n', "webhooks.crm.url: begins with https:// and a host"),
    ('[webhooks.crm]\nurl = "https://x/"\n', "webhooks.crm.secret_env: is missing"),
    ('[webhooks.crm]\nurl = "https://x/"\nsecret_env = "CCPLANE_S"\n', "webhooks.crm.secret_env: CCPLANE_"),
    ('[webhooks.crm]\nurl = "https://x/"\nsecret = "s"\n', "webhooks.crm.secret: unknown key"),
    ('webhooks = 3\n', "webhooks: is a table"),
])  # fmt: skip
def test_each_mistake_is_told_with_file_and_key(toml, told):
    found = faults(DEMO | {PATH: toml})
    assert any(told in str(each) and str(each).startswith(PATH) for each in found), found


@pytest.mark.parametrize(
    ("url", "warned"), [("http://crm/", True), ("http://127.0.0.1:9/", False), ("https://crm/", False)]
)
def test_a_service_that_is_told_for_all_to_read_is_warned_of(url, warned):
    toml = f'[general]\nwebhook = "crm"\n[webhooks.crm]\nurl = "{url}"\nsecret_env = "S"\n'
    _, findings = examine(DEMO | {PATH: toml})
    assert not findings.faults
    assert any("anybody on the way" in str(each) for each in findings.warnings) is warned


def test_sound_that_is_attached_to_no_mail_is_warned_of():
    _, findings = examine(DEMO | {PATH: "[general]\nattach = true\n"})
    assert not findings.faults
    assert any("general.attach: nobody gets a mail" in str(each) for each in findings.warnings)
