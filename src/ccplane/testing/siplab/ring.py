"""A call that reached a phone of ours: ringing, answered, refused or cancelled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ccplane.testing.siplab.leg import How, Leg, State
from ccplane.testing.siplab.links import Address, Link
from ccplane.testing.siplab.wire import Message, display_of, response, unique, uri_of, user_of

if TYPE_CHECKING:
    from ccplane.testing.siplab.station import Station


class Ring(Leg):
    """A call that reached a phone of ours. `caller` and `display` are what the phone's screen would show."""

    def __init__(self, station: Station, invite: Message, link: Link, sender: Address) -> None:
        super().__init__(station, link, sender, invite.call_id, invite.request_user)
        self.invite = invite
        self.at = self.started = invite.at
        self.agent = self.user
        self.remote = invite.first("from")
        self.caller, self.display = user_of(uri_of(self.remote)), display_of(self.remote)
        self._tag = unique()
        self.local = f"{invite.first('to')};tag={self._tag}"
        self.target = uri_of(invite.first("contact"))
        self.routes = invite.headers.get("record-route", [])
        self.remote_cseq = invite.cseq
        self._heard(invite.body)

    def ring(self) -> None:
        """Say 180: from now on the caller's side knows that the phone rings."""
        self.state = State.RINGING
        self._said = response(self.invite, 180, tag=self._tag, contact=self.contact)
        self.link.send(self._said, self.peer)

    def answer(self) -> None:
        """Say 200. Nothing happens when the call has gone meanwhile."""
        if self.state not in (State.CALLING, State.RINGING):
            return
        self.state = State.UP
        self._final(self.invite, 200, self._sdp(), self._tag)
        self.answered.set_result(time.monotonic())
        self.station.record.answered(self)

    def reject(self, code: int = 486) -> None:
        """Say no: 486 busy, 603 decline, 480 unavailable."""
        if self.state in (State.CALLING, State.RINGING):
            self._final(self.invite, code, tag=self._tag)
            self._end(How.REFUSED, code)

    def hang_up(self) -> None:
        if self.state in (State.CALLING, State.RINGING):
            self.reject()
        else:
            super().hang_up()

    def on_request(self, message: Message, link: Link, sender: Address) -> None:
        if message.method == "INVITE" and message.cseq == self.remote_cseq:
            if self._said:  # sent again; a silent phone says nothing to that either
                self.link.send(self._said, self.peer)
        elif message.method == "CANCEL" and self.state in (State.CALLING, State.RINGING):
            self.link.send(response(message, 200, tag=self._tag), self.peer)
            self._final(self.invite, 487, tag=self._tag)
            self._end(How.CANCELLED, 487, message.first("reason"), message.at)
        else:
            super().on_request(message, link, sender)
            if message.method == "NOTIFY" and message.first("event") == "talk":
                self.answer()  # as desk phones do that know this
