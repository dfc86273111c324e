"""How the running plane is asked: over HTTP as anybody may, with the administrator's token where it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ccplane.errors import CcplaneError, RequestError, SetupError

if TYPE_CHECKING:
    from ccplane.settings import Settings

TIMEOUT_S: Final = 10.0


@contextmanager
def asking(settings: Settings, token: str = "", patience_s: float = TIMEOUT_S) -> Iterator[Any]:
    """A function that asks the running plane: method, path, body, and which statuses are an answer."""
    import httpx

    def ask(method: str, path: str, body: Any = None, expected: tuple[int, ...] = (200,)) -> Any:
        try:
            response = client.request(method, path, json=body)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            sentence = f"No ccplane answers at {url_of(settings)}: is it running, and is CCPLANE_PORT right? ({error})"
            raise SetupError("not-running", sentence) from error
        if response.status_code not in expected:
            _refused(response.status_code, answer)
        return answer

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url_of(settings), headers=headers, timeout=patience_s, trust_env=False) as client:
        yield ask


def _refused(status: int, problem: dict[str, Any]) -> None:
    kind = RequestError if status < 500 else CcplaneError
    apart = "\n  " if problem["code"] == "site-faults" else " "
    faults = "".join(f"{apart}{fault['where']}: {_sentence(fault['message'])}" for fault in problem.get("errors", ()))
    raise kind(problem["code"], problem["detail"] + faults)


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
