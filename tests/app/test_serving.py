"""Serving: where it listens, and what is said when it cannot."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.db import Database
from app.errors import UsageError
from app.serving import address_of, is_loopback, listen
from tests.app.disks import little_disk, needs_root, read_only
from tests.conftest import ROOT, Command


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_free_port_is_taken_when_none_is_named() -> None:
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        assert address_of(sock) == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port)):
            pass


def test_an_address_is_one_that_a_browser_on_this_machine_understands() -> None:
    with listen("0.0.0.0", 0) as sock:
        assert address_of(sock).startswith("http://127.0.0.1:")
    if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
        with listen("::1", 0) as sock:
            assert address_of(sock).startswith("http://[::1]:")


def test_a_port_in_use_is_refused(taken: int) -> None:
    with pytest.raises(UsageError, match=f"port {taken} is in use"):
        listen("127.0.0.1", taken)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "x" * 300, "注意力"])
def test_an_address_that_this_machine_does_not_have_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        listen(host, 0)


@pytest.mark.parametrize(
    ("host", "only_here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_only_this_machine_reaches(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here


def test_a_port_in_use_ends_the_command_with_one_sentence(torchkata: Command, taken: int, tmp_path: Path) -> None:
    for lang, what in (("en", "in use"), ("zh", "占用")):
        done = torchkata("serve", "--port", str(taken), "--lang", lang)
        assert (done.returncode, done.stdout) == (2, "")
        assert what in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_data_folder_that_is_none_ends_the_command_with_one_sentence(
    command: str, torchkata: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = torchkata(command, "--data", str(tmp_path / "file"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--data" in done.stderr
    assert done.stderr.count("\n") == 1


@needs_root
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_read_only_data_folder_ends_the_command_with_one_sentence(
    command: str, torchkata: Command, tmp_path: Path
) -> None:
    with little_disk(tmp_path / "disk") as disk, read_only(disk):
        done = torchkata(command, "--data", str(disk), "--lang", "zh")
    assert (done.returncode, done.stdout) == (2, "")
    assert "写权限" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_damaged_database_ends_the_command_with_one_sentence(
    command: str, torchkata: Command, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "torchkata.db").write_bytes(b"nonsense" * 1000)
    done = torchkata(command, *(["--port", "0"] if command == "serve" else []))
    assert (done.returncode, done.stdout) == (3, "")
    assert "damaged" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_newer_and_a_locked_database_end_the_command_with_one_sentence(torchkata: Command, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    other = sqlite3.connect(data / "torchkata.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    done = torchkata("serve", "--port", "0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "in use" in done.stderr
    other.close()
    Database.open(data / "torchkata.db").close()
    with sqlite3.connect(data / "torchkata.db") as other:
        other.execute("UPDATE alembic_version SET version_num = 'later'")
    other.close()
    done = torchkata("serve", "--port", "0", "--lang", "zh")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "更新版本" in done.stderr


def test_a_host_that_is_none_ends_the_command_with_one_sentence(torchkata: Command) -> None:
    done = torchkata("serve", "--host", "203.0.113.7", "--port", "0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_browser_that_does_not_come_back_keeps_nobody_from_ending(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, threading, urllib.request, webbrowser\n"
        "from app.serving import serve\n"
        "from app.settings import resolve\n"
        "def stuck(address):\n"
        "    urllib.request.urlopen(address, timeout=120).read()\n"  # from here on it minds signals
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Event().wait()\n"
        "webbrowser.open = stuck\n"
        "serve(resolve({'data': sys.argv[1], 'port': '0'}, {}), worker=False, open_page=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_who_is_cut_off_by_the_end_leaves_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "serve", "--data", str(tmp_path), "--port", "0", "--no-worker"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = urlsplit(next(word for word in process.stdout.readline().split() if word.startswith("http")))
        head = "POST /preferences HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as waits:
            waits.sendall(head.encode())
            assert waits.recv(100).startswith(b"HTTP/1.1 100 ")  # it is being read
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, said) == (0, "")
