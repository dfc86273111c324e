"""What each phone can do, from AMI's events, AMI's lists and ARI's survey."""

from __future__ import annotations

import asyncio

import pytest

from ccplane.agents.facts import Phone
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.models import Endpoint
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.outcomes import Done, Refused, Unknown
from ccplane.asterisk.phones import AGAIN_S, LISTED_EVERY_S, PhoneWatch
from ccplane.asterisk.provision import Phones, provision
from ccplane.core.inputs import PhoneSeen
from ccplane.ids import DeviceName
from ccplane.testing import FakeAmi, run
from ccplane.testing.siplab import open_lab
from tests.asterisk.rest_server import until
from tests.asterisk.test_ari import an_ari, connected
from tests.stack import MakeNode

LEG = "l-c-ast1-1.1-1-1-1"


class Scene:
    """A watch on a fake AMI; `told`: what it posted since last asked."""

    def __init__(self) -> None:
        self.ami = FakeAmi()
        self.posted: list[PhoneSeen] = []
        self.watch = PhoneWatch(self.ami, self.ami.events, self.posted.append)

    @property
    def told(self) -> list[tuple[str, Phone, int | None]]:
        told = [(seen.device, seen.phone, seen.latency_ms) for seen in self.posted]
        self.posted.clear()
        return told

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def peer(self, device: str, status: str) -> None:
        self.ami.say({"event": "PeerStatus", "channeltype": "PJSIP", "peer": f"PJSIP/{device}", "peerstatus": status})

    def contact(self, device: str, status: str, milliseconds: float = 0) -> None:
        microseconds = str(round(milliseconds * 1000))
        said = {"event": "ContactStatus", "endpointname": device, "contactstatus": status}
        self.ami.say({**said, "roundtripusec": microseconds})

    def call(self, device: str, channel: str, event: str = "Newchannel") -> None:
        self.ami.say({"event": event, "channel": f"PJSIP/{device}-0000002a", "uniqueid": channel})

    def contacts(self, **devices: tuple[str, int]) -> None:
        """What the list of contacts has: (status, ms) by device."""
        self.ami.lists["PJSIPShowContacts"] = [
            {"event": "ContactList", "endpoint": name.lstrip("_"), "status": status, "roundtripusec": str(ms * 1000)}
            for name, (status, ms) in devices.items()
        ]


@pytest.fixture
async def scene() -> Scene:
    return Scene()


# --- events -------------------------------------------------------------------------------------------------------


async def test_a_phone_that_comes_and_goes_is_told_once_each(scene: Scene):
    scene.peer("1001", "Reachable")
    scene.peer("1001", "Reachable")
    scene.peer("1001-web", "Reachable")
    scene.peer("1001", "Unreachable")
    assert scene.told == [
        ("1001", Phone.REACHABLE, None),
        ("1001-web", Phone.REACHABLE, None),
        ("1001", Phone.GONE, None),
    ]


async def test_a_contact_that_is_removed_takes_no_phone_away(scene: Scene):
    """One that registers anew from elsewhere has two for a moment; the new one is told first."""
    scene.peer("1001", "Reachable")
    scene.contact("1001", "NonQualified")
    scene.contact("1001", "Reachable", 1)
    scene.contact("1001", "Removed")
    assert scene.told == [("1001", Phone.REACHABLE, None)]


async def test_a_latency_is_told_when_it_is_news(scene: Scene):
    scene.peer("1001", "Reachable")
    for milliseconds in (0.4, 20, 310, 330, 5):
        scene.contact("1001", "Reachable", milliseconds)
    assert scene.told == [
        ("1001", Phone.REACHABLE, None),
        ("1001", Phone.REACHABLE, 310),
        ("1001", Phone.REACHABLE, 5),
    ]
    assert scene.watch.stats.latency.count == 5


async def test_only_a_call_that_is_not_ours_puts_a_phone_in_use(scene: Scene):
    scene.peer("1001", "Reachable")
    scene.call("1001", LEG)
    scene.call("1001", "ast1-1.44")
    scene.call("1001", "ast1-1.45")
    scene.call("1001", "ast1-1.44", "Hangup")
    assert scene.told == [("1001", Phone.REACHABLE, None), ("1001", Phone.IN_USE, None)]
    scene.call("1001", "ast1-1.45", "Hangup")
    scene.call("1001", LEG, "Hangup")
    assert scene.told == [("1001", Phone.REACHABLE, None)]


