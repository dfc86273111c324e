"""What each phone can do, put together from those who tell of it. What to make of it the core decides.

| who tells | what | when |
|---|---|---|
| AMI's PeerStatus | reachable or not | at once |
| AMI's ContactStatus | how long the phone took to answer | when it became reachable |
| AMI's Newchannel, Hangup | calls that are not ours; a filter in manager.conf keeps ours back | at once |
| AMI's lists | all of it, for all phones | at each login; reachable and latency every 30 s |
| ARI's survey | reachable, and calls that are not ours | at each connect, and every 15 s |
| a look at the fallback | the same | every half second, while it can't be left to AMI (`fallback_waits`) |

A list is older than whatever was heard after it had been asked for, and than one that was asked for later: of a phone
of which anything was, it doesn't count.
Without AMI phones keep their last state, and the survey corrects it (law 10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from ccplane.agents.facts import Phone
from ccplane.asterisk.actions import Actions, Message
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.models import Endpoint
from ccplane.asterisk.outcomes import Done, Outcome, Refused, Unknown
from ccplane.asterisk.stats import PhoneStats
from ccplane.asterisk.translate import device_in
from ccplane.core.inputs import PhoneSeen
from ccplane.ids import DeviceName, is_line, offer_of_leg

log = structlog.get_logger(__name__)

LISTED_EVERY_S: Final = 30.0
AGAIN_S: Final = 2.0
"""After a list that didn't come."""
NEWS_MS: Final = 50
"""A latency is told on when it has changed by as much: a thousand phones on a good network are silent."""
AWAY: Final = (Refused(0, "closed"), Refused(0, "fenced"), Unknown("disconnected"))
"""Of which the client has told already."""
PIECE: Final = 50
"""So many phones are looked at in one go; then others on the loop get their turn (law 13)."""

NO_CONTACTS: Final = "No Contacts found"
"""Asterisk's word for an empty list."""


@dataclass(slots=True)
class _Device:
    reachable: bool = False
    calls: set[str] = field(default_factory=set)
    """Channels at the phone that are no legs of ours."""
    heard: float = float("-inf")
    """When AMI last told of it by itself, in the loop's time."""
    listed: float = float("-inf")
    """When the newest of the lists that counted was asked for: one that was asked for before it is older news."""
    told: Phone | None = None
    told_latency: int = 0

    @property
    def phone(self) -> Phone:
        if not self.reachable:
            return Phone.GONE
        return Phone.IN_USE if self.calls else Phone.REACHABLE


