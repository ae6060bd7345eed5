"""What a person declined at their computer, on the owner's page: from a real user's session by a real service, and readable nowhere between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import expect
from tests.agent.sessions.conftest import helping, place
from tests.agent.users import User, everyones_python, users
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.conftest import company_of, files_with
from tests.e2e.recorder import Recorder
from tests.waiting import wait_for
from tests.windows import x_server

from reteamz.wire.policy import INHERITED

__all__ = ["place"]

NAME = "Canary Person 6093"
ASKING = msgspec.structs.replace(INHERITED, detail="everything", records=["clipboard", "camera"])


@pytest.fixture
def user() -> Iterator[User]:
    with everyones_python() as python, users(python, cana=NAME) as (made,):
        yield made


def test_what_was_declined_reaches_the_owner_and_nobody_else(
    recorded: tuple[RealServer, Recorder], user: User, place: Path, watched: Watched
) -> None:
    server, recorder = recorded
    with company_of(server, place, "owner@company.example", ASKING) as (owner, service):
        with x_server() as display, helping(user, service, display):
            wait_for(lambda: service.of(user).asked, what="the question")
            declined = user.run("--socket", str(service.socket), "decline")
            assert declined.returncode == 0, declined.stderr
            wait_for(lambda: owner.connection.get("/api/notices", dict)["count"], what="the notice")
        log_in(watched.page, server.url, "owner@company.example")
        open_page(watched.page, f"{server.url}/devices")
        told = watched.page.get_by_test_id("notices")
        expect(told.locator(".found-what")).to_have_text(f"Declined what the policy asks for · {NAME}")
        expect(watched.page.locator("#notices-checked")).to_have_text(
            "Each is as a computer that you confirmed signed it."
        )
        watched.page.goto(f"{server.url}/healthz")
    server.stop()
    traffic = recorder.recorded()
    assert b"consent_refused" in traffic
    for needle in (NAME.encode(), NAME.lower().encode(), NAME.encode("utf-16-le")):
        assert needle not in traffic
        assert files_with(server.data, needle) == files_with(service.folder, needle) == []
        assert needle not in server.log.read_bytes()
