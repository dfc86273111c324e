"""How calls move at the fake switch, and which events tell of it, in Asterisk's order (docs/asterisk-findings.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ccplane.asterisk import events as e
from ccplane.asterisk.actions import Message
from ccplane.asterisk.agreed import DOOR
from ccplane.asterisk.models import CallerId, Dialplan, Endpoint, Millis
from ccplane.testing.fake_lines import REFUSALS, TEXTS, Line, Node, Party, Prompt, Room, Tape

TRUNK = "trunk"
BEEP_S = 0.4


class Switchboard:
    """The lines and rooms of a node. `tell` takes ARI's events, `say` AMI's."""

    def __init__(
        self, node: str, app: str, tell: Callable[[e.Event], None], say: Callable[[Message], None], start: int
    ) -> None:
        self.name = node
        self.app = app
        self.node = Node()
        self.registered: Callable[[str], bool] = lambda _: False
        self.listening: Callable[[], bool] = lambda: False
        self.durations: dict[str, float] = {}
        """How long a sound is, in seconds."""
        self.duration = 2.0
        """How long any other is."""
        self.missing: set[str] = set()
        """Sounds whose file isn't there."""
        self.prompt_ended: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self.tell, self._say = tell, say
        self._start = start
        self._numbers = 0
        self._endpoints: dict[str, Endpoint] = {}

    # ── small things ──

    def now(self) -> Millis:
        return Millis(self._start + round(self._loop.time() * 1000))

    def unique_id(self) -> str:
        self._numbers += 1
        return f"{self.name}-{self.now() // 1000}.{self._numbers}"

    def after(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, act)

    # ── a caller's line ──

    def incoming(self, exten: str, number: str, name: str, endpoint: str, party: Party) -> Line:
        """An INVITE from outside: into our application, or, if nobody listens, into the fallback."""
        channel = self.unique_id()
        line = Line(channel, f"PJSIP/{endpoint}-{self._numbers:08x}", endpoint, party, self.now(), "Ring")
        line.caller = CallerId(name, number)
        context = "from-trunk" if endpoint == TRUNK else "from-phones"
        self.node.lines[channel] = line
        self.endpoint_changed(endpoint)
        if not self.listening():
            line.dialplan = Dialplan("ccplane-fallback", exten, 1, "Answer", "")
            self._loop.call_soon(self._fall_back, line)
            return line
        line.dialplan = Dialplan(context, exten, 1)
        self._enter(line, self.app, (exten,) if endpoint == TRUNK else (exten, "phone"))
        return line

    def _enter(self, line: Line, app: str, args: tuple[str, ...]) -> None:
        line.app, line.args, line.in_stasis = app, args, True
        data = ",".join((app, *args))
        line.dialplan = Dialplan(line.dialplan.context, line.dialplan.exten, line.dialplan.priority, "Stasis", data)
        self.tell(e.StasisStart(at_switch=self.now(), channel=line.model(), args=list(args)))

    def _fall_back(self, line: Line) -> None:
        """The dialplan's own: an apology, and a polite end."""
        if line.id in self.node.lines:
            line.party.answered()
            line.party.hears("fallback")
            self.end(line, 16)

    def answer(self, line: Line) -> None:
        if line.state == "Up":
            return
        line.state = "Up"
        self.tell(e.ChannelStateChange(at_switch=self.now(), channel=line.model()))
        line.party.answered()

    # ── a leg of ours ──

    def originated(self, line: Line, timeout: float) -> None:
        """The INVITE is out."""
        self.node.lines[line.id] = line
        self.endpoint_changed(line.endpoint)
        self._dial(line, "")
        line.timeout = self.after(timeout, lambda: self._timed_out(line))

    def rings(self, line: Line) -> None:
        if line.state != "Down":
            return
        line.state = "Ringing"
        self.tell(e.ChannelStateChange(at_switch=self.now(), channel=line.model()))
        self._dial(line, "RINGING")

    def picked_up(self, line: Line) -> None:
        """The phone's 200: up, and in our application if anybody still listens."""
        if line.id not in self.node.lines or line.state == "Up":
            return
        self._stop_timeout(line)
        line.state = "Up"
        self.tell(e.ChannelStateChange(at_switch=self.now(), channel=line.model()))
        self._dial(line, "ANSWER")
        line.party.answered()
        if line.to_door:
            self._at_door(line)
        elif self.listening() and line.app == self.app:
            self._enter(line, line.app, line.args)
        else:
            self.end(line, 16)

    def _at_door(self, line: Line) -> None:
        """In the dialplan, before our application: in if anybody listens, else again in a moment."""
        if line.id not in self.node.lines:
            return
        if self.listening():
            self._enter(line, line.app, line.args)
        else:
            line.dialplan = Dialplan(DOOR, "s", 6, "Wait", "0.2")
            self.after(0.2, lambda: self._at_door(line))

    def refused(self, line: Line, sip: int) -> None:
        """The phone said 486, 603, …"""
        if line.id not in self.node.lines:
            return
        cause, status = REFUSALS.get(sip, (38, "NOANSWER"))
        self._hangup_requested(line, cause, sip, soft=None)
        self._dial(line, status)
        self._destroy(line, cause, sip)

    def _timed_out(self, line: Line) -> None:
        """Nothing but ChannelDestroyed tells."""
        if line.id in self.node.lines and line.state != "Up":
            self._destroy(line, 19, 480)

    def _dial(self, line: Line, status: str) -> None:
        self.tell(e.Dial(at_switch=self.now(), peer=line.model(), dialstatus=status, dialstring=line.endpoint))

    # ── the end of a line ──

    def hang_up(self, line: Line, cause: int) -> None:
        """We end it."""
        self._hangup_requested(line, 32, None, soft=True)
        if line.originated and line.state != "Up":
            self._dial(line, "NOANSWER")
        self.end(line, cause)

    def gave_up(self, line: Line) -> None:
        """The far end has hung up, or a caller has cancelled."""
        if line.id not in self.node.lines:
            return
        early = line.state != "Up"
        self._hangup_requested(line, 127 if early else None, 487 if early else None, soft=None)
        self.end(line, 16)

    def end(self, line: Line, cause: int) -> None:
        """What an end brings with it, in order."""
        for prompt in list(line.prompts):
            self._finish(line, prompt, "failed", then_next=False)
        if line.tape is not None:
            self.recorded(line, line.tape)
        if line.room is not None:
            self.leave(line)
        if line.in_stasis:
            line.in_stasis = False
            self.tell(e.StasisEnd(at_switch=self.now(), channel=line.model()))
        self._destroy(line, cause, None)

    def _destroy(self, line: Line, cause: int, sip: int | None) -> None:
        self._stop_timeout(line)
        self.node.lines.pop(line.id, None)
        if line.originated:  # of a caller's channel we hear no ChannelDestroyed
            text = TEXTS.get(cause, "Unknown")
            self.tell(
                e.ChannelDestroyed(
                    at_switch=self.now(), channel=line.model(), cause=cause, cause_txt=text, tech_cause=sip
                )
            )
        refusal = {17: 486, 34: 503, 21: 603}.get(cause, 480) if line.state != "Up" else 0
        line.party.over_now(cause, sip or refusal)
        self.endpoint_changed(line.endpoint)
        self.prompt_ended()

    def _hangup_requested(self, line: Line, cause: int | None, sip: int | None, *, soft: bool | None) -> None:
        if line.heard_by_app:
            self.tell(
                e.ChannelHangupRequest(
                    at_switch=self.now(), channel=line.model(), cause=cause, tech_cause=sip, soft=soft
                )
            )

    def _stop_timeout(self, line: Line) -> None:
        if line.timeout is not None:
            line.timeout.cancel()
            line.timeout = None

    def leave_stasis(self, line: Line, dialplan: Dialplan) -> None:
        """`continue`: the dialplan has it."""
        if line.room is not None:
            self.leave(line)
        line.in_stasis = False
        line.dialplan = dialplan
        self.tell(e.StasisEnd(at_switch=self.now(), channel=line.model()))

    # ── rooms ──

    def enter(self, line: Line, room: Room) -> None:
        """One that is in a room, even in this one, leaves it first."""
        if line.room is not None:
            self.leave(line)
        line.room = room
        room.lines.append(line)
        self.tell(e.ChannelEnteredBridge(at_switch=self.now(), bridge=room.model(), channel=line.model()))
        line.joined()

    def leave(self, line: Line) -> None:
        room = line.room
        if room is None:
            return
        line.room = None
        room.lines.remove(line)
        self.tell(e.ChannelLeftBridge(at_switch=self.now(), bridge=room.model(), channel=line.model()))
        if not room.lines:
            self._silence(room)

    def close(self, room: Room) -> None:
        """Nothing tells of it: BridgeDestroyed comes only now and then."""
        for line in list(room.lines):
            self.leave(line)
        self._silence(room)
        del self.node.rooms[room.id]

    def _silence(self, room: Room) -> None:
        """When the last one leaves, a prompt that plays to the room fails."""
        for prompt in list(room.prompts):
            self._finish(room, prompt, "failed", then_next=False)

    # ── prompts, music, keys ──

    def play(self, holder: Line | Room, prompt: Prompt) -> None:
        holder.prompts.append(prompt)
        if isinstance(holder, Room):
            for line in holder.lines:
                line.music = ""  # a prompt on the bridge ends the channels' music for good
        if len(holder.prompts) == 1:
            self._loop.call_soon(self._next_sound, holder, prompt, 0)

    def stop_prompt(self, playback: str) -> bool:
        """One that waits behind another is stopped when its turn comes: it finishes without ever having started."""
        for holder in self.node.holders():
            for place, prompt in enumerate(holder.prompts):
                if prompt.id == playback:
                    prompt.stopped = True
                    if place == 0:
                        self._finish(holder, prompt, "done")
                    return True
        return False

    def music(self, line: Line, name: str) -> None:
        line.music = name
        if name:
            line.party.hears(f"music:{name}")

    def press(self, line: Line, digit: str) -> None:
        if line.id not in self.node.lines or not line.in_stasis:
            return
        self.tell(e.ChannelDtmfReceived(at_switch=self.now(), channel=line.model(), digit=digit, duration_ms=100))
        tape = line.tape
        if tape is not None and self.rolls(tape) and tape.terminate_on in (digit, "any"):
            self.recorded(line, tape)

    def _next_sound(self, holder: Line | Room, prompt: Prompt, number: int) -> None:
        if prompt not in holder.prompts:
            return
        if prompt.stopped:
            self._finish(holder, prompt, "done")
            return
        sound = prompt.sounds[number]
        prompt.state = "playing"
        self.tell(e.PlaybackStarted(at_switch=self.now(), playback=prompt.model(sound)))
        if sound in self.missing:
            self._finish(holder, prompt, "failed")
            return
        for line in [holder] if isinstance(holder, Line) else holder.lines:
            line.party.hears(sound)
        prompt.timer = self.after(
            self.durations.get(sound, self.duration), lambda: self._played(holder, prompt, number)
        )

    def _played(self, holder: Line | Room, prompt: Prompt, number: int) -> None:
        if number + 1 < len(prompt.sounds):
            self._next_sound(holder, prompt, number + 1)
        else:
            self._finish(holder, prompt, "done")

    def _finish(self, holder: Line | Room, prompt: Prompt, state: str, *, then_next: bool = True) -> None:
        if prompt.timer is not None:
            prompt.timer.cancel()
        holder.prompts.remove(prompt)
        prompt.state = state
        self.tell(e.PlaybackFinished(at_switch=self.now(), playback=prompt.model()))
        if holder.prompts and then_next:
            self._next_sound(holder, holder.prompts[0], 0)
        elif isinstance(holder, Line) and holder.tape is not None and then_next:
            self._roll(holder, holder.tape)
        self.prompt_ended()

    # ── recordings ──

    def record(self, line: Line, tape: Tape) -> None:
        line.tape = tape
        self._loop.call_soon(self._roll, line, tape)

    def _roll(self, line: Line, tape: Tape) -> None:
        """Once no prompt plays: the tone, and then all that is said."""
        if line.tape is not tape or tape.state != "queued" or line.prompts:
            return
        if line.room is not None:
            line.tape, tape.state = None, "failed"
            failed = tape.model(cause="Cannot record channel while in bridge")
            self.tell(e.RecordingFailed(at_switch=self.now(), recording=failed))
            return
        tape.state, tape.began = "recording", self._loop.time() + BEEP_S
        self.tell(e.RecordingStarted(at_switch=self.now(), recording=tape.model()))
        line.party.hears("beep")
        if tape.longest:
            tape.timers.append(self.after(BEEP_S + tape.longest, lambda: self.recorded(line, tape)))
        if not line.speaks:
            self.fell_silent(line)

    def rolls(self, tape: Tape) -> bool:
        """Until its tone is over, nothing is recorded and no file made, and neither a key nor we can stop it."""
        return tape.state == "recording" and self._loop.time() >= tape.began

    def fell_silent(self, line: Line) -> None:
        """Whoever talked there does not any more, until `speaks` is set again."""
        line.speaks, tape = False, line.tape
        if tape is not None and tape.state == "recording" and tape.silence:
            tape.timers.append(self.after(BEEP_S + tape.silence, lambda: self._silence_over(line, tape)))

    def _silence_over(self, line: Line, tape: Tape) -> None:
        if not line.speaks:
            self.recorded(line, tape)

    def recorded(self, line: Line, tape: Tape) -> None:
        """It is over. Nothing heard leaves no file, and no length."""
        if line.tape is not tape:
            return
        for timer in tape.timers:
            timer.cancel()
        seconds = self._loop.time() - tape.began if tape.state == "recording" else -1.0
        line.tape, tape.state = None, "done"
        if seconds > 0:
            self.node.recordings[tape.name] = int(seconds)
        duration = int(seconds) if seconds > 0 else None
        self.tell(e.RecordingFinished(at_switch=self.now(), recording=tape.model(duration)))

    # ── phones ──

    def endpoint_changed(self, endpoint: str) -> None:
        """AMI tells of a phone that comes or goes and of its calls, but for legs of ours and open lines. The trunk is
        no phone."""
        if endpoint == TRUNK:
            return
        before = self._endpoints.get(endpoint, Endpoint("PJSIP", endpoint, "offline", []))
        now = self._endpoints[endpoint] = self.endpoint(endpoint)
        name = f"PJSIP/{endpoint}"
        if now.state != before.state:
            status = "Reachable" if now.state == "online" else "Unreachable"
            self._say({"event": "PeerStatus", "channeltype": "PJSIP", "peer": name, "peerstatus": status})
        changed = {each for each in {*now.channel_ids, *before.channel_ids} if not each.startswith(("l-c-", "s-"))}
        for channel in sorted(changed - set(before.channel_ids)):
            self._say({"event": "Newchannel", "channel": f"{name}-{self._numbers:08x}", "uniqueid": channel})
        for channel in sorted(changed - set(now.channel_ids)):
            self._say({"event": "Hangup", "channel": f"{name}-{self._numbers:08x}", "uniqueid": channel})

    def device(self, endpoint: str) -> str:
        states = {line.state for line in self.node.of_endpoint(endpoint)}
        if not self.registered(endpoint) and not states & {"Up", "Ring"}:
            return "UNAVAILABLE"
        busy, ringing = bool(states & {"Up", "Ring"}), "Ringing" in states
        return {(True, True): "RINGINUSE", (True, False): "INUSE", (False, True): "RINGING"}.get(
            (busy, ringing), "NOT_INUSE"
        )

    def endpoint(self, endpoint: str) -> Endpoint:
        state = "online" if self.registered(endpoint) else "offline"
        return Endpoint("PJSIP", endpoint, state, [line.id for line in self.node.of_endpoint(endpoint)])
