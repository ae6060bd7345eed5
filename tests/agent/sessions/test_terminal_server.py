"""Two people on two displays of one computer, one service, and a third user who tries what they can."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.agent.conftest import account, log_rows
from tests.agent.sessions.conftest import RunningService, end_service, helping, start_service
from tests.agent.users import User, users
from tests.waiting import wait_for
from tests.windows import Windows, x_server, xdotool

from reteamz.owner.client import Owner

__all__ = ["account"]

ANNS, BEAS = "Tender for Ridgeway Looms", "Payroll of Harrow Mill"


@pytest.fixture
def displays() -> Iterator[tuple[str, str]]:
    with x_server() as one, x_server() as two:
        yield one, two


@pytest.fixture
def seen(
    service: tuple[RunningService, Owner], people: list[User], displays: tuple[str, str]
) -> Iterator[tuple[RunningService, Owner]]:
    """Both people at work, and their windows known to the owner."""
    running, owner = service
    with ExitStack() as stack:
        for user, display, title in zip(people, displays, (ANNS, BEAS), strict=False):
            windows = Windows(display)
            stack.callback(windows.close)
            windows.open(title)
            windows.focus(title)
            stack.enter_context(helping(user, running, display))
        wait_for(told(owner, displays, (ANNS, BEAS)), what="both titles")
        yield running, owner


def told(owner: Owner, displays: tuple[str, ...], titles: tuple[str, ...]) -> Callable[[], bool]:
    def found() -> bool:
        for display in displays:
            xdotool(display, "key", "shift")
        return set(titles) <= {row["title"] for row in log_rows(owner)}

    return found


def test_each_persons_windows_reach_the_owner_under_their_name(
    seen: tuple[RunningService, Owner], people: list[User]
) -> None:
    running, owner = seen
    rows = [row for row in log_rows(owner) if row["title"]]
    assert {(row["person"], row["title"]) for row in rows} == {("Ann Marsh", ANNS), ("Bea Holt", BEAS)}
    ann, bea = (running.of(user) for user in people[:2])
    assert (ann.person, bea.person) == ("Ann Marsh", "Bea Holt")
    assert {entry.title for entry in ann.recent} == {ANNS}
    assert {entry.title for entry in bea.recent} == {BEAS}
    assert ann.recording == bea.recording == "recording"


def test_a_third_user_reads_the_folder_and_learns_nothing(
    seen: tuple[RunningService, Owner], people: list[User]
) -> None:
    running, _ = seen
    code = """
import os, sys
folder, *canaries = sys.argv[1:]
refused, read = [], []
for name in sorted(os.listdir(folder)):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
    except OSError:
        refused.append(name)
    else:
        read.append(name)
        assert not [c for c in canaries if c.encode() in data or c.encode("utf-16-le") in data], name
print(*refused)
print(*read)
"""
    searched = people[2].python_code(
        code,
        str(running.folder),
        ANNS, BEAS, "Ridgeway", "Harrow", "Ann Marsh", "Bea Holt", "xterm", people[0].name, people[1].name,
    )  # fmt: skip
    assert searched.returncode == 0, searched.stderr
    refused, read = searched.stdout.splitlines()
    assert refused.split() == ["agent.sock", "keys.json"]
    assert {"spool.db", "spool.db-wal", "state.json", "local.db"} <= set(read.split())


def test_a_third_user_is_told_nothing_of_others_and_changes_nothing(
    seen: tuple[RunningService, Owner], people: list[User]
) -> None:
    running, _ = seen
    ann, _, mal = people
    own = running.of(mal)
    assert (own.person, own.recording, own.recent, own.last) == ("Mal Grey", "paused", [], None)
    assert mal.run("--socket", str(running.socket), "pause", "--minutes", "5").returncode == 0
    assert running.of(mal).private_until
    assert running.of(ann).recording == "recording"
    # The control socket in the folder is root's.
    control = mal.python_code(
        "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])", str(running.folder / "agent.sock")
    )
    assert "PermissionError" in control.stderr
    for number in ("SIGTERM", "SIGKILL"):
        ended = mal.python_code(f"import os, signal; os.kill({running.process.pid}, signal.{number})")
        assert "PermissionError" in ended.stderr
    assert running.process.poll() is None


API = """
import datetime, json, sys, urllib.error, urllib.request

def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/0{path}", data) as answer:
        return json.loads(answer.read() or b"null")