@pytest.mark.parametrize(
    "event",
    [
        {"event": "PeerStatus"},
        {"event": "PeerStatus", "peer": "IAX2/1001", "peerstatus": "Reachable"},
        {"event": "PeerStatus", "peer": "PJSIP/1001", "peerstatus": "Registered"},
        {"event": "ContactStatus"},
        {"event": "ContactStatus", "contactstatus": "Reachable", "roundtripusec": "nan"},
        {"event": "Newchannel"},
        {"event": "Newchannel", "channel": "Local/1@x-1;2", "uniqueid": "1.2"},
        {"event": "Hangup", "channel": "PJSIP/1001", "uniqueid": "1.2"},
    ],
)
async def test_what_says_nothing_of_a_phone_is_no_news(scene: Scene, event: dict[str, str]):
    scene.ami.say(event)
    assert scene.told == []


# --- the survey ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "channels", "phone"),
    [
        ("online", [], Phone.REACHABLE),
        ("online", [LEG], Phone.REACHABLE),
        ("online", ["1700000000.44"], Phone.IN_USE),
        ("online", [LEG, "1700000000.44"], Phone.IN_USE),
        ("offline", [], Phone.GONE),
        ("unknown", [], Phone.GONE),
        (None, [], Phone.GONE),
    ],
)
async def test_given_a_surveys_list_then_only_calls_that_are_not_ours_put_a_phone_in_use(scene, state, channels, phone):
    endpoints = [Endpoint("PJSIP", "1001", state, channels), Endpoint("Local", "1001", "online", [])]
    assert scene.watch.surveyed(endpoints, scene.now) == {"1001": phone}


async def test_given_a_phone_that_was_heard_of_after_a_list_was_asked_for_then_the_list_says_nothing_of_it(
    scene: Scene,
):
    """The list is read over HTTP and may be the older of the two."""
    asked_at = scene.now
    scene.peer("1001", "Reachable")
    listed = [Endpoint("PJSIP", name, "offline", []) for name in ("1001", "1002")]
    assert scene.watch.surveyed(listed, asked_at) == {"1001": Phone.REACHABLE, "1002": Phone.GONE}
    await asyncio.sleep(0.001)
    assert scene.watch.surveyed(listed, scene.now)["1001"] is Phone.GONE


async def test_given_ami_is_away_then_the_survey_goes_on_telling_what_phones_do(scene: Scene):
    scene.peer("1001", "Reachable")
    scene.ami.drop()
    await asyncio.sleep(0.001)
    assert scene.watch.surveyed([Endpoint("PJSIP", "1001", "online", ["9.9"])], scene.now) == {"1001": Phone.IN_USE}
    assert scene.watch.surveyed([Endpoint("PJSIP", "1001", "offline", [])], scene.now) == {"1001": Phone.GONE}


async def test_what_a_survey_told_is_not_told_again(scene: Scene):
    scene.watch.surveyed([Endpoint("PJSIP", "1001", "online", [])], scene.now)
    scene.peer("1001", "Reachable")
    assert scene.told == []


async def test_a_look_between_two_surveys_tells_at_once_and_only_what_changed(scene: Scene):
    for channels, told in (
        ([], [("1001", Phone.REACHABLE, None)]),
        (["9.9"], [("1001", Phone.IN_USE, None)]),
        (["9.9", LEG], []),
        ([], [("1001", Phone.REACHABLE, None)]),
    ):
        scene.watch.looked([Endpoint("PJSIP", "1001", "online", channels)], scene.now)
        assert scene.told == told


# --- lists --------------------------------------------------------------------------------------------------------


def test_at_each_login_all_is_asked_and_what_nobody_told_meanwhile_is_put_right():
    async def main() -> None:
        scene = Scene()
        running = asyncio.create_task(scene.watch.run())
        await asyncio.sleep(1)
        for device in ("1001", "1002", "1003"):
            scene.peer(device, "Reachable")
        scene.call("1001", "1.1")
        scene.ami.drop()
        scene.contacts(_1001=("Reachable", 1), _1002=("Unreachable", 0), _1004=("Reachable", 400))
        scene.ami.lists["CoreShowChannels"] = [{"channel": "PJSIP/1001-1", "uniqueid": LEG}]
        assert scene.told
        await asyncio.sleep(10)
        assert scene.told == []
        await scene.ami.login()
        await asyncio.sleep(0.1)
        assert sorted(scene.told) == [
            ("1001", Phone.REACHABLE, None),
            ("1002", Phone.GONE, None),
            ("1003", Phone.GONE, None),
            ("1004", Phone.REACHABLE, 400),
        ]
        running.cancel()

    run(main())


def test_latencies_are_asked_for_again_and_again_as_no_event_tells_of_them():
    async def main() -> None:
        scene = Scene()
        scene.contacts(_1001=("Reachable", 1))
        running = asyncio.create_task(scene.watch.run())
        await asyncio.sleep(1)
        scene.contacts(_1001=("Reachable", 350))
        await asyncio.sleep(LISTED_EVERY_S)
        assert scene.told == [("1001", Phone.REACHABLE, 1), ("1001", Phone.REACHABLE, 350)]
        running.cancel()

    run(main())


