"""Sealed content from the real agent on a real screen to the owner's keys: nothing before policy and consent, nothing after a policy that takes
it back, and nowhere readable between.
"""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from typing import get_args

import httpx
import msgspec
from PIL import Image
from tests.agent.conftest import RunningAgent, enrol, now, start_agent
from tests.agent.picture import PictureWindow, differs, picture
from tests.agent.sealed import Opened, opened
from tests.browser import PASSWORD
from tests.conftest import RealServer
from tests.e2e.conftest import command, files_with
from tests.e2e.recorder import Recorder
from tests.waiting import wait_for
from tests.windows import Windows, x_server, xdotool

from reteamz.agent.localapi.times import from_ms
from reteamz.agent.state import load_state
from reteamz.owner.client import Owner
from reteamz.owner.policy import publish_policy
from reteamz.wire.batch import SealedKind
from reteamz.wire.policy import INHERITED, Camera, PolicyTree, Screenshot, Sound

EVERY_KIND = msgspec.structs.replace(
    INHERITED, detail="everything", urls=True, records=list(get_args(SealedKind)),
    screenshot=Screenshot(30, 0, False, "all"), camera=Camera(30), sound=Sound(30, 5),
)  # fmt: skip
"""Every kind, as often as a policy may ask for it."""
TYPED, COPIED, SAID, TITLE = "canary typed 5527", "Canary copied 8814", "Canary said 1193", "Canary title 2046"


def test_everything_reaches_the_owner_and_nobody_else(recorded: tuple[RealServer, Recorder], tmp_path: Path) -> None:
    server, recorder = recorded
    owner = Owner.sign_up(server.url, "sealed@company.example", PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path / "agent"
    enrol(owner, folder)
    state = load_state(folder)
    assert state is not None
    device = state.device
    with x_server() as display:
        shown = PictureWindow(display, 0, 0, 1280, 800, TITLE)
        shown.focus()
        agent = start_agent(folder, display, "--sample-every", "0.1", "--upload-every", "0.4")
        try:
            records = drive(owner, device, agent, display, shown)
        finally:
            agent.stop()
            shown.close()
    pictures = [record for record in records if record.kind == "screenshot" and "thumbnail" not in record.caption]
    image = Image.open(BytesIO(pictures[0].data))
    assert differs(image, picture(1280, 800)) < 3
    assert pictures[0].caption["title"] == TITLE
    for kind, text in (("text", TYPED), ("clipboard", COPIED), ("chat", SAID)):
        told = [text for record in records if record.kind == kind for text in record.texts()]
        assert text in "".join(each.text for each in told), kind
    server.stop()
    for canary in (TYPED, COPIED, SAID, TITLE):
        for folder_ in (folder, server.data):
            assert files_with(folder_, canary.encode()) == [], canary
        for log in (agent.log, server.log):
            assert canary.encode() not in log.read_bytes(), canary
        assert canary.encode() not in recorder.recorded(), canary
    owner.close()


def drive(owner: Owner, device: str, agent: RunningAgent, display: str, shown: PictureWindow) -> list[Opened]:
    """Work as a person does, before and after they were asked; return what the owner opens."""

    def work() -> None:
        xdotool(display, "type", "--delay", "1", TYPED)
        subprocess.run(
            ["xclip", "-display", display, "-selection", "clipboard", "-in"],
            input=COPIED.encode(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        message = {"timestamp": from_ms(now()), "data": {"app": "Signal", "text": SAID}}
        with httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0/buckets/chat") as client:
            client.post("", json={"type": "reteamz.chat", "client": "bridge", "hostname": "here"})
            assert client.post("/events", json=message).status_code == 200

    work()
    owner.confirm(owner.waiting())
    wait_for(lambda: agent.status().mode == "encrypted", what="the grant")

    def grows() -> bool:
        """Work until something was uploaded; tell whether there are more records then."""
        before = len(opened(owner, device))
        work()
        uploaded = agent.status().uploaded_at
        wait_for(lambda: agent.status().uploaded_at > uploaded, what="an upload")
        return len(opened(owner, device)) > before

    assert not grows(), "without a policy"
    assert not agent.status().asked
    tree = PolicyTree(settings=EVERY_KIND, departments=[], persons=[])
    policy = publish_policy(owner, tree, now())
    wait_for(lambda: agent.status().asked, what="the question")
    assert not grows(), "before the person accepted"
    command(agent.folder, "accept")

    def has(*kinds: str) -> bool:
        shown.focus()
        work()
        return set(kinds) <= {record.kind for record in opened(owner, device)}

    wait_for(lambda: has("screenshot", "clipboard", "chat"), what="pictures and texts")
    # Typed text is handed on at a change of window.
    with_text = Windows(display)
    with_text.open("Other")
    with_text.focus("Other")

    def has_text() -> bool:
        xdotool(display, "key", "x")
        return any(record.kind == "text" for record in opened(owner, device))

    wait_for(has_text, what="typed text")
    unsupported = agent.status().unsupported
    assert unsupported["camera"] == "there is no camera" or Path("/dev/video0").exists()
    with_text.close()
    records = opened(owner, device)
    publish_policy(owner, PolicyTree(settings=INHERITED, departments=[], persons=[]), now(), policy)
    wait_for(lambda: not agent.status().accepted, what="the policy that takes it back")
    wait_for(lambda: not grows(), what="the end of what was sealed before")
    assert not grows(), "after a policy that asks for nothing"
    return records
