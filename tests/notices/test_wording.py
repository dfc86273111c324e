"""What a mail says, in both languages, whatever a caller's network says of them."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.notices.mail import mail, message_id
from ccplane.notices.wording import told
from tests.notices.notice import a_notice, at
from tests.notices.telling import BASE, a_site

SHANGHAI = "Asia/Shanghai"
SIGNED = "-- "


def test_a_mail_says_who_called_when_how_long_and_until_when_an_answer_is_promised():
    said = told(a_notice(), "en", SHANGHAI, BASE)
    assert said.subject == "New message in general from 13800138000, 42 s"
    assert (
        said.text
        == f"""A caller has left a message.

From: 13800138000
Number dialled: 4001
Left at: 2026-11-23 16:00 (Asia/Shanghai)
Length: 42 s
Box: general
Queue: support
Answer promised by: 2026-11-23 20:00 (Asia/Shanghai)
Message: {BASE}/api/v1/messages/m-c-ast1-1700000000.1-3-1
Sound: {BASE}/api/v1/messages/m-c-ast1-1700000000.1-3-1/audio

{SIGNED}
This mail was written by ccplane. Nobody reads answers to it.
"""
    )


def test_a_mail_in_chinese_says_the_same():
    said = told(a_notice(caller="", answer_until=None, ms=125_000), "zh-CN", SHANGHAI, BASE)
    assert said.subject == "general 有新留言，来自 隐藏号码，2 分 05 秒"
    assert "承诺回复时间：未承诺" in said.text
    assert "队列：support" in said.text


@pytest.mark.parametrize("base", [BASE, BASE + "/"])
def test_links_have_one_slash(base):
    assert f"{BASE}/api/v1/messages/" in told(a_notice(), "en", SHANGHAI, base).text


@given(caller=st.text(max_size=200), dialled=st.text(max_size=50), language=st.sampled_from(["en", "zh-CN"]))
def test_whatever_a_network_says_of_a_caller_the_mail_is_one_and_has_no_further_header(caller, dialled, language):
    site = a_site(**{"ivr/numbers.toml": f'default = "main"\nlanguage = "{language}"\n'})
    notice = a_notice(caller=caller, number_dialled=dialled, target="team@example.com")
    content = mail(notice, site, "ccplane@cc.example.com", BASE).as_bytes()
    assert content.isascii()
    read = message_from_bytes(content, policy=default)
    names = {"From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted"}
    names |= {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert set(read.keys()) == names
    assert read["To"] == "team@example.com"
    assert str(notice.message) in read.get_content()


def test_the_id_of_a_mail_is_the_same_for_each_try_and_another_for_each_message_and_address():
    def id_of(**other):
        return message_id(a_notice(**other), "ccplane@cc.example.com")

    assert id_of() == id_of(tries=7, since=at(9), id="n-99")
    assert len({id_of(), id_of(message="m-c-ast1-2-1-1"), id_of(target="b@example.com")}) == 3