def test_no_contact_at_all_is_a_list_too():
    async def main() -> None:
        scene = Scene()
        scene.peer("1001", "Reachable")
        await asyncio.sleep(1)
        scene.ami.lists["PJSIPShowContacts"] = Refused(400, "No Contacts found")
        running = asyncio.create_task(scene.watch.run())
        await asyncio.sleep(1)
        assert scene.told[1:] == [("1001", Phone.GONE, None)]
        running.cancel()

    run(main())


@pytest.mark.parametrize("action", ["PJSIPShowContacts", "CoreShowChannels"])
def test_a_list_that_does_not_come_is_asked_for_again_soon(action):
    async def main() -> None:
        scene = Scene()
        scene.ami.lists[action] = Unknown("timeout")
        running = asyncio.create_task(scene.watch.run())
        await asyncio.sleep(AGAIN_S * 1.5)
        scene.ami.lists[action] = []
        await asyncio.sleep(AGAIN_S)
        assert [each["Action"] for each in scene.ami.asked].count(action) == 3
        running.cancel()

    run(main())


def test_one_that_is_not_asked_yet_is_neither_there_nor_gone():
    async def main() -> None:
        scene = Scene()
        scene.peer("1001", "Reachable")
        scene.contacts(_1001=("NonQualified", 0), _1002=("NonQualified", 0))
        await asyncio.sleep(1)
        running = asyncio.create_task(scene.watch.run())
        await asyncio.sleep(1)
        assert scene.told == [("1001", Phone.REACHABLE, None), ("1002", Phone.GONE, None)]
        running.cancel()

    run(main())


def test_what_is_heard_while_a_list_is_under_way_is_newer_than_the_list():
    async def main() -> None:
        scene = Scene()
        scene.contacts(_1001=("Unreachable", 0))
        running = asyncio.create_task(scene.watch.run())
        scene.ami.events.on("Now", lambda _: scene.peer("1001", "Reachable"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        scene.ami.say({"event": "Now"})
        await asyncio.sleep(1)
        assert scene.told == [("1001", Phone.REACHABLE, None)]
        running.cancel()

    run(main())


# --- Asterisk -----------------------------------------------------------------------------------------------------


def an_ami(node: LocalNode) -> Ami:
    return Ami(node.bind, node.ami_port, node.ami_username, node.ami_password)


@pytest.mark.asterisk
@pytest.mark.slow
async def test_a_thousand_phones_are_known_after_a_login_and_one_that_falls_silent_is_gone(make_node: MakeNode):
    node = make_node(rtp_timeout=0)
    await node.start()
    secrets = {str(2000 + number): "secret" for number in range(1000)}
    last: dict[str, Phone] = {}
    ami = an_ami(node)

    def seen(what: PhoneSeen) -> None:
        last[what.device] = what.phone

    async with connected(an_ari(node)) as switch, open_lab((node.bind, node.sip_port)) as lab:
        assert not (await provision(switch, secrets, Phones(qualify_s=3))).failed
        for start in range(0, 1000, 50):
            await lab.phones.register(dict(list(secrets.items())[start : start + 50]))
        watch = PhoneWatch(ami, ami.events, seen)
        running = [asyncio.create_task(ami.run()), asyncio.create_task(watch.run())]
        await until(lambda: list(last.values()).count(Phone.REACHABLE) == 1000, within=30)
        listed = await ami.collect({"Action": "PJSIPShowContacts"}, "ContactListComplete")
        assert isinstance(listed, Done)
        assert {each["endpoint"] for each in listed.value} == secrets.keys()
        assert watch.stats.latency.count >= 1000
    await until(lambda: set(last.values()) == {Phone.GONE}, within=60)
    assert ami.stats.ends == {}
    for task in running:
        task.cancel()
    await node.stop()


async def test_a_list_that_was_asked_for_before_the_survey_saw_a_phone_does_not_take_it_away(scene: Scene):
    """As when a phone registers in the first second of a plane, before AMI tells of anything."""
    asked_at = scene.now
    scene.watch.surveyed([Endpoint("PJSIP", "1001", "online", [])], asked_at + 0.1)
    scene.watch._listed(DeviceName("1001"), (), asked_at)
    assert scene.told == []
    scene.watch._listed(DeviceName("1001"), (), asked_at + 0.2)
    assert scene.told == [("1001", Phone.GONE, None)]
    scene.watch.looked([Endpoint("PJSIP", "1001", "online", [])], asked_at + 0.1)
    assert scene.told == []