class PhoneWatch:
    """Hears what AMI says of phones, asks where nothing is said, and posts what changed."""

    def __init__(
        self,
        actions: Actions,
        events: Events,
        post: Callable[[PhoneSeen], None],
        stats: PhoneStats | None = None,
    ) -> None:
        self._actions, self._post = actions, post
        self.stats = stats or PhoneStats()
        self._devices: dict[DeviceName, _Device] = {}
        self._loop = asyncio.get_running_loop()
        self._fresh = asyncio.Event()
        self._calls_known = False
        events.on("PeerStatus", self._peer)
        events.on("ContactStatus", self._contact)
        events.on("Newchannel", self._channel)
        events.on("Hangup", self._hung_up)
        events.at_login(self._logged_in)

    def surveyed(self, endpoints: Iterable[Endpoint], asked_at: float) -> dict[DeviceName, Phone]:
        """What the phones can do, by a list of ARI's that was asked for at `asked_at` and by what was heard since."""
        phones: dict[DeviceName, Phone] = {}
        for name, device in self._listed_by_ari(endpoints, asked_at):
            device.told = phones[name] = device.phone
        return phones

    def looked(self, endpoints: Iterable[Endpoint], asked_at: float) -> None:
        """The same, told at once where it changed."""
        for name, device in self._listed_by_ari(endpoints, asked_at):
            self._tell(name, device)

    def _listed_by_ari(self, endpoints: Iterable[Endpoint], asked_at: float) -> Iterator[tuple[DeviceName, _Device]]:
        for endpoint in endpoints:
            if endpoint.technology != "PJSIP":
                continue
            name = DeviceName(endpoint.resource)
            device = self._device(name)
            if device.heard < asked_at and device.listed <= asked_at:
                device.listed = asked_at
                device.reachable = endpoint.state == "online"
                device.calls = {channel for channel in endpoint.channel_ids if not _ours(channel)}
            yield name, device

    # what AMI says by itself

    def _peer(self, event: Message) -> None:
        technology, _, name = event.get("peer", "").partition("/")
        if technology == "PJSIP" and event.get("peerstatus") in ("Reachable", "Unreachable"):
            device = self._heard(name)
            device.reachable = event["peerstatus"] == "Reachable"
            self._tell(DeviceName(name), device)

    def _contact(self, event: Message) -> None:
        """Only its latency: a phone that registers anew has two contacts for a moment, and the old one is Removed."""
        latency = _latency(event.get("contactstatus"), event)
        if latency is not None:
            name = event.get("endpointname", "")
            self._tell(DeviceName(name), self._device(name), latency)

    def _channel(self, event: Message) -> None:
        name, channel = device_in(event.get("channel", "")), event.get("uniqueid", "")
        if name is not None and not _ours(channel):
            device = self._heard(name)
            device.calls.add(channel)
            self._tell(name, device)

    def _hung_up(self, event: Message) -> None:
        name, channel = device_in(event.get("channel", "")), event.get("uniqueid", "")
        if name is not None and not _ours(channel):
            device = self._heard(name)
            device.calls.discard(channel)
            self._tell(name, device)

    # what it is asked

    async def run(self) -> None:
        """Asks for all at each login, and again and again for what changes without a word. Until cancelled."""
        while True:
            known = await self._ask()
            with suppress(TimeoutError):
                async with asyncio.timeout(LISTED_EVERY_S if known else AGAIN_S):
                    await self._fresh.wait()
            self._fresh.clear()

    async def _ask(self) -> bool:
        """Whether all was told."""
        try:
            self._calls_known = self._calls_known or await self._ask_for_calls()
            return await self._ask_for_contacts() and self._calls_known
        except Exception as fault:  # the survey goes on, and the calls (law 10)
            log.exception("a fault of ours at what phones do; asking again", exc_info=fault)
            return False

    async def _logged_in(self) -> None:
        self._calls_known = False
        self._fresh.set()

    async def _ask_for_calls(self) -> bool:
        asked_at = self._loop.time()
        listed = await self._actions.collect({"Action": "CoreShowChannels"}, "CoreShowChannelsComplete")
        if not isinstance(listed, Done):
            self._not_listed("CoreShowChannels", listed)
            return False
        calls: dict[DeviceName, set[str]] = {}
        for each in listed.value:
            name, channel = device_in(each.get("channel", "")), each.get("uniqueid", "")
            if name is not None and not _ours(channel):
                calls.setdefault(name, set()).add(channel)
        for name in self._devices.keys() | calls.keys():
            device = self._device(name)
            if device.heard < asked_at:
                device.calls = calls.get(name, set())
                self._tell(name, device)
        return True

    async def _ask_for_contacts(self) -> bool:
        asked_at = self._loop.time()
        listed = await self._actions.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete")
        if isinstance(listed, Refused) and listed.message == NO_CONTACTS:
            listed = Done([])
        if not isinstance(listed, Done):
            self._not_listed("PJSIPShowContacts", listed)
            return False
        contacts: dict[DeviceName, list[Message]] = {}
        for each in listed.value:
            contacts.setdefault(DeviceName(each.get("endpoint", "")), []).append(each)
        for number, name in enumerate(sorted(self._devices.keys() | contacts.keys())):
            self._listed(name, contacts.get(name, ()), asked_at)
            if number % PIECE == PIECE - 1:
                await asyncio.sleep(0)
        return True

    def _listed(self, name: DeviceName, contacts: Collection[Message], asked_at: float) -> None:
        """One that Asterisk has not asked yet is neither there nor gone: its first answer will be told."""
        device = self._device(name)
        states = {each.get("status") for each in contacts}
        latency = min((ms for each in contacts if (ms := _latency(each.get("status"), each)) is not None), default=None)
        known = "Reachable" in states or states <= {"Unreachable"}
        if known and device.heard < asked_at and device.listed <= asked_at:
            device.listed = asked_at
            device.reachable = "Reachable" in states
        self._tell(name, device, latency)

    def _not_listed(self, action: str, outcome: Outcome[list[Message]]) -> None:
        if outcome not in AWAY:
            log.warning("AMI did not list what phones do; asking again", action=action, outcome=str(outcome))

    # what is told on

    def _device(self, name: str) -> _Device:
        return self._devices.setdefault(DeviceName(name), _Device())

    def _heard(self, name: str) -> _Device:
        device = self._device(name)
        device.heard = self._loop.time()
        return device

    def _tell(self, name: DeviceName, device: _Device, latency: int | None = None) -> None:
        if latency is not None:
            self.stats.latency.observe(latency / 1000)
        news = latency is not None and abs(latency - device.told_latency) >= NEWS_MS
        if device.phone is device.told and not news:
            return
        device.told = device.phone
        if latency is not None:
            device.told_latency = latency
        self._post(PhoneSeen(name, device.phone, latency))


def _ours(channel: str) -> bool:
    """An agent's leg, or their open line."""
    return offer_of_leg(channel) is not None or is_line(channel)


def _latency(status: str | None, said: Message) -> int | None:
    """In ms; None of a phone that was not asked or did not answer."""
    microseconds = said.get("roundtripusec", "")
    return round(int(microseconds) / 1000) if status == "Reachable" and microseconds.isdigit() else None
