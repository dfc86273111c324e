"""How the running plane is asked: over HTTP as anybody may, with the administrator's token where it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ccplane.errors import CcplaneError, RequestError, SetupError

if TYPE_CHECKING:
    from ccplane.settings import Settings

PDF: Final = "application/pdf"
"""What is given as bytes; all else is JSON."""
TIMEOUT_S: Final = 10.0
SILENT_S: Final = 45.0
"""A stream says every 15 s at least that it is there."""
NOBODY: Final = "not-running"
"""The code of the error if nobody is there at all: the connection is refused."""
NO_WAY: Final = "not-reached"
"""There is no way to it from here, or its name is not known: nothing is said of who is there."""
SLOW: Final = "no-answer"
"""Somebody is there, but has not answered in time."""
NOT_OURS: Final = "not-ccplane"


@contextmanager
def asking(settings: Settings, token: str = "", patience_s: float = TIMEOUT_S) -> Iterator[Any]:
    """A function that asks the running plane: method, path, body, and which statuses are an answer. SetupError NOBODY,
    NO_WAY, SLOW, NOT_OURS."""
    import httpx

    def ask(method: str, path: str, body: Any = None, expected: tuple[int, ...] = (200,)) -> Any:
        try:
            response = client.request(method, path, json=body)
        except httpx.TimeoutException as error:
            raise SetupError(SLOW, _slow(settings, patience_s)) from error
        except httpx.HTTPError as error:
            raise _away(settings, error, connected=not isinstance(error, httpx.ConnectError)) from error
        if response.status_code == 204 and 204 in expected:
            return None
        if response.status_code in expected and response.headers.get("content-type") == PDF:
            return response.content
        try:
            answer = response.json()
        except ValueError as error:
            raise _not_ours(settings, response.status_code) from error
        if response.status_code not in expected:
            _refused(settings, response.status_code, answer)
        return answer

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url_of(settings), headers=headers, timeout=patience_s, trust_env=False) as client:
        yield ask


@contextmanager
def listening(settings: Settings, path: str, asked: dict[str, str], token: str) -> Iterator[Iterator[tuple[str, str]]]:
    """Server-sent events of the running plane as (name, data), until it ends them or is gone. SetupError as asking."""
    import httpx

    headers = {"Authorization": f"Bearer {token}"}
    patience = httpx.Timeout(TIMEOUT_S, read=SILENT_S)
    with httpx.Client(base_url=url_of(settings), headers=headers, timeout=patience, trust_env=False) as client:
        try:
            with client.stream("GET", path, params=asked) as response:
                if response.status_code != 200:
                    response.read()
                    _refused(settings, response.status_code, response.json())
                yield _events(response.iter_lines())
        except httpx.TimeoutException as error:
            raise SetupError(SLOW, _slow(settings, SILENT_S)) from error
        except httpx.HTTPError as error:
            raise _away(settings, error, connected=not isinstance(error, httpx.ConnectError)) from error
        except ValueError as error:
            raise _not_ours(settings, 200) from error


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")


def _refused(settings: Settings, status: int, problem: Any) -> None:
    if not isinstance(problem, dict) or not {"code", "detail"} <= problem.keys():
        raise _not_ours(settings, status)
    kind = RequestError if status < 500 else CcplaneError
    apart = "\n  " if problem["code"] == "site-faults" else " "
    faults = "".join(f"{apart}{fault['where']}: {_sentence(fault['message'])}" for fault in problem.get("errors", ()))
    raise kind(problem["code"], problem["detail"] + faults)


def _away(settings: Settings, error: Exception, *, connected: bool) -> SetupError:
    if _is_refused(error):
        sentence = f"No ccplane answers at {url_of(settings)}: is it running, and is CCPLANE_PORT right? ({error})"
        return SetupError(NOBODY, sentence)
    if not connected:
        why = f"is CCPLANE_BIND right, and the network up? ({error})"
        return SetupError(NO_WAY, f"{url_of(settings)} cannot be reached from here: {why}")
    return SetupError(SLOW, f"ccplane at {url_of(settings)} broke the connection off: it may just be ending. ({error})")


def _is_refused(error: BaseException | None) -> bool:
    """Whether the machine is there, and nobody at that port of it."""
    while error is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__context__  # httpcore raises it again "from None"
    return error is not None


def _slow(settings: Settings, patience_s: float) -> str:
    """A process that is stopped keeps its port open; if it is known which one that is, it is looked at."""
    from ccplane.child import is_stopped, recorded

    pid = recorded(settings.runtime / "plane.json")
    where = f"ccplane at {url_of(settings)} has not answered within {patience_s:g} s"
    if pid is not None and is_stopped(pid):
        return f"{where}: process {pid} is stopped. `kill -CONT {pid}` lets it go on; calls that are up stay up."
    return (
        f"{where}. Its port is open, so a process is there, but stopped (state T in `ps`: `kill -CONT` lets it go on) "
        "or held up; if it stays so, end it with SIGKILL and start it again: calls that are up stay up."
    )


def _not_ours(settings: Settings, status: int) -> SetupError:
    sentence = f"What answers at {url_of(settings)} is no ccplane (status {status}): is CCPLANE_PORT right?"
    return SetupError(NOT_OURS, sentence)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "?")) else f"{words}."


def url_of(settings: Settings) -> str:
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    return f"http://{host}:{settings.port}"


def segment(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def admin_token(settings: Settings) -> str:
    token = known_token(settings)
    if not token:
        path = _token_file(settings)
        raise SetupError(
            "no-token",
            f"There is no administrator's token in {path}: start ccplane, which makes it, or set CCPLANE_ADMIN_TOKEN.",
            path=str(path),
        )
    return token


def known_token(settings: Settings) -> str:
    """The administrator's, or nothing."""
    from ccplane.private import read_private

    return settings.admin_token or read_private(_token_file(settings))


def _token_file(settings: Settings) -> Path:
    return settings.runtime / "admin-token"
