"""What the environment may set: CCPLANE_*, and nothing else. Every value has a default that works on one machine.

A variable that is wrong, or that nobody reads, is a SetupError that names it: a setting that is silently ignored costs
a night. What an operator decides about calls is not here but in the site's files.
"""

from __future__ import annotations

import difflib
import errno
import ipaddress
import os
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplane.addresses import (
    database_address,
    mail_address,
    mailbox,
    networks,
    screens_token,
    token,
    web_address,
)
from ccplane.errors import SetupError

PREFIX: Final = "CCPLANE_"
HOME: Final = Path(__file__).resolve().parents[2]
"""The project's top folder, which is also the demo site."""

READ_ELSEWHERE: Final = {"CCPLANE_DEBIAN_MIRROR", "CCPLANE_HANDOVER", "CCPLANE_SUPERVISOR"}
"""By asterisk-docker/install.sh, and between a plane and its successor."""


def _loopback(address: str) -> str:
    try:
        if ipaddress.IPv4Address(address).is_loopback:
            return address
    except ValueError:
        raise ValueError(f"{address!r} is not an IPv4 address") from None
    raise ValueError(f"{address} is not a loopback address; anything else waits for TLS")


def _node_name(name: str) -> str:
    if not (name.isascii() and name.isalnum() and len(name) <= 20):
        raise ValueError("a node's name is 1 to 20 letters and digits")
    return name


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Folder = Annotated[Path, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=1, le=65535)]
Loopback = Annotated[str, AfterValidator(_loopback)]
DatabaseAddress = Annotated[str, AfterValidator(database_address)]
WebAddress = Annotated[str, AfterValidator(web_address)]
MailAddress = Annotated[str, AfterValidator(mail_address)]
Mailbox = Annotated[str, AfterValidator(mailbox)]
Token = Annotated[str, AfterValidator(token)]
ScreensToken = Annotated[str, AfterValidator(screens_token)]
Networks = Annotated[str, AfterValidator(networks)]


