"""What a caller hears before their program while something is wrong, and what becomes of them then."""

from __future__ import annotations

import re
from typing import Final

from ccplane.callflow.asking import Question
from ccplane.callflow.call import Call
from ccplane.callflow.loader import Main
from ccplane.callflow.said import Said
from ccplane.callflow.step import Step
from ccplane.contacts.emergency import Emergency
from ccplane.contacts.verbs import NoteEmergency, Pressed
from ccplane.site.site import LANGUAGES

KEY_WITHIN_S: Final = 3.0
"""How long they may still press the key once it was said."""


async def told_first(call: Call, main: Main, emergency: Emergency) -> None:
    """The program of somebody who calls in an emergency: first what there is to say."""
    spoken = emergency.said_in(call.language)
    otherwise = emergency.said_in(next(each for each in LANGUAGES if each != call.language))
    words = Said((spoken.uri,), (otherwise.uri,), (spoken,) if spoken.text else ())
    goes_on = emergency.then == "go-on"
    if emergency.key:
        asked = Question(pattern=re.escape(emergency.key), timeout_s=KEY_WITHIN_S, wrong_tries=2)
        goes_on = isinstance(await asked.ask(words), Pressed) or goes_on
    else:
        await Step(words.play())
    await Step(NoteEmergency(emergency.id))
    if goes_on:
        await main(call)
    elif emergency.then == "voicemail":
        await call.voicemail(emergency.to or "general")
