"""kill −9 of agent and server while records are sealed, listed and sent: every record and notice that was kept arrives once."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path

from tests.agent.conftest import enrol, now
from tests.agent.sealed import opened, signed_notices
from tests.browser import PASSWORD
from tests.conftest import RealServer
from tests.e2e.test_kills import Feeder

from reteamz.agent.state import load_state
from reteamz.owner.client import Owner

LAST = 150
SEALER = Path(__file__).with_name("sealer.py")


def test_sealer_and_server_are_killed(server: RealServer, tmp_path: Path) -> None:
    dice = random.Random(20261125)
    owner = Owner.sign_up(server.url, "sealed-kills@company.example", PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    first, kept = 0, set[str]()
    for run in range(13):
        feeder = Feeder(folder, run, first, SEALER, LAST)
        if run < 12:
            feeder.wait(min(LAST - 1, feeder.reached + dice.randint(3, 15)))
            if run % 4 == 3:
                server.stop(signal.SIGKILL)
                server.start()
            feeder.kill_in(dice.random() * 0.02)
        else:
            feeder.end()
            assert feeder.process.returncode == 0
        kept |= {f"{number} of run {run}" for number in range(first, feeder.reached + 1)}
        first = feeder.reached + 1
    state = load_state(folder)
    assert state is not None
    records = opened(owner, state.device)
    pictures = Counter(record.data.decode().strip() for record in records if record.kind == "screenshot")
    texts = Counter(text.text for record in records if record.kind == "text" for text in record.texts())
    told = signed_notices(owner, state.device)
    notices = Counter(name for _, name, count in told for _ in range(count))
    assert len(kept) == LAST + 1
    for found in (pictures, texts, notices):
        assert kept <= set(found)
        assert set(found.values()) == {1}
        # What was kept and not told any more when the process died is the only rest.
        assert len(set(found) - kept) <= 12
    owner.close()
