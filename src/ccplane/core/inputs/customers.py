"""What was done with customers, once Postgres has it."""

from __future__ import annotations

from ccplane.contacts.facts.customers import CustomerFact
from ccplane.core.inputs.input import Input


class CustomersEdited(Input, frozen=True):
    """The edge has done it; the core notes it. The fact's `at` is not looked at."""

    fact: CustomerFact
