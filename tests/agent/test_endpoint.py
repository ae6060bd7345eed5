"""Who is at the other end: sockets of the file system, and the loopback port that stands for one on Windows, here with Linux's own table."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.waiting import wait_for

from reteamz.agent.connections import Address, found_by_lsof, found_in_table, user_at
from reteamz.agent.control import NAME, ControlServer, Request, Status, ask
from reteamz.agent.endpoint import Endpoint, LoopbackEndpoint, UnixEndpoint, peer_of_xucred
from reteamz.agent.localapi.guard import require_user
from reteamz.agent.sessions.link import connect
from reteamz.agent.users import ROOT, SYSTEM, number_of
from reteamz.wire.errors import ReteamzError

STATUS = Status(
    running=True, mode="plain", account="a", device="d", server="s", fingerprint="f", recorded=[], waiting=0
)
SOMEBODY_ELSE = 4_711


def accepted_user(there: Address, here: Address) -> int | None:
    """Look up a user as soon as there is one: on Linux an end has none before its program accepted the connection."""
    found: list[int | None] = []
    wait_for(lambda: found.append(user_at(there, here)) or found[-1] is not None, what="the user of an end")
    return found[-1]


def loopback() -> LoopbackEndpoint:
    return LoopbackEndpoint(accepted_user)


WAYS: list[Callable[[], Endpoint]] = [UnixEndpoint, loopback]


@pytest.mark.parametrize("way", WAYS)
def test_the_agent_answers_its_own_user(way: Callable[[], Endpoint], tmp_path: Path) -> None:
    assert ask(tmp_path, Request("status"), way()) is None, "nobody listens"
    server = ControlServer(tmp_path, lambda _, user: msgspec.structs.replace(STATUS, waiting=user), way())
    try:
        assert ask(tmp_path, Request("status"), way()) == msgspec.structs.replace(STATUS, waiting=os.geteuid())
    finally:
        server.close()
    assert ask(tmp_path, Request("status"), way()) is None
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("user", [None, SOMEBODY_ELSE])
def test_whom_the_system_does_not_name_gets_no_answer(user: int | None, tmp_path: Path) -> None:
    asked: list[Request] = []

    def answer(request: Request, _: int) -> Status:
        asked.append(request)
        return STATUS

    server = ControlServer(tmp_path, answer, LoopbackEndpoint(lambda *_: user))
    try:
        assert ask(tmp_path, Request("status"), LoopbackEndpoint()) is None
    finally:
        server.close()
    assert asked == []


def test_nothing_is_said_to_another_users_port(tmp_path: Path) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as trap:
        (tmp_path / NAME).write_text(str(trap.getsockname()[1]))

        def listen() -> None:
            connection, _ = trap.accept()
            with connection:
                heard.append(connection.recv(100))

        thread = threading.Thread(target=listen)
        thread.start()
        assert ask(tmp_path, Request("status"), LoopbackEndpoint(lambda *_: SOMEBODY_ELSE)) is None
        thread.join(10)
    assert heard == [b""]


@pytest.mark.parametrize("text", ["", "port", "0", "1", "99999999"])
def test_a_file_without_a_port_is_no_agent(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    assert ask(tmp_path, Request("status"), LoopbackEndpoint()) is None


def test_a_helper_speaks_to_the_service_alone(tmp_path: Path) -> None:
    ends: list[tuple[object, object]] = []

    def service(here: object, there: object) -> bool:
        ends.append((here, there))
        return len(ends) > 1

    way = LoopbackEndpoint(service=service)
    assert connect(tmp_path / NAME, way=way) is None
    with way.listen(tmp_path / NAME, True, 8) as listening:
        with pytest.raises(ReteamzError, match="forbidden"):
            connect(tmp_path / NAME, way=way)
        link = connect(tmp_path / NAME, way=way)
        assert link is not None
        link.close()
        assert ends[0][0] == listening.getsockname()


def test_a_file_that_everybody_may_replace_names_no_service(tmp_path: Path) -> None:
    way = UnixEndpoint()
    with way.listen(tmp_path / NAME, True, 8):
        link = connect(tmp_path / NAME, way=way)
        assert link is not None
        link.close()
        tmp_path.chmod(0o777)
        with pytest.raises(ReteamzError, match="forbidden"):
            connect(tmp_path / NAME, way=way)


def test_a_server_closes_while_it_waits(tmp_path: Path) -> None:
    for way in WAYS:
        server = ControlServer(tmp_path, lambda *_: STATUS, way())
        server.close()
        wait_for(lambda server=server: not server._thread.is_alive(), what="its thread")  # type: ignore[misc]  # a default


def test_macos_names_the_user_of_a_socket() -> None:
    """As sys/ucred.h lays it out: version, user, number of groups, groups."""
    raw = struct.pack("=IIh2x16I", 0, 501, 1, 20, *[0] * 15)
    assert len(raw) == 76
    assert peer_of_xucred(raw) == 501
    assert peer_of_xucred(struct.pack("=IIh2x16I", 1, 501, 1, 20, *[0] * 15)) is None
    assert peer_of_xucred(b"") is None


LSOF = """p811
u501
f23
n127.0.0.1:52001->127.0.0.1:5600
f24
n127.0.0.1:52002->127.0.0.1:5600
p900
u502
f7
n127.0.0.1:5600->127.0.0.1:52001
n127.0.0.1:52003->127.0.0.1:5600
p901
f7
n127.0.0.1:52004->127.0.0.1:5600
"""
"""Made from lsof(8), "OUTPUT FOR OTHER PROGRAMS", not on a machine."""


@pytest.mark.parametrize(("port", "user"), [(52001, 501), (52002, 501), (52003, 502), (52004, None), (52005, None)])
def test_macos_names_the_user_of_a_connection(port: int, user: int | None) -> None:
    assert found_by_lsof(LSOF, ("127.0.0.1", port), ("127.0.0.1", 5600)) == user


def test_a_connection_that_is_nobodys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    assert user_at(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
    with pytest.raises(ReteamzError, match="forbidden"):
        require_user(None, shared=True)


def test_windows_accounts_are_numbers() -> None:
    ann = "S-1-5-21-3623811015-3361044348-30300820-1013"
    assert number_of(SYSTEM) == ROOT
    assert number_of(ann) == number_of(ann.lower())
    assert 0 < number_of(ann) < 1 << 63
    assert number_of(ann) != number_of(ann[:-1] + "4")


@pytest.mark.parametrize(
    ("state", "inode", "user"), [("01", "4711", 1000), ("06", "0", None), ("01", "0", None), ("08", "4711", None)]
)
def test_a_connection_that_was_closed_is_nobodys(state: str, inode: str, user: int | None) -> None:
    """The kernel's table shows such a one as root's (Linux, Documentation/networking/proc_net_tcp.rst)."""
    line = f"   0: 0100007F:BC4E 0100007F:15E0 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1"
    assert found_in_table([line], ("127.0.0.1", 0xBC4E), ("127.0.0.1", 0x15E0)) == user
