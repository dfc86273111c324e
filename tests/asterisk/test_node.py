"""A private Asterisk starts, ends, dies and comes back, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ccplane.asterisk.booting import ari_status
from ccplane.asterisk.node import OWN_LOGS, LocalNode
from ccplane.asterisk.ports import NodePorts
from ccplane.asterisk.rendering import fill, hosts
from ccplane.child import ended, started
from ccplane.errors import SetupError, SwitchError
from ccplane.long_logs import MOST_BYTES, before
from tests.asterisk.rest_server import until
from tests.ports import node_ports
from tests.stack import MakeNode

asterisk = pytest.mark.asterisk


@asterisk
async def test_a_started_node_answers_ari_with_every_module_loaded_and_no_fault_in_its_log(make_node: MakeNode):
    node = make_node()
    await node.start()
    assert await ari_status(node.bind, node.http_port, node.ari_username, node.ari_password) == 200
    assert (node.log_dir / "messages.log").read_text().count("ERROR") == 0
    assert "Running" in await node.cli("module show like res_ari_channels")
    await node.stop()


@asterisk
async def test_logs_that_have_grown_too_long_are_put_aside_at_the_next_start(make_node: MakeNode):
    node = make_node()
    node.log_dir.mkdir(parents=True)
    for each in OWN_LOGS:
        with (node.log_dir / each).open("wb") as file:
            file.truncate(MOST_BYTES + 1)
    await node.start()
    for each in OWN_LOGS:
        assert before(node.log_dir / each).stat().st_size > MOST_BYTES
        await until((node.log_dir / each).exists)
        assert (node.log_dir / each).stat().st_size < MOST_BYTES
    await node.stop()


@asterisk
async def test_the_command_asks_the_console_of_a_node_that_somebody_else_started(local_node: LocalNode, tmp_path: Path):
    (tmp_path / "node-ast1").symlink_to(local_node.directory)
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ccplane", "asterisk", "core", "show", "version"),
        env=os.environ | {"CCPLANE_RUNTIME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(asked.communicate(), 20)
    assert (asked.returncode, said[:12]) == (0, b"Asterisk 22."), said


@asterisk
async def test_a_wrong_ari_password_is_refused(local_node: LocalNode):
    assert await ari_status(local_node.bind, local_node.http_port, local_node.ari_username, "wrong") == 401


@asterisk
async def test_stop_leaves_no_process_no_mount_no_port_and_no_record(make_node: MakeNode):
    node = make_node()
    mounts = Path("/proc/mounts").read_text()
    await node.start()
    assert Path("/proc/mounts").read_text() == mounts
    pid = node.pid
    await node.stop()
    assert started(pid) is None
    assert not node.running
    assert not (node.directory / "run" / "process.json").exists()
    await node.start()  # its ports are free again
    await node.stop()


@asterisk
async def test_a_killed_node_starts_again_with_the_same_secrets(make_node: MakeNode):
    node = make_node()
    await node.start()
    password = node.ari_password
    await asyncio.to_thread(node.kill)
    assert await node.wait() == -signal.SIGKILL
    await node.start()
    assert node.ari_password == password
    await node.stop()


@asterisk
async def test_the_astdb_outlives_a_restart(make_node: MakeNode):
    node = make_node()
    await node.start()
    await node.cli("database put ccplane kept yes")  # written to disk once a second: a kill -9 may lose the last one
    await node.restart()
    assert "yes" in await node.cli("database get ccplane kept")
    await node.stop()


@asterisk
async def test_two_nodes_run_from_one_root_and_neither_can_write_it(make_node: MakeNode, asterisk_root: Path):
    one, two = make_node(), make_node(name="ast2")
    await asyncio.gather(one.start(), two.start())
    assert one.ari_password != two.ari_password
    assert "ast2" in await two.cli("core show settings")
    inside = Path(f"/proc/{one.pid}/root/usr/share/asterisk/sounds/forbidden")
    with pytest.raises(OSError, match="Read-only"):
        inside.write_text("")
    await asyncio.gather(one.stop(), two.stop())


@asterisk
async def test_sound_goes_before_what_else_the_machine_does_where_that_is_allowed(local_node: LocalNode):
    allowed = subprocess.run("renice -n -5 -p $$", shell=True, check=False, capture_output=True).returncode == 0
    assert local_node.pid
    assert os.getpriority(os.PRIO_PROCESS, local_node.pid) == (-5 if allowed else os.getpriority(os.PRIO_PROCESS, 0))


@asterisk
async def test_asterisk_holds_no_capability(local_node: LocalNode):
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{local_node.pid}/status").read_text().splitlines())
    assert {status[each] for each in ("CapPrm", "CapEff", "CapBnd", "CapInh")} == {"0" * 16}


@asterisk
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_taken_sip_port_is_named_with_the_variable_that_moves_it(make_node: MakeNode, kind):
    node = make_node()
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", node.sip_port))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(SetupError, match=rf"{node.sip_port} .*CCPLANE_SIP_PORT=") as refused:
            await node.start()
    assert refused.value.code == "port-taken"
    assert not node.running


async def test_without_root_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="root") as refused:
        await LocalNode(tmp_path, tmp_path / "node").start()
    assert refused.value.code == "no-rights"


async def test_a_missing_root_is_named_with_the_command_that_makes_it(tmp_path: Path):
    with pytest.raises(SetupError, match=r"install\.sh root"):
        await LocalNode(tmp_path / "nothing", tmp_path / "node").start()


@asterisk
async def test_an_asterisk_that_cannot_start_is_reported_in_its_own_words(make_node: MakeNode, tmp_path: Path):
    (tmp_path / "asterisk.conf").write_text("[directories]\nastmoddir => /nowhere\n[options]\n")
    (tmp_path / "modules.conf").write_text("[modules]\nautoload = no\nrequire = res_nothing.so\n")
    node = make_node(templates=tmp_path)
    with pytest.raises(SwitchError, match="res_nothing"):
        await node.start()
    assert not node.running


PARENT = """
import asyncio, sys
from pathlib import Path
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.ports import NodePorts
root, directory, outlive, *ports = sys.argv[1:]
async def main():
    node = LocalNode(Path(root), Path(directory), ports=NodePorts(*map(int, ports)), outlive_parent=outlive == "yes")
    await node.start()
    print(node.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def _a_parent_with_a_node(root: Path, directory: Path, ports: NodePorts, outlive: str) -> tuple[subprocess.Popen, int]:
    numbers = [str(each) for each in (ports.sip, ports.http, ports.ami, ports.rtp_first, ports.rtp_last)]
    command = [sys.executable, "-c", PARENT, root, directory, outlive, *numbers]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE)
    return parent, int(parent.stdout.readline())


