"""What the plane, the guard and the dialplan have agreed on. Nothing is imported here: the guard stays small."""

from __future__ import annotations

from typing import Final

APP: Final = "ccplane"
"""The Stasis application."""
PHONE: Final = "phone"
"""What the dialplan says of a call that came from one of our phones; a caller from outside never gets there."""
LINE: Final = "line"
"""What an agent's open line, and the far halves of legs that go through one, say that they are."""

HEARTBEAT: Final = "CCPLANE_HEARTBEAT"
"""The global variable that a plane which leads and is connected sets to `<epoch>-<n>`."""
GUARD: Final = "CCPLANE_GUARD"
"""The global variable that a guard which watches sets to the number of its looks."""
BEAT_EVERY_S: Final = 2.0

DOOR: Final = "ccplane-door"
"""The context to which a phone that we called comes when it is answered. Taken into our application directly it would
be hung up whenever nobody of us is there at that moment; here it waits for whoever comes back."""
AT_DOOR: Final = "CCPLANE_ARGS"
"""A called channel's variable: what it tells our application that it is."""

SINCE: Final = "CCPLANE_SINCE"
"""A waiting caller's variable: since when they wait, Unix seconds."""

CARRIED: Final = "ccplane-carried"
"""The account code of a channel that the guard took out of our application: of all that it can set, this alone stands
in the StasisEnd. The context does so only for a channel that was in a bridge."""

CARRIED_IN: Final = "CCPLANE_CARRIED_"
"""With its id behind: the global variable that says so of a channel that is no more."""

TO_FALLBACK: Final = "ccplane-guard"
"""The context to which the guard sends them: an apology, and on to FALLBACK."""
OUTBOUND: Final = "outbound"
"""The extension in it for somebody whom we called, and who has nobody to talk to: a message, and the end."""
SERVED: Final = "served"
"""The extension in it for a caller whose agent has hung up: a goodbye, and the end."""
FALLBACK: Final = "ccplane-fallback"
TO_QUEUE: Final = "CcplaneFallback"
"""The UserEvent by which the dialplan's fallback says in which queue (`Queue`) a caller is about to wait."""
AFTER_QUEUE: Final = ("ccplane/leave-a-message", "vm-goodbye")
"""What it plays behind the queue."""
PHONE_FALLBACK: Final = "ccplane-phone-fallback"
"""For callers from our own phones."""

FAX: Final = "fax"
"""What our half of a fax machine says that it is."""
FAX_MACHINE: Final = "ccplane-fax"
"""The context in which its other half receives; the extension is the fax's id."""
FAX_SENDER: Final = "ccplane-fax-send"
"""That of one that sends; behind a `*` in the number stands what."""
FAX_WORD: Final = "CCPLANE_FAX_"
"""With the fax's id behind: the global variable in which it leaves word of how it ended."""
