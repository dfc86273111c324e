"""What `ccplane handover` makes of what the planes say, each of them a script of answers."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ccplane.child import put_record, started
from ccplane.cli import handover, main, status

NO_SUCH_PROCESS = 2**22 + 1
OLD = {"pid": NO_SUCH_PROCESS, "version": "1", "stage": "none", "why": "", "successor": 2, "took_ms": {}, "calls": 3}
NEW = OLD | {"pid": 2, "version": "2", "successor": None}
LEAVING = OLD | {"stage": "draining"}

Answer = dict[str, Any] | tuple[int, bytes] | None
"""A status of 200 or 202 with this; another with these bytes; or the connection is broken off."""


class Scripted(HTTPServer):
    """Gives its answers one by one, then closes its port."""

    timeout = 0.05
    stopped = False

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)

    def serve(self) -> None:
        while self.answers and not self.stopped:
            self.handle_request()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        assert isinstance(self.server, Scripted)
        told = self.server.answers.pop(0)
        if told is None:
            return
        status, body = told if isinstance(told, tuple) else (202 if self.command == "POST" else 200, b"")
        body = body or json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names are http.server's

    def log_message(self, *_: object) -> None:
        pass


Say = Callable[..., Result]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Say]:
    """Run `handover` with these arguments against a plane that gives these answers."""
    monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path))
    monkeypatch.setenv("CCPLANE_ADMIN_TOKEN", "token")
    monkeypatch.setattr(handover, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(handover, "SILENT_S", 10.0)
    monkeypatch.setattr(handover, "ROUTES_WITHIN_S", 10.0)
    monkeypatch.setattr(handover, "TELL_EVERY_S", 0.0)
    monkeypatch.setattr(handover, "GONE_WITHIN_S", 0.05)
    threads: list[threading.Thread] = []
    servers: list[Scripted] = []

    def run(arguments: str, answers: list[Answer]) -> Result:
        server = Scripted(answers)
        servers.append(server)
        monkeypatch.setenv("CCPLANE_PORT", str(server.server_port))
        threads.append(threading.Thread(target=server.serve, daemon=True))
        threads[-1].start()
        return CliRunner().invoke(main, ["handover", *arguments.split()])

    yield run
    for server in servers:
        server.stopped = True
    for thread in threads:
        thread.join(5)


def test_it_is_done_only_when_the_new_process_says_that_calls_are_routed(say: Say) -> None:
    given = OLD | {"stage": "given"}
    result = say(
        "", [OLD, OLD, given, NEW, NEW, NEW | {"stage": "done", "took_ms": {"total": 90.0, "undecided": 50.0}}]
    )
    assert result.exit_code == 0
    assert "Process 2 (version 2) routes calls" in result.stdout
    assert "Events waited for 90 ms, 50 ms of them undecided." in result.stdout


def test_a_new_process_that_routes_nothing_is_an_error_after_a_while(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "ROUTES_WITHIN_S", 0.05)
    result = say("", [OLD, *[NEW] * 400])
    assert result.exit_code == 1
    assert "Process 2 has taken over, but routes no calls yet" in result.stderr


def test_why_it_failed_is_said_here(say: Say) -> None:
    result = say("", [OLD, OLD | {"stage": "failed", "why": "acd/queues.toml:4: unknown key."}])
    assert result.exit_code == 1
    assert "Nothing was handed over" in result.stderr
    assert "acd/queues.toml:4: unknown key." in result.stderr


def test_a_third_process_is_no_success(say: Say) -> None:
    result = say("", [OLD, OLD | {"pid": 7, "stage": "done"}])
    assert result.exit_code == 1
    assert "process 7, which was started after it" in result.stderr


def test_drained_it_has_left_once_its_port_is_closed_not_when_an_answer_is_lost(say: Say) -> None:
    result = say("--drain", [LEAVING, None, (200, b"half of an ans"), None, LEAVING | {"calls": 2}, LEAVING])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"Process {NO_SUCH_PROCESS} takes no new calls; it leaves when the last of its 3 is over.",
        "Calls that it waits for: 2.",
        "Calls that it waits for: 3.",
        "It has left.",
    ]


def test_drained_it_has_left_though_another_process_has_that_number_here(say: Say) -> None:
    """As with a plane in a container: 1 is this machine's own first process."""
    elsewhere = LEAVING | {"pid": 1, "started": 7_000_000_000}
    result = say("--drain", [elsewhere, elsewhere])
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "It has left.")


def test_a_process_whose_port_is_closed_and_that_does_not_end_has_not_left(say: Say) -> None:
    here = LEAVING | {"pid": os.getpid(), "started": started(os.getpid())}
    result = say("--drain", [here, here])
    assert result.exit_code == 1
    assert f"Process {os.getpid()} answers no more, but has not ended yet" in result.stderr


def test_a_network_that_is_cut_is_no_sign_that_it_has_left(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    connect, times = socket.create_connection, iter(range(100_000))

    def for_a_while(*given: Any, **more: Any) -> socket.socket:
        if next(times) >= 2:
            raise OSError(errno.EHOSTUNREACH, "No route to host")
        return connect(*given, **more)

    monkeypatch.setattr(socket, "create_connection", for_a_while)
    monkeypatch.setattr(handover, "SILENT_S", 0.2)  # nothing answers any more, however long it is waited for
    result = say("--drain", [LEAVING, LEAVING])
    assert result.exit_code == 2
    assert "It has left" not in result.stdout
    assert "cannot be reached from here" in result.stderr
    assert "No route to host" in result.stderr


def test_a_drain_that_was_given_up_ends_with_an_error(say: Say) -> None:
    result = say("--drain", [LEAVING, LEAVING, OLD])
    assert result.exit_code == 1
    assert f"The drain was given up: process {NO_SUCH_PROCESS} takes new calls, and stays." in result.stderr


def test_a_drain_is_cancelled(say: Say) -> None:
    result = say("--cancel", [OLD])
    assert (result.exit_code, result.stdout) == (0, f"Process {NO_SUCH_PROCESS} takes new calls again, and stays.\n")
    assert say("--cancel --drain", []).exit_code == 2


@pytest.mark.parametrize("within", ["nan", "inf", "604801", "-1", "soon"])
def test_a_time_that_is_none_is_refused_before_anybody_is_asked(say: Say, within: str) -> None:
    result = say(f"--drain --within {within}", [])
    assert result.exit_code == 2
    assert "--within" in result.stderr


@pytest.mark.parametrize("answer", [(404, b'{"message": "no such page"}'), (200, b"<html>"), (500, b"[]")])
def test_something_else_at_that_port_is_named_as_such(say: Say, answer: Answer) -> None:
    result = say("", [answer])
    assert result.exit_code == 2
    assert "is no ccplane" in result.stderr
    assert "CCPLANE_PORT" in result.stderr


def test_a_process_that_is_stopped_is_named_and_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stopped = subprocess.Popen([sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"])
    with socket.create_server(("127.0.0.1", 0)) as port:
        monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path))
        monkeypatch.setenv("CCPLANE_PORT", str(port.getsockname()[1]))
        monkeypatch.setattr(status, "PATIENCE_S", 0.2)
        try:
            os.waitpid(stopped.pid, os.WUNTRACED)
            put_record(tmp_path / "plane.json", stopped.pid)
            result = CliRunner().invoke(main, ["status"])
        finally:
            stopped.send_signal(signal.SIGKILL)
            stopped.wait()
    assert result.exit_code == 1
    assert f"process {stopped.pid} is stopped. `kill -CONT {stopped.pid}` lets it go on" in result.stderr
