"""Phones: what the accounts of desk phones and browsers look like at Asterisk, and making them so.

Accounts are pushed by ARI's dynamic configuration into the astdb: no reload, no database in the call path. At each
connect what exists is read back and compared, and only differences are written, so that a plane that comes back to a
thousand phones changes nothing. Ours are known by `tenantid`; nothing else is ever deleted. An account is three
objects: `auth` and `aor` before the `endpoint` that names them; a registration outlives a change of any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ccplane.asterisk.models import ConfigField
from ccplane.asterisk.operations import DeleteConfig, GetConfig, ListEndpoints, PutConfig
from ccplane.asterisk.outcomes import Done, Gone, Outcome
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.errors import SwitchError
from ccplane.ids import DeviceName, SeatId, device_at, is_web, seat_of

Fields = dict[str, str]
WINDOW = 25
"""Accounts on the wire at once: each takes up to 7 ms, and every request has its deadline."""

ORDER = ("auth", "aor", "endpoint")
"""An endpoint comes last: it names the other two."""


@dataclass(frozen=True, slots=True)
class Phones:
    """What all phones have in common."""

    owner: str = "ccplane"
    context: str = "from-phones"
    lamps: str = "ccplane-lamps"
    """Where the lamps are that a phone may watch."""
    codecs: str = "ulaw,alaw"
    """Those of the prompts and the music."""
    browser_codecs: str = "ulaw,alaw,opus"
    """In this order: a telephone call gains nothing from opus, and each leg of it costs an encoder and a decoder. It is
    there for a browser that has nothing else."""
    language: str = "en"
    qualify_s: int = 15
    rtp_timeout_s: int = 30
    """Without media for so long a call is ended; 0 for phones that send none."""

    def auth(self, user: str, secret: str) -> Fields:
        return {"auth_type": "digest", "username": user, "password": secret, "supported_algorithms_uas": "MD5"}

    def aor(self) -> Fields:
        """One device a phone: who registers last has it, at once, without waiting for the old one to expire."""
        return {
            "max_contacts": "1",
            "remove_existing": "true",
            "qualify_frequency": str(self.qualify_s),
            "qualify_timeout": "3",
        }

    def endpoint(self, user: str) -> Fields:
        """Many phones may sit behind one address and port: `rewrite_contact` takes the address a REGISTER came from
        and keeps the Contact's user, and phones are told apart by it."""
        device = DeviceName(user)
        fields = {
            "tenantid": self.owner,
            "auth": user,
            "aors": user,
            "identify_by": "username",
            "context": self.context,
            "allow_subscribe": "true",
            "subscribe_context": self.lamps,
            "sub_min_expiry": "60",
            "notify_early_inuse_ringing": "true",
            "allow": self.codecs,
            "callerid": f"<{seat_of(device)}>",
            "language": self.language,
            "dtmf_mode": "auto_info",
            "direct_media": "false",
            "rewrite_contact": "true",
            "force_rport": "true",
            "rtp_symmetric": "true",
            "rtp_timeout": str(self.rtp_timeout_s),
            "rtp_timeout_hold": "300" if self.rtp_timeout_s else "0",
            "rtp_keepalive": "15",  # of an open line that is silent: phones too give up where nothing comes
            "timers": "yes",
            "timers_sess_expires": "1800",
        }
        return fields | self._for_a_browser() if is_web(device) else fields

    def _for_a_browser(self) -> Fields:
        """`webrtc` demands ICE and DTLS, which no desk phone can: hence two accounts a seat. A certificate is made for
        each call."""
        return {"webrtc": "yes", "dtls_auto_generate_cert": "yes", "allow": self.browser_codecs}

    def wanted(self, user: str, secret: str) -> dict[str, Fields]:
        return {"auth": self.auth(user, secret), "aor": self.aor(), "endpoint": self.endpoint(user)}


def both_phones(secrets: Mapping[str, str]) -> dict[str, str]:
    """Of each seat its desk phone and its browser phone, with one secret: they are the same person's."""
    return {device_at(SeatId(seat), web=web): secret for seat, secret in secrets.items() for web in (False, True)}


