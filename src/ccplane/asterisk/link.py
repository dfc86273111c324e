"""The life of the connection to one node: connect, provision, survey, then pass events on; again and again.

The order at a connect is law: events are already being buffered, then the survey is taken and decided, then the
buffered events are; all of it idempotent (ASTERISK: What survives us).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import aclosing, suppress
from itertools import chain, repeat
from typing import Any, Final

import structlog

from ccplane.asterisk.agreed import CARRIED_IN
from ccplane.asterisk.events import Event, StasisEnd, UnknownEvent
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.fallback_waits import FallbackWaits
from ccplane.asterisk.operations import ForgetGlobalVariable, ListEndpoints
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.provision import Provisioned
from ccplane.asterisk.reconcile import confirmed, survey
from ccplane.asterisk.repeated_keys import RepeatedKeys
from ccplane.asterisk.switch import HOUSE, Replaced, Switch, Switches
from ccplane.asterisk.translate import translate
from ccplane.core.inputs import (
    CallerCarried,
    Input,
    Late,
    PhoneSeen,
    StoodStill,
    SwitchDropped,
    SwitchNotReached,
    SwitchStuck,
    SwitchSurveyed,
    SwitchTaken,
)
from ccplane.errors import SwitchError
from ccplane.ids import ChannelId, NodeName
from ccplane.kpi.definitions import LEAST_GAP_MS

log = structlog.get_logger()

SURVEY_EVERY_S: Final = 15.0
BETWEEN_S: Final = 0.5
"""Between two surveys that are held against each other, at least: an event that is on its way has come by then."""
SURVEY_AGAIN_S: Final = 2.0
"""After one that failed, and after an answer that was owed has come."""
LOOK_S: Final = 0.5
LISTEN_S: Final = 0.1
"""So often at least it is noted that we listen."""
ASLEEP_MS: Final = LEAST_GAP_MS
"""Who did not get to look for so long was paused, and watched nothing meanwhile."""
STEADY: Final = 32
"""The switch's clock is compared with ours at the last so many events; the quickest of them tells best."""
WOKEN_MS: Final = 10_000
"""So soon after a pause the loss of a connection is told: it was lost in the pause."""
FENCED_LOOK_S: Final = 0.01
AWAY_S: Final = 10.0
"""A switch that has not been connected for so long is away: longer than any connection takes to be made anew."""
TAKEN_S: Final = 3.0
"""What a predecessor has done a moment ago is looked over only after that: calls come first."""
PROVISION_AGAIN_S: Final = (5.0, 15.0)
"""After accounts that failed; from then on at the surveys' pace."""


