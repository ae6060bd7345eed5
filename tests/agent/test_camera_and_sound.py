"""Camera and microphone: real streams out of OpenCV and PortAudio, sealed for the owner; and what is said where there are none."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import soundfile
from PIL import Image
from tests.agent.conftest import noticed, now
from tests.agent.picture import COLOURS
from tests.agent.test_records import Desk
from tests.waiting import wait_for

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.desktop.linux_use import CAMERA_S, MICROPHONE_S, OtherUse
from reteamz.agent.policy import Policy
from reteamz.agent.recorder import Recorder
from reteamz.agent.records.capture import AGAIN_MS, Capture, Open
from reteamz.agent.records.sources import camera_source, sound_source
from reteamz.agent.sessions.session import Session
from reteamz.owner.client import Owner
from reteamz.wire.batch import SealedKind
from reteamz.wire.policy import Camera, Sound

HERE = Look(Window("Writer", "Letter"), 0, False)
MINUTE = 60_000
POLICY = Policy(records=frozenset(("camera", "sound")), camera=Camera(every_s=60), sound=Sound(every_s=60, length_s=5))


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("camera")


class Sitting:
    """A confirmed computer with a camera or a microphone, and a clock that the test moves."""

    def __init__(self, owner: Owner, folder: Path, kind: SealedKind, opening: Open) -> None:
        self.desk = Desk(owner, folder, POLICY)
        self.desk.upload()
        self.at = now()
        session = self.desk.device.session(1000, "Otti Marsh")
        self.recorder = Recorder(self.desk.device, session, lambda: self.at, lambda: 0)
        gate = self.recorder.gate
        self.capture = Capture({kind: opening}, gate, gate.wanted, lambda: self.at)

    def look(self, look: Look = HERE, later: int = 1_000) -> None:
        self.at += later
        self.recorder.take(look)
        self.capture.tick()

    def interval(self, look: Look = HERE) -> None:
        """Let an interval pass: its beginning, and its last millisecond, which no random moment comes after."""
        self.look(look, MINUTE - self.at % MINUTE)
        self.look(look, MINUTE - 1)

    def close(self) -> None:
        self.capture.end()
        self.capture.run()
        self.desk.close()


@pytest.fixture
def sitting(owner: Owner, tmp_path: Path) -> Iterator[Callable[[SealedKind, Open], Sitting]]:
    made: list[Sitting] = []

    def begin(kind: SealedKind, opening: Open) -> Sitting:
        made.append(Sitting(owner, tmp_path / "agent", kind, opening))
        return made[-1]

    yield begin
    for each in made:
        each.close()


def film(path: Path, size: tuple[int, int] = (640, 480)) -> None:
    """Make a film for OpenCV to open in a camera's place: two colours side by side."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, size)
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame[:, : size[0] // 2], frame[:, size[0] // 2 :] = COLOURS[0][::-1], COLOURS[2][::-1]
    for _ in range(10):
        writer.write(frame)
    writer.release()


def test_the_owner_sees_what_the_camera_saw(sitting: Callable[[SealedKind, Open], Sitting], tmp_path: Path) -> None:
    film(tmp_path / "film.avi")
    there = sitting("camera", camera_source(str(tmp_path / "film.avi")))
    there.interval()
    there.interval(Look(HERE.window, 600_000, False))
    there.interval(Look(HERE.window, 0, True))
    there.desk.upload()
    (taken,) = there.desk.opened()
    assert (taken.kind, taken.media, taken.person) == ("camera", "image/webp", "Otti Marsh")
    assert taken.caption == {"app": "Writer", "title": "Letter", "width": 640, "height": 480}
    shown = Image.open(BytesIO(taken.data)).convert("RGB")
    for place, colour in ((160, COLOURS[0]), (480, COLOURS[2])):
        pixel = shown.getpixel((place, 240))
        assert isinstance(pixel, tuple)
        assert max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) < 20