@dataclass(slots=True)
class Provisioned:
    """What was done. `failed`: accounts that aren't as they should be, and what Asterisk said."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def trouble(self) -> str:
        """How many accounts failed and the first one's reason; empty if none did."""
        if not self.failed:
            return ""
        user = min(self.failed)
        return f"{len(self.failed)} of the phones' accounts are not as they should be; {user}: {self.failed[user]}"


async def provision(switch: Switch, secrets: Mapping[str, str], phones: Phones | None = None) -> Provisioned:
    """Make the accounts at Asterisk those of `secrets` ({user: secret}), by as few writes as it takes."""
    phones = phones or Phones()
    done = Provisioned()
    there = await _accounts(switch)
    for users in _windows(secrets):
        await asyncio.gather(*(_account(switch, user, phones.wanted(user, secrets[user]), done) for user in users))
    for users in _windows(there - secrets.keys()):
        await asyncio.gather(*(_retire(switch, user, phones.owner, done) for user in users))
    return done


async def _accounts(switch: Switch) -> set[str]:
    outcome = await switch.send(ListEndpoints(), HOUSE)
    if not isinstance(outcome, Done):
        raise SwitchError("no-endpoints", f"Asterisk did not list its phones: {outcome}.")
    return {endpoint.resource for endpoint in outcome.value if endpoint.technology == "PJSIP"}


async def _account(switch: Switch, user: str, wanted: Mapping[str, Fields], done: Provisioned) -> None:
    """Read an account's three objects in one go, write those that differ."""
    found = await asyncio.gather(*(switch.send(_get(kind, user), HOUSE) for kind in ORDER))
    changes = {kind: differences(wanted[kind], outcome) for kind, outcome in zip(ORDER, found, strict=True)}
    writes = [
        switch.send(PutConfig("res_pjsip", kind, user, fields), HOUSE) for kind, fields in changes.items() if fields
    ]
    said = await asyncio.gather(*writes)
    if any(not isinstance(outcome, Done) for outcome in said):
        done.failed[user] = _complaint(said)
    elif not writes:
        done.unchanged += 1
    else:
        (done.created if isinstance(found[-1], Gone) else done.changed).append(user)


async def _retire(switch: Switch, user: str, owner: str, done: Provisioned) -> None:
    """Delete an account that nobody wants any more, if it is ours. The endpoint, by which we find it, isn't the first
    to go, so that an interrupted deletion is taken up again; nor the last, so that it is never without its auth."""
    found = await switch.send(_get("endpoint", user), HOUSE)
    if not isinstance(found, Done | Gone):
        done.failed[user] = str(found)  # whether it is ours is to be asked again
        return
    if owner_of(found) != owner:
        return
    deletions = [switch.send(DeleteConfig("res_pjsip", kind, user), HOUSE) for kind in ("aor", "endpoint", "auth")]
    said = await asyncio.gather(*deletions)
    if all(isinstance(outcome, Done | Gone) for outcome in said):
        done.removed.append(user)
    else:
        done.failed[user] = _complaint(said)


def differences(wanted: Fields, found: Outcome[list[ConfigField]]) -> Fields:
    """The fields to write: all of a new object, of an existing one those that read back as something else."""
    if not isinstance(found, Done):
        return wanted
    there = {each.attribute: plain(each.value) for each in found.value}
    return {name: value for name, value in wanted.items() if there.get(name) != plain(value)}


def plain(value: str) -> str:
    """A field as it compares: Asterisk reads `yes` back as `true`, `a,b` as `(a|b)`, `<7>` as `7`, `3` as `3.0`."""
    value = {"yes": "true", "no": "false", "Yes": "true", "No": "false"}.get(value, value)
    if (value[:1], value[-1:]) in {("(", ")"), ("<", ">")}:
        value = value[1:-1].replace("|", ",")
    whole, point, zeros = value.partition(".")
    return whole if point and whole.isdigit() and not zeros.strip("0") else value


def owner_of(found: Outcome[list[ConfigField]]) -> str:
    fields = found.value if isinstance(found, Done) else []
    return next((each.value for each in fields if each.attribute == "tenantid"), "")


def _get(kind: str, user: str) -> GetConfig:
    return GetConfig("res_pjsip", kind, user)


def _complaint(said: Sequence[Outcome[object]]) -> str:
    return "; ".join(str(outcome) for outcome in said if not isinstance(outcome, Done))


def _windows(users: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(sorted(users))
    while window := list(islice(rest, WINDOW)):
        yield window
