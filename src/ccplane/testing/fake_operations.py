"""What the fake switch answers to each operation, in the words of the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ccplane.asterisk import events as e
from ccplane.asterisk import operations as op
from ccplane.asterisk.agreed import AT_DOOR
from ccplane.asterisk.models import (
    Application,
    CallerId,
    Channel,
    ConfigField,
    ConfigInfo,
    DeviceState,
    Dialplan,
    Info,
    Millis,
    StatusInfo,
    StoredRecording,
    SystemInfo,
    Variable,
)
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Outcome, Refused
from ccplane.ids import fax_of_channel
from ccplane.testing.fake_lines import CAUSES, Line, Prompt, Room, Tape
from ccplane.testing.fake_switchboard import Switchboard

VERSION = "22.10.1-fake"
NO_CHANNEL, NO_BRIDGE = Gone("Channel not found"), Gone("Bridge not found")
NOT_IN_STASIS = Busy("Channel not in Stasis application")
DONE: Done[None] = Done(None)

Answered = Outcome[Any]
Handler = Callable[[Any], Answered]


class Operator:
    """`obey` carries an operation out and says what became of it. `ring` lets a phone ring: False if it can't."""

    def __init__(self, board: Switchboard, ring: Callable[[op.Originate], Line | None]) -> None:
        self._board = board
        self._node = board.node
        self._ring = ring
        self.started_at = board.now()
        self._handlers: dict[type, Handler] = {
            op.ListChannels: lambda _: Done([line.model() for line in self._node.lines.values()]),
            op.GetChannel: self._get_channel,
            op.Originate: self._originate,
            op.CallIn: self._call_in,
            op.WatchChannel: self._watch,
            op.Answer: self._in_stasis(lambda line, _: board.answer(line)),
            op.Ring: self._in_stasis(lambda line, _: None),
            op.RingStop: self._in_stasis(lambda line, _: None),
            op.HangUp: self._hang_up,
            op.StartMoh: self._in_stasis(lambda line, it: board.music(line, it.moh_class or "default")),
            op.StopMoh: self._in_stasis(lambda line, _: board.music(line, "")),
            op.PlayOnChannel: self._play_on_channel,
            op.PlayOnBridge: self._play_on_bridge,
            op.StopPlayback: self._stop_playback,
            op.GetPlayback: self._get_playback,
            op.RecordChannel: self._record,
            op.GetLiveRecording: self._on_tape(lambda _, tape: Done(tape.model())),
            op.StopRecording: self._on_tape(self._stop_recording),
            op.GetStoredRecording: self._stored,
            op.CopyRecording: self._copy,
            op.SetChannelVariable: self._in_stasis(lambda line, it: line.variables.update({it.variable: it.value})),
            op.GetChannelVariable: self._channel_variable,
            op.Continue: self._in_stasis(self._continue),
            op.ListBridges: lambda _: Done([room.model() for room in self._node.rooms.values()]),
            op.GetBridge: self._in_room(lambda room, _: Done(room.model())),
            op.CreateBridge: self._create_bridge,
            op.DestroyBridge: self._in_room(self._destroy_bridge),
            op.AddChannel: self._in_room(self._add),
            op.RemoveChannel: self._in_room(self._remove),
            op.SetBridgeVariable: self._in_room(self._set_bridge_variable),
            op.GetBridgeVariable: self._in_room(self._bridge_variable),
            op.SetDeviceState: self._set_device_state,
            op.ListDeviceStates: lambda _: Done([DeviceState(*each) for each in self._node.states.items()]),
            op.GetDeviceState: self._get_device_state,
            op.DeleteDeviceState: self._delete_device_state,
            op.ListEndpoints: self._list_endpoints,
            op.GetEndpoint: lambda it: Done(board.endpoint(it.resource)),
            op.ListApplications: lambda _: Done([self._application()]),
            op.GetApplication: lambda _: Done(self._application()),
            op.SetEventFilter: lambda _: Done(self._application()),
            op.Ping: self._ping,
            op.GetInfo: self._info,
            op.GetGlobalVariable: lambda it: Done(Variable(self._node.variables.get(it.variable, ""))),
            op.SetGlobalVariable: self._set_global_variable,
            op.ForgetGlobalVariable: self._forget_global_variable,
            op.GetConfig: self._get_config,
            op.PutConfig: self._put_config,
            op.DeleteConfig: self._delete_config,
        }

    def obey(self, operation: op.Operation[Any]) -> Answered:
        return self._handlers[type(operation)](operation)

    def must_wait(self, operation: op.Operation[Any]) -> bool:
        """A prompt that plays on a channel holds up its addChannel and its variables, and all behind them."""
        match operation:
            case op.AddChannel(channels=channels):
                return any(line.prompts for each in channels if (line := self._node.lines.get(each)))
            case op.SetChannelVariable(channel=channel):
                return bool((line := self._node.lines.get(channel)) and line.prompts)
            case _:
                return False

    # ── channels ──

    def _in_stasis(self, act: Callable[[Line, Any], object]) -> Handler:
        def handle(operation: Any) -> Answered:
            line = self._node.lines.get(operation.channel)
            if line is None:
                return NO_CHANNEL
            if not line.in_stasis:
                return NOT_IN_STASIS
            act(line, operation)
            return DONE

        return handle

    def _get_channel(self, operation: op.GetChannel) -> Answered:
        """The far half of a fax machine is there for as long as the other."""
        line = self._node.lines.get(fax_of_channel(operation.channel) or operation.channel)
        return Done(line.model()) if line else NO_CHANNEL

    def _call_in(self, operation: op.CallIn) -> Answered:
        app, args, variables = self._board.app, operation.args, {AT_DOOR: operation.args} | operation.variables
        said = self._originate(
            op.Originate(
                operation.channel,
                operation.endpoint,
                app,
                args,
                operation.caller_id,
                operation.timeout,
                variables,
                other=operation.other,
            )
        )
        if isinstance(said, Done):
            self._node.lines[operation.channel].to_door = True
        return said

    def _watch(self, operation: op.WatchChannel) -> Answered:
        there = operation.source.partition(":")[2] in self._node.lines
        return Done(self._application()) if there else Busy("EventSource does not exist")

    def _originate(self, operation: op.Originate) -> Answered:
        if operation.channel in self._node.lines:
            return Conflict("Channel with given unique ID already exists")
        line = self._ring(operation)
        if line is None:
            return Refused(500, "Allocation failed")
        number = operation.caller_id.partition("<")[2].rstrip(">")
        line.caller = CallerId(operation.caller_id.partition("<")[0].strip(' "'), number)
        line.dialplan = Dialplan("from-phones", "s", 1, "AppDial2", "(Outgoing Line)")
        line.args = tuple(operation.app_args.split(",")) if operation.app_args else ()
        line.app, line.originated, line.variables = operation.app, True, dict(operation.variables)
        said: Channel = line.model()
        self._board.originated(line, operation.timeout)
        return Done(said)

    def _hang_up(self, operation: op.HangUp) -> Answered:
        line = self._node.lines.get(operation.channel)
        if line is None:
            return NO_CHANNEL
        if operation.reason and operation.reason not in CAUSES:
            return Refused(400, "Invalid Reason")
        cause = int(operation.reason_code) if operation.reason_code else CAUSES[operation.reason or "normal"]
        self._board.hang_up(line, cause)
        return DONE

    def _channel_variable(self, operation: op.GetChannelVariable) -> Answered:
        line = self._node.lines.get(operation.channel)
        return Done(Variable(line.variables.get(operation.variable, ""))) if line else NO_CHANNEL

    def _continue(self, line: Line, operation: op.Continue) -> None:
        here = line.dialplan
        there = Dialplan(
            operation.context or here.context,
            operation.extension or here.exten,
            operation.priority or here.priority + 1,
        )
        self._board.leave_stasis(line, there)

    # ── prompts ──

    def _play_on_channel(self, operation: op.PlayOnChannel) -> Answered:
        line = self._node.lines.get(operation.channel)
        if line is None:
            return NO_CHANNEL
        if not line.in_stasis:
            return NOT_IN_STASIS
        return self._play(line, Prompt(operation.playback, f"channel:{line.id}", operation.media))

    def _play_on_bridge(self, operation: op.PlayOnBridge) -> Answered:
        room = self._node.rooms.get(operation.bridge)
        return self._play(room, Prompt(operation.playback, f"bridge:{room.id}", operation.media)) if room else NO_BRIDGE

    def _play(self, holder: Line | Room, prompt: Prompt) -> Answered:
        said = prompt.model(prompt.sounds[0])
        self._board.play(holder, prompt)
        return Done(said)

    def _stop_playback(self, operation: op.StopPlayback) -> Answered:
        return DONE if self._board.stop_prompt(operation.playback) else Gone("Playback not found")

    def _get_playback(self, operation: op.GetPlayback) -> Answered:
        prompts = (prompt for holder in self._node.holders() for prompt in holder.prompts)
        found = next((prompt for prompt in prompts if prompt.id == operation.playback), None)
        return Done(found.model()) if found else Gone("Playback not found")

    # ── recordings ──

    def _record(self, operation: op.RecordChannel) -> Answered:
        line = self._node.lines.get(operation.channel)
        if line is None:
            return NO_CHANNEL
        if not line.in_stasis:
            return NOT_IN_STASIS
        if operation.name in self._node.recordings or self._tape(operation.name):
            return Conflict(f"Recording '{operation.name}' already exists and can not be overwritten")
        target = f"channel:{line.id}"
        tape = Tape(operation.name, target, operation.longest, operation.silence, operation.terminate_on)
        said = tape.model()
        self._board.record(line, tape)
        return Done(said)

    def _tape(self, name: str) -> tuple[Line, Tape] | None:
        tapes = ((line, line.tape) for line in self._node.lines.values() if line.tape)
        return next((each for each in tapes if each[1].name == name), None)

    def _on_tape(self, act: Callable[[Line, Tape], Answered]) -> Handler:
        def handle(operation: Any) -> Answered:
            found = self._tape(operation.name)
            return act(*found) if found else Gone("Recording not found")

        return handle

    def _stop_recording(self, line: Line, tape: Tape) -> Answered:
        if self._board.rolls(tape):
            self._board.recorded(line, tape)
        return DONE

    def _stored(self, operation: op.GetStoredRecording) -> Answered:
        found = self._tape(operation.name)
        there = operation.name in self._node.recordings or (found is not None and self._board.rolls(found[1]))
        return Done(StoredRecording(operation.name, "wav")) if there else Gone("Recording not found")

    def _copy(self, operation: op.CopyRecording) -> Answered:
        if operation.name not in self._node.recordings:
            return Gone("Recording not found")
        to = operation.to.rpartition(".")[0] or operation.to
        if to in self._node.recordings:
            return Conflict("A recording with the same name already exists on the system")
        self._node.recordings[to] = self._node.recordings[operation.name]
        return Done(StoredRecording(to, "wav"))

    # ── bridges ──

    def _in_room(self, act: Callable[[Room, Any], Answered]) -> Handler:
        def handle(operation: Any) -> Answered:
            room = self._node.rooms.get(operation.bridge)
            return act(room, operation) if room else NO_BRIDGE

        return handle

    def _create_bridge(self, operation: op.CreateBridge) -> Answered:
        if operation.bridge in self._node.rooms:
            return Conflict(f"Bridge with id '{operation.bridge}' already exists")
        room = Room(operation.bridge, operation.name, operation.type, self._board.now())
        self._node.rooms[room.id] = room
        return Done(room.model())

    def _destroy_bridge(self, room: Room, _: op.DestroyBridge) -> Answered:
        self._board.close(room)
        return DONE

    def _add(self, room: Room, operation: op.AddChannel) -> Answered:
        lines = [self._node.lines.get(each) for each in operation.channels]
        present = [line for line in lines if line is not None]
        if len(present) < len(lines):
            return NO_CHANNEL
        if not all(line.in_stasis for line in present):
            return NOT_IN_STASIS
        for line in present:
            self._board.enter(line, room)
        return DONE

    def _remove(self, room: Room, operation: op.RemoveChannel) -> Answered:
        lines = [line for each in operation.channels if (line := self._node.lines.get(each))]
        if len(lines) < len(operation.channels):
            return NO_CHANNEL
        if any(line.room is not room for line in lines):
            return Busy("Channel not in this bridge")
        for line in lines:
            self._board.leave(line)
        return DONE

    def _set_bridge_variable(self, room: Room, operation: op.SetBridgeVariable) -> Answered:
        room.variables[operation.variable] = operation.value
        if operation.report_events:
            room.shown.add(operation.variable)
        return DONE

    def _bridge_variable(self, room: Room, operation: op.GetBridgeVariable) -> Answered:
        value = room.variables.get(operation.variable)
        return Done(Variable(value)) if value is not None else Gone("Provided variable was not found")

    # ── device states, endpoints, the rest ──

    def _set_device_state(self, operation: op.SetDeviceState) -> Answered:
        if not operation.device.startswith("Stasis:"):
            return Conflict("Uncontrolled device specified")
        self._node.states[operation.device] = operation.state
        return DONE

    def _delete_device_state(self, operation: op.DeleteDeviceState) -> Answered:
        self._node.states.pop(operation.device, None)
        return DONE

    def _get_device_state(self, operation: op.GetDeviceState) -> Answered:
        if operation.device.startswith("PJSIP/"):
            return Done(DeviceState(operation.device, self._board.device(operation.device.removeprefix("PJSIP/"))))
        return Done(DeviceState(operation.device, self._node.states.get(operation.device, "UNKNOWN")))

    def _list_endpoints(self, _: op.ListEndpoints) -> Answered:
        users = {name for kind, name in self._node.config if kind == "endpoint"}
        return Done([self._board.endpoint(user) for user in sorted(users)])

    def _application(self) -> Application:
        lines = [line.id for line in self._node.lines.values() if line.heard_by_app]
        return Application(self._board.app, lines, list(self._node.rooms), [], [])

    def _ping(self, operation: op.Ping) -> Answered:
        if operation.app != self._board.app:
            return Gone("Application not found")
        userevent = {"eventname": operation.name}
        self._board.tell(e.ChannelUserevent(at_switch=self._board.now(), eventname=operation.name, userevent=userevent))
        return DONE

    def _info(self, _: op.GetInfo) -> Answered:
        times = StatusInfo(Millis(self.started_at), Millis(self.started_at))
        return Done(Info(SystemInfo(VERSION), ConfigInfo(self._board.name, "en"), times))

    def _set_global_variable(self, operation: op.SetGlobalVariable) -> Answered:
        self._node.variables[operation.variable] = operation.value
        return DONE

    def _forget_global_variable(self, operation: op.ForgetGlobalVariable) -> Answered:
        self._node.variables.pop(operation.variable, None)
        return DONE

    # ── configuration ──

    def _get_config(self, operation: op.GetConfig) -> Answered:
        fields = self._node.config.get((operation.object_type, operation.id))
        if fields is None:
            return Gone(f"Object with id '{operation.id}' not found")
        return Done([ConfigField(*each) for each in fields.items()])

    def _put_config(self, operation: op.PutConfig) -> Answered:
        self._node.config.setdefault((operation.object_type, operation.id), {}).update(operation.fields)
        return self._get_config(op.GetConfig(operation.config_class, operation.object_type, operation.id))

    def _delete_config(self, operation: op.DeleteConfig) -> Answered:
        if self._node.config.pop((operation.object_type, operation.id), None) is None:
            return Gone(f"Object with id '{operation.id}' not found")
        return DONE
