"""A webhook of acd/voicemail.toml: a service that is told by HTTP what callers leave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WebhookRule:
    """Where it is told, and the variable of ccplane's environment that holds the secret by which it knows us."""

    name: str
    url: str
    secret_env: str
