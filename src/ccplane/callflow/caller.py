"""The call as its program finds it: whose it is, when and at which number it arrived, and what is said to it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ccplane.callflow.said import Said, said
from ccplane.callflow.saying import Text, Value
from ccplane.contacts.announce import Announce
from ccplane.contacts.contact import Contact
from ccplane.ids import ContactId
from ccplane.routing.rules import Number
from ccplane.site import Site


class Caller:
    """What is known of the call, without a verb."""

    def __init__(self, contact: Contact, site: Site) -> None:
        self.id: ContactId = contact.id
        self.caller = contact.caller
        self.caller_name = contact.caller_name
        self.arrived_at = contact.arrived_at
        """ms since 1970, UTC."""
        self.number: Number = site.number(contact.number_dialled)
        wished = contact.began_in or contact.language
        self.language = wished if site.speaks(wished) else self.number.language
        """What the caller is spoken to in; `set_language` changes it. That of a customer holds where the site has
        prompts in it: values in one language between prompts in another are understood by nobody."""
        self.attribution = contact.attribution
        """The advertisement that the number dialled stands for, or ""."""
        self.customer = contact.customer
        """Who calls, where the centre knows their number: name, language, credit_s, note; else None."""
        self.site = site
        self._consent, self._direction = contact.consent_before, contact.direction
        self._announcing: Announce | None = None
        self.device = contact.device
        """The phone of ours that this call came from; None for a caller from outside."""
        self._depth = 0

    @property
    def arrived(self) -> datetime:
        """When they called, by the site's time zone: what `Date` and `Time` say."""
        return datetime.fromtimestamp(self.arrived_at / 1000, UTC).astimezone(ZoneInfo(self.site.rules.timezone))

    def _said(self, *parts: str | Value | Text) -> Said:
        return said(self.site, self.language, *parts)