class Settings(BaseSettings):
    """One field for each variable: `sip_port` is CCPLANE_SIP_PORT. Secrets never show in its repr. docs/settings.md is
    made of the docstrings (`python -m tests.settings_page`)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    site: Folder = HOME
    """The folder with the site's own: dialplan, ari_apps, ivr, acd, recordings. Unless set, the demo site."""
    runtime: Folder = HOME / ".runtime"
    """What is made at run time: the Asterisk root, node, database, outbox, recordings, admin token."""

    bind: Loopback = "127.0.0.1"
    """The address on which everything listens that is started here. Only loopback: anything else waits for TLS."""
    external_address: Loopback = "127.0.0.1"
    """Where phones find Asterisk; told as registrar, with CCPLANE_SIP_PORT."""
    port: Port = 8080
    """ccplane's own: API, wallboard, pages."""
    sip_port: Port = 5060
    """SIP of the private Asterisk, UDP and TCP."""
    http_port: Port = 8088
    """HTTP of the private Asterisk: ARI, and the browsers' phones."""
    ami_port: Port = 5038
    """AMI, of the private Asterisk or of the one at CCPLANE_AMI_HOST."""
    rtp_first: Port = 10000
    """The first UDP port for sound of the private Asterisk; a call takes four."""
    rtp_last: Port = 19999
    """The last of them."""

    trunk: str = Field("127.0.0.1:5090", pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")
    """Where the private Asterisk sends calls of agents to the outside: host:port."""

    node: Annotated[str, AfterValidator(_node_name)] = "ast1"
    """The name of the Asterisk that ccplane commands, its `systemname`: 1 to 20 letters and digits. A part of contacts'
    ids: never change it."""
    asterisk: Literal["root"] = "root"
    """How the private Asterisk is run: in a Debian root of its own."""
    asterisk_root: Folder | None = None
    """Where the private Debian root lies; `<runtime>/asterisk-root` unless set."""
    ari_url: WebAddress = Field("", pattern=r"^(https?://.+)?$")
    """An Asterisk that already runs; then none is started. Ends in /ari. It needs ccplane's dialplan/*.conf, or the
    contexts that they have."""
    ari_username: str = "ccplane"
    """The account in its ari.conf."""
    ari_password: str = Field("", repr=False)
    """Its password."""
    ami_host: str = Field("", pattern=r"^[\w.:-]*$")
    """Where AMI is; the host of CCPLANE_ARI_URL unless set. CCPLANE_AMI_PORT is its port."""
    ami_username: str = ""
    """The account in its manager.conf. Without one calls are routed all the same; talks are not recorded, phones are
    looked at every 15 s only, and the fallback knows no agents."""
    ami_password: str = Field("", repr=False)
    """Its password."""
    guard_s: float = Field(20.0, ge=5, le=600)
    """For how long ccplane's heartbeat must stand still before `ccplane guard` carries callers to the fallback. A
    phone that is answered meanwhile waits for 25 s at most, whatever stands here (docs/guard.md)."""
    guard_ami_username: str = ""
    """The guard's own account in manager.conf; the plane's unless set."""
    guard_ami_password: str = Field("", repr=False)
    """Its password."""
    guard_queue_log: Folder | None = None
    """Asterisk's queue_log, which the guard reads to tell ccplane what became of callers in the fallback."""
    guard_api: WebAddress = Field("", pattern=r"^(https?://.+)?$")
    """Where the guard finds ccplane's API; at CCPLANE_BIND and CCPLANE_PORT unless set."""
    guard_token: Token = Field("", repr=False)
    """By which the guard may tell ccplane of the fallback's calls, and read nothing: the same for both. Without it one
    is made in `<runtime>/guard-token`."""
    qualify_s: int = Field(15, ge=1, le=3600)
    """How often each phone is asked whether it is there; one that doesn't answer within 3 s is offered nothing."""
    rtp_timeout_s: int = Field(30, ge=0, le=3600)
    """A call from whose phone no sound comes for so long is ended: the phone has vanished. 0: never. Phones that send
    nothing while nobody speaks need it longer than people are silent."""
    spool: Folder | None = None
    """The node's /var/spool/asterisk as this machine sees it; the private node's unless set. Of one that cannot be
    reached from here messages are asked for by ARI, and talks are not recorded."""
    sounds: Folder | None = None
    """Where prompts go that were rendered: what the node plays as `sound:ccplane/…`; the private node's unless set."""

    database_url: DatabaseAddress = Field("", repr=False)
    """A Postgres that already runs; then none is started. `postgresql://USER:PASSWORD@HOST:PORT/NAME`; of the password
    `# / ? @ [ ]` are percent-encoded (`%23 %2F %3F %40 %5B %5D`)."""
    outbox_mb: int = Field(2048, ge=16, le=1_000_000)
    """How large the outbox may grow while Postgres is away (docs/postgres-away.md says how long that lasts). Half of it
    gone, or of what its disk can still give, is an alarm."""

    smtp_url: MailAddress = Field("", repr=False)
    """The server that takes the mails of docs/voicemail.md: `starttls://USER:PASSWORD@HOST:587`, `smtps://…:465`, or
    `smtp://HOST:25`, where nothing is encrypted. Of the password `# / ? @ [ ]` are percent-encoded."""
    smtp_from: Mailbox = ""
    """Whom they are from; unless set the user of CCPLANE_SMTP_URL if that is an address, else ccplane@ this machine."""
    public_url: WebAddress = Field("", pattern=r"^(https?://.+)?$")
    """Where people reach ccplane's API, for links in mails; at CCPLANE_BIND and CCPLANE_PORT unless set."""

    lease_s: float = Field(10.0, ge=2.0, le=300.0)
    """For how long one plane may lead without Postgres having confirmed it: another can take over after that."""

    admin_token: Token = Field("", repr=False)
    """The first administrator's; without it one is made in `<runtime>/admin-token`."""
    wallboard_token: ScreensToken = Field("", repr=False)
    """By which a screen may watch the wallboard, and nothing else (docs/wallboard.md); without it one is made in
    `<runtime>/wallboard-token`. 16 letters at the least."""
    wallboard_networks: Networks = ""
    """Networks from which anybody may watch the wallboard without a token: `10.1.0.0/16, 192.168.7.20`."""
    proxies: Networks = ""
    """Addresses of your own reverse proxies. Only these are believed whom they ask for (`X-Forwarded-For`)."""
    demo_agents: int = Field(20, ge=0, le=9000)
    """How many agents the range `[demo]` of acd/agents.toml has, whatever it says."""
    watch: bool = False
    """1: the site is read again whenever a file of it is saved, as `ccplane reload` does. For whoever writes one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is written to the log."""

    @property
    def ami_address(self) -> str:
        return self.ami_host or urlsplit(self.ari_url).hostname or self.bind

    @property
    def guard_account(self) -> tuple[str, str]:
        """The guard's user of AMI, and its password."""
        if self.guard_ami_username:
            return self.guard_ami_username, self.guard_ami_password
        return self.ami_username, self.ami_password

    @property
    def guard_tells(self) -> str:
        """The API that the guard tells of the fallback's calls."""
        return self.guard_api or f"http://{self.bind}:{self.port}"

    @property
    def reached_at(self) -> str:
        """Where people reach the API."""
        return self.public_url or f"http://{self.bind}:{self.port}"

    @property
    def root_dir(self) -> Path:
        return self.asterisk_root or self.runtime / "asterisk-root"

    @property
    def node_dir(self) -> Path:
        return self.runtime / f"node-{self.node}"

    @property
    def sounds_dir(self) -> Path:
        return self.sounds or self.node_dir / "sounds"

    @property
    def spool_dir(self) -> Path:
        return self.spool or self.node_dir / "spool"

    @property
    def recordings_dir(self) -> Path:
        """What was recorded, converted: YYYY/MM/DD/."""
        return self.runtime / "recordings"

    @property
    def messages_dir(self) -> Path:
        """What callers left for us to hear."""
        return self.runtime / "messages"

    @property
    def faxes_dir(self) -> Path:
        """Where the faxes that callers send us are kept."""
        return self.runtime / "faxes"

    @property
    def postgres_dir(self) -> Path:
        return self.runtime / "postgres"


def load() -> Settings:
    """The settings of this process's environment; SetupError "bad-setting" names each variable that is wrong."""
    faults = [_unread(name) for name in sorted(os.environ) if _is_unread(name)]
    try:
        settings = Settings()
    except ValidationError as error:
        faults += [_wrong(fault["loc"], fault["msg"]) for fault in error.errors()]
    else:
        if settings.rtp_last - settings.rtp_first < 3:
            faults.append(f"{PREFIX}RTP_LAST: must be at least 3 above {PREFIX}RTP_FIRST, a call needs four ports")
        if not faults:
            return settings
    raise SetupError("bad-setting", "Wrong in the environment:\n  " + "\n  ".join(faults), faults=faults)


def make_runtime(runtime: Path) -> None:
    """The folder for what is produced at run time; SetupError "bad-runtime" if it can't be had."""
    try:
        runtime.mkdir(parents=True, exist_ok=True)
        if not os.access(runtime, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SetupError(
            "bad-runtime",
            f"{runtime} cannot be written ({error.strerror}): name another folder with {PREFIX}RUNTIME.",
            path=str(runtime),
        ) from error


def _is_unread(name: str) -> bool:
    known = name.removeprefix(PREFIX).lower() in Settings.model_fields or name in READ_ELSEWHERE
    return name.startswith(PREFIX) and not known


def _unread(name: str) -> str:
    all_names = [PREFIX + field.upper() for field in Settings.model_fields]
    near = difflib.get_close_matches(name, all_names, n=1)
    return f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _wrong(location: tuple[int | str, ...], message: str) -> str:
    field = str(location[0])
    name = field.upper() if field.upper().startswith(PREFIX) else PREFIX + field.upper()
    return f"{name}: {message.removeprefix('Value error, ')}"