@asterisk
async def test_when_its_parent_is_killed_asterisk_ends(asterisk_root: Path, tmp_path: Path):
    parent, pid = _a_parent_with_a_node(asterisk_root, tmp_path, node_ports(), "no")
    with parent:
        parent.kill()
        await asyncio.wait_for(ended(pid), 20)


@asterisk
async def test_one_that_outlived_its_parent_is_found_and_ended_by_the_next_start(asterisk_root: Path, tmp_path: Path):
    ports = node_ports()
    parent, pid = _a_parent_with_a_node(asterisk_root, tmp_path, ports, "yes")
    with parent:
        parent.kill()
    assert started(pid)
    node = LocalNode(asterisk_root, tmp_path, ports=ports)
    await node.start()
    assert started(pid) is None
    await node.stop()


@pytest.mark.parametrize("left", [None, "", "{", "[]", '{"ari": ""}', '{"ari": "a"}'])
def test_secrets_that_a_cut_off_run_left_half_are_made_anew_and_then_kept(tmp_path: Path, left: str | None):
    path = tmp_path / "run" / "secrets.json"
    if left is not None:
        path.parent.mkdir()
        path.write_text(left)
    node = LocalNode(tmp_path, tmp_path)
    assert node.ari_password
    assert node.ami_password
    assert LocalNode(tmp_path, tmp_path).ari_password == node.ari_password
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_value_that_could_break_a_configuration_line_is_refused():
    assert fill("port = @PORT@ ; @", {"PORT": "5060"}) == "port = 5060 ; @"
    with pytest.raises(SetupError):
        fill("name = @NAME@", {"NAME": "a\nsystem = yes"})


def test_names_that_asterisk_looks_up_by_itself_never_reach_a_resolver():
    assert "127.0.0.1 localhost box A.ROOT-SERVERS.NET" in hosts("box")
