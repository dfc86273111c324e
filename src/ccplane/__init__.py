"""ccplane: a contact-centre control plane for Asterisk. What programs in ari_apps/ import stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

if TYPE_CHECKING:
    from ccplane.callflow.arranging import Arranged as Arranged
    from ccplane.callflow.arranging import Cancelled as Cancelled
    from ccplane.callflow.arranging import Kept as Kept
    from ccplane.callflow.asking import Confirmation as Confirmation
    from ccplane.callflow.asking import GatherResult as GatherResult
    from ccplane.callflow.asking import Invalid as Invalid
    from ccplane.callflow.asking import No as No
    from ccplane.callflow.asking import Unanswered as Unanswered
    from ccplane.callflow.asking import Yes as Yes
    from ccplane.callflow.call import Call as Call
    from ccplane.callflow.saying import Date as Date
    from ccplane.callflow.saying import Digits as Digits
    from ccplane.callflow.saying import Money as Money
    from ccplane.callflow.saying import Number as Number
    from ccplane.callflow.saying import Text as Text
    from ccplane.callflow.saying import Time as Time
    from ccplane.callflow.surveying import Declined as Declined
    from ccplane.callflow.surveying import Partly as Partly
    from ccplane.callflow.surveying import Rated as Rated
    from ccplane.callflow.surveying import SurveyResult as SurveyResult
    from ccplane.contacts.conference import Met as Met
    from ccplane.contacts.conference import NotMet as NotMet
    from ccplane.contacts.fax import FaxResult as FaxResult
    from ccplane.contacts.fax import FaxTaken as FaxTaken
    from ccplane.contacts.fax import NoFax as NoFax
    from ccplane.contacts.look_ups import Found as Found
    from ccplane.contacts.look_ups import LookUpFailed as LookUpFailed
    from ccplane.contacts.look_ups import LookUpResult as LookUpResult
    from ccplane.contacts.look_ups import NotFound as NotFound
    from ccplane.contacts.surveys import NotAsked as NotAsked
    from ccplane.contacts.verbs import CallbackResult as CallbackResult
    from ccplane.contacts.verbs import Closed as Closed
    from ccplane.contacts.verbs import ConferenceResult as ConferenceResult
    from ccplane.contacts.verbs import Done as Done
    from ccplane.contacts.verbs import Here as Here
    from ccplane.contacts.verbs import HoursResult as HoursResult
    from ccplane.contacts.verbs import LeftByKey as LeftByKey
    from ccplane.contacts.verbs import MessageResult as MessageResult
    from ccplane.contacts.verbs import MessageTaken as MessageTaken
    from ccplane.contacts.verbs import NoAgents as NoAgents
    from ccplane.contacts.verbs import NoInput as NoInput
    from ccplane.contacts.verbs import NoMessage as NoMessage
    from ccplane.contacts.verbs import NotAllowed as NotAllowed
    from ccplane.contacts.verbs import NotPromised as NotPromised
    from ccplane.contacts.verbs import NotReached as NotReached
    from ccplane.contacts.verbs import Open as Open
    from ccplane.contacts.verbs import Overflowed as Overflowed
    from ccplane.contacts.verbs import Pressed as Pressed
    from ccplane.contacts.verbs import Promised as Promised
    from ccplane.contacts.verbs import Proven as Proven
    from ccplane.contacts.verbs import QueueResult as QueueResult
    from ccplane.contacts.verbs import Refused as Refused
    from ccplane.contacts.verbs import Served as Served
    from ccplane.contacts.verbs import Talked as Talked
    from ccplane.contacts.verbs import TimedOut as TimedOut
    from ccplane.ids import AgentId as AgentId

__version__ = "0.1.0"
__all__ = [
    "AgentId",
    "Call",
    "CallbackResult",
    "Cancelled",
    "Closed",
    "ConferenceResult",
    "Confirmation",
    "Date",
    "Declined",
    "Digits",
    "Done",
    "FaxResult",
    "FaxSent",
    "FaxTaken",
    "Found",
    "GatherResult",
    "Here",
    "HoursResult",
    "Invalid",
    "Kept",
    "LeftByKey",
    "LookUpFailed",
    "LookUpResult",
    "MessageResult",
    "MessageTaken",
    "Met",
    "Money",
    "No",
    "NoAgents",
    "NoFax",
    "NoInput",
    "NoMessage",
    "NotAllowed",
    "NotAsked",
    "NotFound",
    "NotMet",
    "NotPromised",
    "NotReached",
    "Number",
    "Open",
    "Overflowed",
    "Partly",
    "Pressed",
    "Promised",
    "Proven",
    "QueueResult",
    "Rated",
    "Refused",
    "Served",
    "SurveyResult",
    "Talked",
    "Text",
    "Time",
    "TimedOut",
    "Unanswered",
    "Yes",
    "assert_never",
]

_HOMES: Final = {
    "FaxResult": "ccplane.contacts.fax",
    "NoFax": "ccplane.contacts.fax",
    "FaxSent": "ccplane.contacts.fax",
    "FaxTaken": "ccplane.contacts.fax",
    "AgentId": "ccplane.ids",
    "Arranged": "ccplane.callflow.arranging",
    "Call": "ccplane.callflow.call",
    "Kept": "ccplane.callflow.arranging",
    "Cancelled": "ccplane.callflow.arranging",
    "CallbackResult": "ccplane.contacts.verbs",
    "Closed": "ccplane.contacts.verbs",
    "ConferenceResult": "ccplane.contacts.verbs",
    "Confirmation": "ccplane.callflow.asking",
    "Date": "ccplane.callflow.saying",
    "Digits": "ccplane.callflow.saying",
    "Done": "ccplane.contacts.verbs",
    "Found": "ccplane.contacts.look_ups",
    "GatherResult": "ccplane.callflow.asking",
    "Here": "ccplane.contacts.verbs",
    "HoursResult": "ccplane.contacts.verbs",
    "Invalid": "ccplane.callflow.asking",
    "LeftByKey": "ccplane.contacts.verbs",
    "LookUpFailed": "ccplane.contacts.look_ups",
    "LookUpResult": "ccplane.contacts.look_ups",
    "MessageResult": "ccplane.contacts.verbs",
    "MessageTaken": "ccplane.contacts.verbs",
    "Money": "ccplane.callflow.saying",
    "Met": "ccplane.contacts.conference",
    "NotMet": "ccplane.contacts.conference",
    "No": "ccplane.callflow.asking",
    "NoAgents": "ccplane.contacts.verbs",
    "NoInput": "ccplane.contacts.verbs",
    "NoMessage": "ccplane.contacts.verbs",
    "NotAllowed": "ccplane.contacts.verbs",
    "NotFound": "ccplane.contacts.look_ups",
    "NotPromised": "ccplane.contacts.verbs",
    "NotReached": "ccplane.contacts.verbs",
    "Open": "ccplane.contacts.verbs",
    "Number": "ccplane.callflow.saying",
    "Overflowed": "ccplane.contacts.verbs",
    "Pressed": "ccplane.contacts.verbs",
    "Promised": "ccplane.contacts.verbs",
    "Proven": "ccplane.contacts.verbs",
    "QueueResult": "ccplane.contacts.verbs",
    "Refused": "ccplane.contacts.verbs",
    "Served": "ccplane.contacts.verbs",
    "Talked": "ccplane.contacts.verbs",
    "Time": "ccplane.callflow.saying",
    "Text": "ccplane.callflow.saying",
    "TimedOut": "ccplane.contacts.verbs",
    "Unanswered": "ccplane.callflow.asking",
    "Declined": "ccplane.callflow.surveying",
    "NotAsked": "ccplane.contacts.surveys",
    "Partly": "ccplane.callflow.surveying",
    "Rated": "ccplane.callflow.surveying",
    "SurveyResult": "ccplane.callflow.surveying",
    "Yes": "ccplane.callflow.asking",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `ccplane --help` need not load the whole machine."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ccplane' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