class Link:
    """Keeps one node connected to the plane."""

    def __init__(
        self,
        *,
        node: NodeName,
        switches: Switches,
        executor: Executor,
        post: Callable[[Input], None],
        now: Callable[[], int],
        provision: Callable[[Switch], Awaitable[Provisioned | None]],
        phones: PhoneWatch,
        waits: FallbackWaits | None = None,
        lost_at: int | None = None,
        chores: Sequence[Callable[[Switch], Coroutine[Any, Any, None]]] = (),
        believed: Callable[[], Collection[ChannelId]] = lambda: (),
        replaced: Callable[[], None] = lambda: None,
        taken: str = "",
        may_send: Callable[[], bool] = lambda: True,
        sign: Callable[[Switch], Awaitable[object]] | None = None,
    ) -> None:
        """`chores`: what else is done while a connection lives, from its first survey on. `believed`: the callers of
        whom the plane knows at this node. `replaced` is called when another plane has our application, before anything
        is made of that. `taken`: the switch's version, if the first connection goes on where another plane's has ended,
        and nothing was missed. `may_send`: whether the switch may be commanded. `sign` tells the guard that we are
        here, before anybody is looked for."""
        self.node = node
        self._switches, self._executor, self._post, self._now = switches, executor, post, now
        self._provision, self._phones, self._waits = provision, phones, waits
        self._chores, self._believed, self._may_send = chores, believed, may_send
        self._sign, self._answered = sign, True
        """`_answered`: whether the last connection's first survey was. Signs of one who never gets beyond it would keep
        the guard from callers whom nobody serves."""
        self._lost_at = lost_at
        """When events were last seen; None if never."""
        self._looked_at = 0
        self._slept: tuple[int, int] | None = None
        """When we looked last; and the last pause of this process, from and to."""
        self._late: tuple[int, int] | None = None
        """That pause, while events of it may still come."""
        self._untold: tuple[int, int] | None = None
        """That pause, while the plane was not told how long it was."""
        self._behind: deque[int] = deque(maxlen=STEADY)
        """By how many ms the latest events' own times were behind our clock when we read them."""
        self._repeated = RepeatedKeys()
        self._surveying = asyncio.Lock()
        self._absence: asyncio.TimerHandle | None = None
        self._survey_soon = asyncio.Event()
        self.trouble = ""
        """What of a connected switch gives no answer; empty if nothing does."""
        self._replaced, self._taken, self._calm_s = replaced, taken, 0.0
        self._found: SwitchSurveyed | None = None
        """The last survey of this connection, as it came."""
        self._carried: set[ChannelId] = set()
        """Those whom the guard carried away while we were connected, since the last survey."""
        self._forgotten: set[ChannelId] = set()
        """Those of whom the guard's word is removed already."""
        self._found_at = 0.0
        """When that was, by the loop."""
        self._wanted: asyncio.Task[None] | None = None
        """A survey that somebody asked for and that has not begun: who asks meanwhile shares it."""
        self.connected_since: int | None = None
        self.found = asyncio.Event()
        """Set once the switch was found for the first time."""
        self.last_survey: int | None = None
        self.provisioned_at: int | None = None
        """Since when the phones' accounts at this node are as they should be; None while they may not be."""
        self.provisioning_trouble = ""

    async def run(self) -> None:
        """Until cancelled; SwitchError for a wrong password, Replaced when another plane took our name."""
        self._gone_since_now()
        async with aclosing(self._switches.connections()) as connections:
            async for switch in connections:
                try:
                    await self._serve(switch)
                except SwitchError as error:
                    if error.code != "switch-does-not-answer":
                        raise
                    self._tell_trouble(f"{error} when it was connected to")
                finally:
                    self._dropped(switch)
                    await switch.close()

    async def _serve(self, switch: Switch) -> None:
        version, self._taken = self._taken, ""
        if self._sign is not None and not version and self._answered:
            await self._sign(switch)  # before we do anything here: whom the guard carries now we would ring phones for
        self._executor.switch, self._executor.look = switch, self._survey_soon.set
        if version:
            self._post(SwitchTaken(self.node, version))
        else:
            self._answered = False
            await self._survey(switch, after_gap=True)
            self._answered = True
        self.connected_since = self._looked_at = self._now()
        self.found.set()
        self._back()
        self._calm_s = TAKEN_S if version else 0.0
        self._behind.clear()
        self._late = self._untold = None
        work = (self._provisioned, self._survey_often, self._watch_answers, self._listen, *self._chores)
        chores = [asyncio.create_task(each(switch)) for each in work]
        try:
            await self._pass_on(switch)
        except Replaced:
            self._replaced()
            raise
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    async def _pass_on(self, switch: Switch) -> None:
        async for event, _ in switch.events:
            if not self._may_send():
                await self._may_send_again(switch)
            self.look()
            self._tell_pause(switch)
            happened_at = self._when(event)
            what = None if self._repeated.has(event) else translate(self.node, event)
            if what is not None:
                self._post(what if happened_at is None else Late(what, happened_at))
            if isinstance(what, CallerCarried) and isinstance(event, StasisEnd):
                self._carried.add(ChannelId(event.channel.id))
                self._survey_soon.set()  # they will wait in app_queue, and AMI may be away

    def _when(self, event: Event) -> int | None:
        """When it happened, by our clock, if that was while we stood still; else it is taken to happen now.

        Events come in order: after one that is not late none is, also if it seems so since a clock was set back."""
        if isinstance(event, UnknownEvent):
            return None
        if self._late and self._behind:
            at = event.at_switch + min(self._behind)
            if self._late[0] - ASLEEP_MS < at < self._late[1]:
                return max(at, self._late[0] + 1)  # its own first moment was still watched
            self._late = None
        self._behind.append(self._looked_at - event.at_switch)
        return None

    async def _listen(self, switch: Switch) -> None:
        """So that a pause is noticed at a quiet time, too; how long it was is told a moment later, if we are connected
        still."""
        while True:
            known = self._untold
            await asyncio.sleep(LISTEN_S)
            if self._untold is known:
                self._tell_pause(switch)
            self.look()

    async def _may_send_again(self, switch: Switch) -> None:
        """What follows from an event could not be told to the switch: it waits. After a pause of ours the lease is
        confirmed in a moment; if it is not, the connection is ended (`Connection`)."""
        while not self._may_send() and switch.ended is None:  # noqa: ASYNC110 - the lease is asked, it tells nobody
            await asyncio.sleep(FENCED_LOOK_S)

    async def _provisioned(self, switch: Switch) -> None:
        """Until all accounts are in place; what their phones do is read at once then."""
        await asyncio.sleep(self._calm_s)
        for pause in chain(PROVISION_AGAIN_S, repeat(SURVEY_EVERY_S)):
            self.provisioning_trouble = await self._trouble_provisioning(switch)
            await self._see_phones(switch)
            if not self.provisioning_trouble:
                self.provisioned_at = self._now()
                return
            await asyncio.sleep(pause)

    async def _see_phones(self, switch: Switch) -> None:
        asked_at = self._time()
        found = await switch.send(ListEndpoints(), HOUSE)
        endpoints = found.value if isinstance(found, Done) else []
        for device, phone in self._phones.surveyed(endpoints, asked_at).items():
            self._post(PhoneSeen(device, phone))

    async def _trouble_provisioning(self, switch: Switch) -> str:
        """What is wrong, empty if nothing; the log has it once, not every 15 s."""
        try:
            done = await self._provision(switch)
            trouble = done.trouble if done else ""
            fault = None
        except Exception as error:  # whatever it is, the next try may go well
            trouble, fault = str(error) or type(error).__name__, error
        if trouble and trouble != self.provisioning_trouble:
            log.warning("phones are not provisioned", node=self.node, trouble=trouble, exc_info=fault)
        return trouble

    async def _survey_often(self, switch: Switch) -> None:
        """One that failed is repeated soon; when that fails too the connection is given up: a switch that is wedged
        may answer another."""
        failed = False
        if self._calm_s:
            asyncio.get_running_loop().call_later(self._calm_s, self._survey_soon.set)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SURVEY_AGAIN_S if failed else SURVEY_EVERY_S):
                    await self._survey_soon.wait()
            self._survey_soon.clear()
            try:
                await self._survey(switch, after_gap=False)
                failed = False
            except SwitchError as error:
                self._tell_trouble(str(error))
                if failed:
                    await switch.close()
                    return
                failed = True

    async def _watch_answers(self, switch: Switch) -> None:
        """What gives no answer is said, once; what was told to it meanwhile is looked for when it answers again."""
        while True:
            await asyncio.sleep(LOOK_S)
            if switch.stuck and switch.stuck != self.trouble:
                self._tell_trouble(switch.stuck)
            elif self.trouble and not switch.stuck:
                log.warning("the switch answers again", node=self.node)
                self._answers_again()

    def look(self) -> None:
        """A look that comes much too late shows that this process was paused since the last one. That is told at once,
        also of a connection that has ended meanwhile: what else is decided now may have happened after what waits to be
        read. How long it was is told only where it is no part of a longer gap."""
        now, before = self._now(), self._looked_at
        self._looked_at = now
        if now - before > ASLEEP_MS and self.connected_since is not None:
            self._slept = self._late = self._untold = (self._untold[0] if self._untold else before, now)
            self._post(StoodStill(self.node, 0))

    def _tell_pause(self, switch: Switch) -> None:
        """If the connection outlived it; else it is the beginning of the gap that is told when the switch is found."""
        if self._untold is not None and switch.ended is None:
            began, until = self._untold
            log.warning("this process stood still", node=self.node, ms=until - began)
            self._post(StoodStill(self.node, until - began, until))
            self._untold = None

    def _unwatched_since(self) -> int:
        """Of a connection that is lost: since when nobody watched it."""
        self.look()
        now = self._now()
        return self._slept[0] if self._slept and now - self._slept[1] < WOKEN_MS else now

    def _tell_trouble(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("the switch does not do what it is told", node=self.node, trouble=trouble)
            self.trouble = trouble
            self._post(SwitchStuck(self.node, trouble))

    def _answers_again(self) -> None:
        self.trouble = ""
        self._post(SwitchStuck(self.node, ""))
        self._survey_soon.set()
        asyncio.get_running_loop().call_later(SURVEY_AGAIN_S, self._survey_soon.set)  # two in a row prove what is lost

    def _gone_since_now(self) -> None:
        """After a while that is a fact."""
        if self._absence is None:
            loop = asyncio.get_running_loop()
            self._absence = loop.call_later(AWAY_S, lambda: self._post(SwitchNotReached(self.node)))

    def _back(self) -> None:
        if self._absence is not None:
            self._absence.cancel()
            self._absence = None
        if self.trouble:
            self._answers_again()

    async def look_now(self) -> None:
        """Compare now, not only in a while. A contradiction counts once two surveys in a row show it: so twice, both
        begun after this was asked; whoever else asks at once shares them.

        SwitchError "not-connected", or if the switch does not answer.
        """
        switch = self._executor.switch
        if switch is None or self.connected_since is None:
            raise SwitchError("not-connected", f"ccplane is not connected to Asterisk {self.node}; see /readyz.")
        for _ in range(2):
            if self._wanted is None:
                self._wanted = asyncio.create_task(self._survey(switch, after_gap=False))
            await asyncio.shield(self._wanted)

    async def _survey(self, switch: Switch, after_gap: bool) -> None:
        """One at a time; and but for the first after a gap, which is held against none, not soon after another."""
        while True:
            async with self._surveying:
                early_s = 0.0 if after_gap or self._found is None else self._found_at + BETWEEN_S - self._time()
                if early_s <= 0.0:
                    if self._wanted is asyncio.current_task():
                        self._wanted = None
                    return await self._surveyed(switch, after_gap)
            await asyncio.sleep(early_s)

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()

    async def _surveyed(self, switch: Switch, after_gap: bool) -> None:
        began = self._now()
        gap = began - self._lost_at if after_gap and self._lost_at is not None else 0
        found = await survey(switch, self._phones, self.node, began, gap, after_gap, self._believed(), self._waits)
        before, self._found, self._found_at = self._found, found, self._time()
        if after_gap:
            self._repeated.only(found.channels)
            self._post(found)
        elif before is not None:
            self._post(confirmed(found, before))
            await self._forget_words(switch, {*before.carried, *self._carried})
        self.last_survey = self._now()

    async def _forget_words(self, switch: Switch, carried: set[ChannelId]) -> None:
        """Of whom we were told a survey ago at the latest: the guard's word of them has been taken, and the switch
        would keep it for ever."""
        gone = carried - self._forgotten
        self._carried.clear()
        self._forgotten = carried
        await asyncio.gather(*(switch.send(ForgetGlobalVariable(f"{CARRIED_IN}{each}"), HOUSE) for each in gone))

    def _dropped(self, switch: Switch) -> None:
        self._executor.switch, self.provisioned_at, self._wanted = None, None, None
        self._gone_since_now()
        if self.connected_since is not None:
            self._lost_at, self.connected_since = self._unwatched_since(), None
            self._post(SwitchDropped(self.node, switch.ended or "closed"))
