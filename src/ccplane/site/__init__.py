"""Reads the operator's folders into frozen values, and says everything that is wrong with them."""

from ccplane.site.check import Report, check
from ccplane.site.faults import SiteFaults
from ccplane.site.files import digest, read, recording
from ccplane.site.parse import parse
from ccplane.site.site import AgentEntry, Menu, MenuEntry, Program, Prompt, Rendering, SeatEntry, Site, Voice, sound_of

__all__ = [
    "AgentEntry",
    "Menu",
    "MenuEntry",
    "Program",
    "Prompt",
    "Rendering",
    "Report",
    "SeatEntry",
    "Site",
    "SiteFaults",
    "Voice",
    "check",
    "digest",
    "parse",
    "read",
    "recording",
    "sound_of",
]