def test_where_there_is_no_camera_it_is_said_once(
    sitting: Callable[[SealedKind, Open], Sitting], tmp_path: Path
) -> None:
    plugged = tmp_path / "film.avi"
    there = sitting("camera", camera_source(str(plugged)))
    for _ in range(5):
        there.interval()
    assert noticed(there.desk.device) == [("capture_unsupported", "Otti Marsh", 1)]
    assert there.recorder.gate.reasons == {"camera": "there is no camera"}
    film(plugged)
    there.look(later=AGAIN_MS)
    there.interval()
    there.interval()
    assert there.recorder.gate.reasons == {}, "it was plugged in"
    there.desk.upload()
    assert there.desk.opened()


def test_a_camera_that_gives_nothing_rests(sitting: Callable[[SealedKind, Open], Sitting], tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"no film")
    there = sitting("camera", camera_source(str(tmp_path / "broken")))
    for _ in range(5):
        there.interval()
    assert noticed(there.desk.device) == [("capture_failed", "Otti Marsh", 1)]
    assert "no picture" in there.recorder.gate.reasons["camera"]


@pytest.fixture
def microphone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A capture device that plays a file, by ALSA's own plugins; returns what it plays."""
    tone = b"".join(struct.pack("<h", round(9_000 * math.sin(n / 9) * math.cos(n / 4_711))) for n in range(16_000 * 30))
    (tmp_path / "tone.raw").write_bytes(tone)
    (tmp_path / "asound.conf").write_text(
        "</usr/share/alsa/alsa.conf>\n"
        f'pcm.!default {{ type file slave.pcm "null" file "/dev/null" infile "{tmp_path}/tone.raw" format "raw" }}\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    return tone


def test_the_owner_hears_what_was_said(sitting: Callable[[SealedKind, Open], Sitting], microphone: bytes) -> None:
    there = sitting("sound", sound_source)
    there.interval()
    source = there.capture._open["sound"]
    assert source._begun == there.at  # type: ignore[attr-defined]  # the piece has begun

    def whole() -> bool:
        there.look(later=0)
        return source._begun is None  # type: ignore[attr-defined]  # the piece is whole

    begun = there.at
    wait_for(whole, what="five seconds of sound")
    there.desk.upload()
    (taken,) = there.desk.opened()
    assert (taken.kind, taken.media, taken.at) == ("sound", "audio/flac", begun)
    assert taken.caption["length_ms"] == 5_000
    samples, rate = soundfile.read(BytesIO(taken.data), dtype="int16")
    assert (rate, len(samples)) == (16_000, 80_000)
    # FLAC loses nothing.
    assert samples.tobytes() == microphone[:160_000]


def test_a_piece_is_broken_off_when_nothing_may_be_heard(
    sitting: Callable[[SealedKind, Open], Sitting], microphone: bytes
) -> None:
    there = sitting("sound", sound_source)
    there.interval()
    source = there.capture._open["sound"]
    assert source._begun is not None  # type: ignore[attr-defined]  # the piece has begun
    there.look(Look(HERE.window, 0, True))
    assert source._begun is None  # type: ignore[attr-defined]  # it is forgotten
    assert source._microphone._stream is None  # type: ignore[attr-defined]  # and nobody listens
    there.look()
    assert there.desk.device.records.waiting() == 0
    assert microphone


def test_where_there_is_no_microphone_it_is_said_once(
    sitting: Callable[[SealedKind, Open], Sitting], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asound.conf").write_text("pcm.!default { type hw card 4711 }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    there = sitting("sound", sound_source)
    for _ in range(5):
        there.interval()
    assert noticed(there.desk.device) == [("capture_unsupported", "Otti Marsh", 1)]
    assert there.recorder.gate.reasons == {"sound": "there is no microphone"}


def test_what_is_not_installed_is_said(sitting: Callable[[SealedKind, Open], Sitting]) -> None:
    def missing(_: object) -> object:
        raise ImportError(name="cv2")

    there = sitting("camera", missing)  # type: ignore[arg-type]  # it opens nothing
    there.interval()
    assert there.recorder.gate.reasons == {"camera": "the package cv2 is not installed"}


# Meetings


class Machine:
    """A tree as the kernel shows it, and a sound server."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.at = 0.0
        self.clients: list[dict[str, object]] | None = None
        self.use = OtherUse(lambda: self.at, root, lambda: self.clients)
        (root / "proc" / "asound" / "card0" / "pcm0c" / "sub0").mkdir(parents=True)
        (root / "dev").mkdir()
        self.records("closed\n")

    def records(self, status: str) -> None:
        (self.root / "proc/asound/card0/pcm0c/sub0/status").write_text(status)

    def process(self, pid: int, name: str, *opened: str) -> None:
        folder = self.root / "proc" / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "comm").write_text(name + "\n")
        for number, path in enumerate(opened):
            (folder / "fd" / str(number)).symlink_to(path)

    def used(self) -> bool:
        self.at += CAMERA_S
        return self.use.used()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


RUNNING = "state: RUNNING\nowner_pid   : {pid}\ntrigger_time: 4711.0815\n"


def test_a_program_that_records_makes_a_meeting(machine: Machine) -> None:
    assert not machine.used()
    machine.process(4711, "zoom")
    machine.records(RUNNING.format(pid=4711))
    assert machine.used()
    machine.records(RUNNING.format(pid=os.getpid()))
    assert not machine.used(), "that is us"
    machine.records("closed\n")
    assert not machine.used()


def test_a_sound_server_records_for_somebody(machine: Machine) -> None:
    def client(pid: int, **more: object) -> dict[str, object]:
        return {"index": 7, "corked": False, "properties": {"application.process.id": str(pid)}, **more}

    machine.process(900, "pipewire")
    machine.records(RUNNING.format(pid=900))
    assert machine.used(), "nobody says for whom"
    machine.clients = [client(os.getpid())]
    assert not machine.used()
    machine.clients = [client(os.getpid()), client(4711)]
    assert machine.used()
    machine.clients = [client(4711, corked=True)]
    assert not machine.used()
    machine.clients = [{"properties": {"application.id": "org.PulseAudio.pavucontrol"}}]
    assert not machine.used()


def test_an_open_camera_makes_a_meeting(machine: Machine) -> None:
    camera = machine.root / "dev" / "video0"
    camera.touch()
    machine.process(4711, "zoom", "/dev/null")
    assert not machine.used()
    machine.process(4712, "meet", "/dev/null", str(camera))
    assert machine.used()
    machine.process(os.getpid(), "reteamz", str(camera))
    assert machine.used()


def test_an_answer_counts_for_a_while(machine: Machine) -> None:
    assert not machine.used()
    machine.records(RUNNING.format(pid=4711))
    machine.at += MICROPHONE_S - 1
    assert not machine.use.used()
    machine.at += 1
    assert machine.use.used()


def kinds(session: Session) -> list[tuple[int, int]]:
    return [(event.kind, event.end - event.start) for event in session.merger.held()]


def test_a_meeting_is_not_idle_and_stays_a_meeting(owner: Owner, tmp_path: Path) -> None:
    desk = Desk(owner, tmp_path / "agent")
    desk.upload()
    for meetings, expected in ((True, [(3, 600_000), (1, 60_000)]), (False, [(1, 660_000)])):
        session = desk.device.session(2000 + meetings, "Otti Marsh")
        desk.device._policy = msgspec.structs.replace(desk.policy, meetings=meetings)
        clock = [1_000_000_000_000]
        recorder = Recorder(desk.device, session, lambda clock=clock: clock[0], lambda: 0)  # type: ignore[misc]  # bound at once
        for second in range(661):
            clock[0] += 1_000
            recorder.take(Look(HERE.window, 200_000 + second * 1_000, False, 0, second < 600), 0)
        assert kinds(session) == expected
    desk.close()