"""
TAB = """
ask("/buckets/web", {"type": "web.tab.current", "client": "c", "hostname": "h"})
now = datetime.datetime.now(datetime.timezone.utc).isoformat()
data = {"url": sys.argv[2], "title": ""}
ask("/buckets/web/heartbeat?pulsetime=60", {"timestamp": now, "duration": 0, "data": data})
"""
SEEN = """
print(list(ask("/buckets")), [event["data"] for event in ask("/buckets/web/events")], ask("/export"))
"""


def test_the_local_port_keeps_users_apart(
    seen: tuple[RunningService, Owner], people: list[User], displays: tuple[str, str]
) -> None:
    running, owner = seen
    ann, _, mal = people
    port = str(running.status().port)
    windows = Windows(displays[0])
    try:
        windows.open("A page of Ann's", "chromium")
        windows.focus("A page of Ann's")
        for user, url in ((mal, "https://forged.example/"), (ann, "https://looms.example/order")):
            posted = user.python_code(API + TAB, port, url)
            assert posted.returncode == 0, posted.stderr

        def site() -> bool:
            xdotool(displays[0], "key", "shift")
            return any(row["site"] == "looms.example" for row in log_rows(owner))

        wait_for(site, what="the site of Ann's page")
    finally:
        windows.close()
    assert {row["site"] for row in log_rows(owner)} == {"", "looms.example"}
    told_mal, told_ann = (user.python_code(API + SEEN, port).stdout for user in (mal, ann))
    assert "forged" in told_mal
    assert "looms" not in told_mal
    assert "looms" in told_ann
    assert "forged" not in told_ann


def test_a_helper_that_lies_and_floods_harms_its_own_user_alone(
    seen: tuple[RunningService, Owner], people: list[User], displays: tuple[str, str]
) -> None:
    running, owner = seen
    ann, bea, mal = people
    attack = mal.python_code(Path(__file__).with_name("attacker.py").read_text(), str(running.socket))
    assert attack.returncode == 0, attack.stderr
    assert int(attack.stdout) <= 4
    windows = Windows(displays[0])
    try:
        windows.open("Ann after the attack")
        windows.focus("Ann after the attack")
        wait_for(told(owner, displays, ("Ann after the attack",)), what="Ann's title")
    finally:
        windows.close()
    assert running.of(ann).recording == running.of(bea).recording == "recording"
    # What he said of himself counts for himself; nobody else is touched.
    assert {row["person"] for row in log_rows(owner) if row["title"] == "Forged by Mal"} <= {"Mal Grey"}
    assert {row["person"] for row in log_rows(owner) if row["title"] == ANNS} == {"Ann Marsh"}


def test_a_display_that_goes_away_and_comes_back(service: tuple[RunningService, Owner], people: list[User]) -> None:
    running, owner = service
    user = people[0]
    with x_server() as display:
        windows = Windows(display)
        windows.open("Before the display went")
        windows.focus("Before the display went")
        helper = helping(user, running, display)
        process = helper.__enter__()
        wait_for(told(owner, (display,), ("Before the display went",)), what="the first title")
    try:
        wait_for(lambda: running.of(user).recording == "paused", what="nobody at the session")
        assert process.poll() is None
        server = subprocess.Popen(
            ["Xvfb", display, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"], stderr=subprocess.DEVNULL
        )
        try:
            wait_for(lambda: os.path.exists(f"/tmp/.X11-unix/X{display.removeprefix(':')}"), what="the display again")
            again = Windows(display)
            again.open("After it came back")
            again.focus("After it came back")
            wait_for(told(owner, (display,), ("After it came back",)), what="the second title")
            again.close()
        finally:
            helper.__exit__(None, None, None)
            server.terminate()
            server.wait(20)
    finally:
        windows.close()


def test_a_service_that_restarts_is_found_again(
    seen: tuple[RunningService, Owner], people: list[User], displays: tuple[str, str]
) -> None:
    running, owner = seen
    end_service(running)
    again = start_service(running.folder, running.socket)
    try:
        windows = Windows(displays[1])
        windows.open("Bea after the restart")
        windows.focus("Bea after the restart")
        wait_for(told(owner, displays, ("Bea after the restart",)), what="Bea's title")
        windows.close()
        assert {row["person"] for row in log_rows(owner) if row["title"] == "Bea after the restart"} == {"Bea Holt"}
        assert again.of(people[0]).recording == "recording"
    finally:
        end_service(again)


def test_a_service_under_an_account_of_its_own(
    account: Callable[..., Owner], python: Path, people: list[User], place: Path, displays: tuple[str, str]
) -> None:
    """Without root: it serves everybody all the same, and nobody else can read its keys."""
    owner = account("own-account")
    with users(python, svc="Service") as (svc,):
        folder, socket = svc.home / "agent", place / "run" / "agent.sock"
        socket.parent.mkdir()
        os.chown(socket.parent, svc.uid, svc.gid)
        assert svc.run("--dir", str(folder), "enroll", owner.enrolment_code()).returncode == 0
        owner.confirm(owner.waiting())
        options = ("--port", "0", "--sample-every", "0.2", "--upload-every", "0.3")
        with (place / "service.log").open("w") as out:
            process = svc.start("--dir", str(folder), "--socket", str(socket), "service", *options, out=out)
        try:
            wait_for(socket.exists, what="the socket")
            windows = Windows(displays[0])
            windows.open("Ann at a service of its own")
            windows.focus("Ann at a service of its own")
            running = RunningService(folder, socket, process, place / "service.log")
            with helping(people[0], running, displays[0]):
                wait_for(told(owner, displays, ("Ann at a service of its own",)), what="Ann's title")
                told_ann = running.of(people[0])
                assert (told_ann.person, told_ann.recording) == ("Ann Marsh", "recording")
                page = people[0].python_code(API + 'print(ask("/info"))', str(told_ann.port))
                assert page.returncode == 0, page.stderr
            windows.close()
            tried = people[2].python_code("import os, sys; os.listdir(sys.argv[1])", str(folder))
            assert "PermissionError" in tried.stderr
        finally:
            process.terminate()
            assert process.wait(60) == 0, (place / "service.log").read_text()


def test_a_helper_trusts_no_socket_that_another_user_could_have_made(people: list[User]) -> None:
    mal, ann = people[2], people[0]
    trap = mal.home / "trap"
    code = """
import os, socket, sys
folder = sys.argv[1]
os.makedirs(folder)
os.chmod(folder, 0o777)
os.chmod(os.path.dirname(folder), 0o755)
made = socket.socket(socket.AF_UNIX)
made.bind(folder + "/agent.sock")
os.chmod(folder + "/agent.sock", 0o777)
made.listen()
print("ready", flush=True)
while True:
    made.accept()
"""
    process = mal.start_any([str(mal.python / "bin/python"), "-c", code, str(trap)])
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        asked = ann.run("--socket", str(trap / "agent.sock"), "status")
        assert asked.returncode == 1
        assert "not the socket of this computer's agent" in asked.stderr
    finally:
        process.terminate()
        process.communicate()
