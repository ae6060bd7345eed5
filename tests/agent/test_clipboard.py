"""Copied text and chat messages: read by the owner, with their window, and by nobody else."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.agent.conftest import now
from tests.agent.test_typing import Desktop
from tests.waiting import wait_for
from tests.windows import Windows, xdotool
from Xlib import X
from Xlib import display as xdisplay
from Xlib.protocol import event

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.localapi.serve import LocalApi
from reteamz.agent.localapi.times import from_ms
from reteamz.owner.client import Owner


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("clipboard")


@pytest.fixture
def desktop(owner: Owner, tmp_path: Path, display: str) -> Iterator[Desktop]:
    made = Desktop(owner, tmp_path / "agent", display)
    yield made
    made.close()


def copy(display: str, text: str) -> None:
    """Copy a text as programs do; xclip stays as the clipboard's owner."""
    subprocess.run(
        ["xclip", "-display", display, "-selection", "clipboard", "-in"],
        input=text.encode(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def heard(desktop: Desktop, text: str) -> bool:
    waiting = desktop.capture._open["clipboard"]._waiting  # type: ignore[attr-defined]  # what is not handed on yet
    return any(waits[2] == text for waits in waiting)


def test_the_owner_reads_what_was_copied_and_where(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Price list", "Calc")
    windows.open("Letter", "Writer")
    windows.focus("Price list")
    desktop.look()
    for title, text in (
        ("Price list", "14 Looms für 4 711 €"),
        ("Letter", "Dear Mr. Ridgeway"),
        ("Letter", "Dear Mr. Ridgeway"),
    ):
        windows.focus(title)
        copy(display, text)
        wait_for(lambda text=text: heard(desktop, text), what=text)
    told = desktop.texts("clipboard")
    assert [(text.app, text.title, text.text) for text in told] == [
        ("Calc", "Price list", "14 Looms für 4 711 €"), ("Writer", "Letter", "Dear Mr. Ridgeway"),
    ]  # fmt: skip
    for path in desktop.desk.folder.iterdir():
        assert b"Ridgeway" not in path.read_bytes(), path


def test_long_text_comes_in_pieces_and_is_cut(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Long")
    windows.focus("Long")
    desktop.look()
    copy(display, "ä" * 400_000)
    wait_for(lambda: heard(desktop, "ä" * 8_192), what="the long text")
    assert [text.text for text in desktop.texts("clipboard")] == ["ä" * 8_192]


class Manager:
    """A password manager: owns the clipboard, and says that it is secret."""

    def __init__(self, address: str, targets: dict[str, bytes]) -> None:
        self._display = xdisplay.Display(address)
        self._targets = {self._display.intern_atom(name): value for name, value in targets.items()}
        screen = self._display.screen()
        self._window = screen.root.create_window(0, 0, 1, 1, 0, screen.root_depth)
        self.asked: set[str] = set()
        self._window.set_selection_owner(self._display.intern_atom("CLIPBOARD"), X.CurrentTime)
        self._display.sync()
        self._ended = False
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        while not self._ended:
            while self._display.pending_events():
                request = self._display.next_event()
                if request.type == X.SelectionRequest:
                    self._give(request)
            threading.Event().wait(0.005)

    def _give(self, request: event.SelectionRequest) -> None:
        self.asked.add(self._display.get_atom_name(request.target))
        place = request.property
        if request.target == self._display.intern_atom("TARGETS"):
            request.requestor.change_property(place, self._display.intern_atom("ATOM"), 32, list(self._targets))
        elif request.target in self._targets:
            request.requestor.change_property(place, request.target, 8, self._targets[request.target])
        else:
            place = X.NONE
        request.requestor.send_event(
            event.SelectionNotify(
                time=request.time, requestor=request.requestor, selection=request.selection,
                target=request.target, property=place,
            )
        )  # fmt: skip
        self._display.flush()

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._display.close()


def test_what_a_password_manager_marks_is_not_even_asked_for(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Log in")
    windows.focus("Log in")
    desktop.look()
    manager = Manager(display, {"UTF8_STRING": b"sesame", "x-kde-passwordManagerHint": b"secret"})
    wait_for(lambda: "x-kde-passwordManagerHint" in manager.asked, what="the question")
    copy(display, "afterwards")
    wait_for(lambda: heard(desktop, "afterwards"), what="the next text")
    assert [text.text for text in desktop.texts("clipboard")] == ["afterwards"]
    assert "UTF8_STRING" not in manager.asked
    manager.close()


def test_an_owner_that_does_not_answer_holds_nobody_up(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Silent")
    windows.focus("Silent")
    desktop.look()
    manager = Manager(display, {"image/png": b"no text"})
    wait_for(lambda: "UTF8_STRING" in manager.asked, what="the question")
    manager.close()
    silent = xdisplay.Display(display)
    window = silent.screen().root.create_window(0, 0, 1, 1, 0, silent.screen().root_depth)
    window.set_selection_owner(silent.intern_atom("CLIPBOARD"), X.CurrentTime)
    silent.sync()
    copy(display, "afterwards")
    wait_for(lambda: heard(desktop, "afterwards"), what="the next text")
    silent.close()


def test_nothing_is_copied_where_nothing_may_be(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Vault", "KeePassXC")
    windows.open("Open")
    windows.focus("Open")
    desktop.look()
    copy(display, "locked")
    wait_for(lambda: heard(desktop, "locked"), what="the text")
    desktop.look(Look(Window("xterm", "Open"), 0, True))
    windows.focus("Vault")
    desktop.look()
    copy(display, "sesame")
    wait_for(lambda: heard(desktop, "sesame"), what="the text")
    assert desktop.texts("clipboard") == []
    xdotool(display, "key", "shift")


def chat(text: str, **data: str) -> dict[str, object]:
    return {"timestamp": from_ms(now()), "duration": 0, "data": {"app": "Signal", "text": text, **data}}


def test_chat_messages_are_sealed_and_not_read_back(owner: Owner, tmp_path: Path, display: str) -> None:
    desktop = Desktop(owner, tmp_path / "agent", display)
    desktop.session = desktop.desk.device.session(os.geteuid(), "Otti Marsh")
    desktop.recorder = type(desktop.recorder)(desktop.desk.device, desktop.session, lambda: desktop.at, lambda: 0)
    api = LocalApi(desktop.desk.folder, desktop.desk.device, 0, now)
    with httpx.Client(base_url=f"http://127.0.0.1:{api.port}/api/0/buckets") as client:
        made = client.post("/chat", json={"type": "reteamz.chat", "client": "signal-bridge", "hostname": "here"})
        assert made.status_code == 200
        desktop.look(Look(Window("Writer", "Letter"), 0, False))
        told = [chat("Canary at noon?", **{"from": "Ada"}), chat("Yes", conversation="Looms")]
        assert client.post("/chat/events", json=told).status_code == 200
        assert client.post("/chat/heartbeat?pulsetime=1", json=chat("One more")).status_code == 200
        # Nothing said: nothing recorded. And what is no message is refused.
        for wrong in ({"app": "Signal"}, {"text": "x"}, {"app": "", "text": "x"}, {"app": 1, "text": "x"}):
            assert client.post("/chat/events", json={"timestamp": from_ms(now()), "data": wrong}).status_code == 400
        assert client.post("/chat/events", json=[chat("x")] * 201).status_code == 400
        assert client.get("/chat/events").json() == []
        desktop.look(Look(Window("Writer", "Letter"), 600_000, False))
        assert client.post("/chat/events", json=chat("while away")).status_code == 200
        desktop.desk.agreed = False
        desktop.look(Look(Window("Writer", "Letter"), 0, False))
        assert client.post("/chat/events", json=chat("without consent")).status_code == 200
        desktop.desk.agreed = True
    desktop.desk.upload()
    records = [text for record in desktop.desk.opened() if record.kind == "chat" for text in record.texts()]
    assert [(text.app, text.title, text.text) for text in records] == [
        ("Signal", "", "Ada: Canary at noon?"), ("Signal", "Looms", "Yes"), ("Signal", "", "One more"),
    ]  # fmt: skip
    for path in desktop.desk.folder.iterdir():
        assert b"Canary" not in path.read_bytes(), path
    api.close()
    desktop.close()
