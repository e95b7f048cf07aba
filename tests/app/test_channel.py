"""The worker's socket: private, and reachable however long the folder's path is."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from app import channel


def talk(folder: Path) -> None:
    with channel.listen(folder) as server, channel.connect(folder) as client:
        server.setblocking(True)
        answer, _ = server.accept()
        with answer:
            answer.sendall(b"hello")
            client.setblocking(True)
            assert client.recv(10) == b"hello"


def test_worker_and_web_find_each_other(tmp_path: Path) -> None:
    talk(tmp_path)
    assert stat.S_IMODE((tmp_path / channel.NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("length", range(85, 110, 4))
def test_a_path_around_and_beyond_the_kernels_limit_is_no_obstacle(length: int, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * max(1, length - len(os.fsencode(tmp_path)) - 1))
    folder.mkdir()
    talk(folder)


def test_a_path_far_beyond_the_limit_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("数据" * 40) / ("y" * 200)
    folder.mkdir(parents=True)
    talk(folder)
    assert stat.S_IMODE((folder / channel.NAME).stat().st_mode) == 0o600


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    channel.listen(tmp_path).close()
    with pytest.raises(ConnectionRefusedError):
        channel.connect(tmp_path)
    talk(tmp_path)


def test_nobody_there_is_an_ordinary_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        channel.connect(tmp_path)
    with pytest.raises(FileNotFoundError):
        channel.connect(tmp_path / "nowhere")


def test_descriptors_are_not_left_open(tmp_path: Path) -> None:
    folder = tmp_path / ("z" * 120)
    folder.mkdir()
    before = os.listdir("/proc/self/fd")
    talk(folder)
    with pytest.raises(OSError, match="refused"):
        channel.connect(folder)
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_line_is_json_and_one_line() -> None:
    line = channel.line(type="case", text="a\nb 注意力")
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"type": "case", "text": "a\nb 注意力"}
