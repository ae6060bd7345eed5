"""People in departments, what managers see of them, the audit log, dictionary and journal."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.people import placing
from reteamz.server.reports.filters import build_filter
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.errors import ReteamzError


@pytest.fixture
def second(site: Site, owner: Owner, computer: Computer) -> Computer:
    """Return a second computer, after both have sent something."""
    made = Computer(owner, "second")
    made.enroll(site, owner.make_ticket(site, "second"))
    owner.confirm(site, made)
    assert site.post_batch(computer.work()).status_code == 200
    assert site.post_batch(made.work()).status_code == 200
    return made


def part(site: Site, name: str) -> Any:
    return site.client.app.dependencies[name].dependency()


def in_loop(site: Site, coroutine: Any) -> Any:
    """Run on the application's own loop."""
    with site.client.portal() as portal:
        return portal.call(lambda: asyncio.wait_for(coroutine, 30))


def test_departments(site: Site, owner: Owner, second: Computer) -> None:
    persons = site.told("/api/people")
    assert [person["department"] for person in persons] == [None, None]
    made = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()
    assert made["people"] == 0
    where = f"/api/people/{persons[0]['id']}"
    assert site.call("PUT", where, {"department": made["id"]}).status_code == 204
    assert site.told("/api/departments")[0]["people"] == 1
    assert site.told("/api/people")[0]["department"] == made["id"]
    renamed = site.call("PUT", f"/api/departments/{made['id']}", {"name": token("label", "Field")})
    assert renamed.status_code == 204
    assert site.told("/api/departments")[0]["name"] == token("label", "Field")
    assert site.call("PUT", where, {"department": None}).status_code == 204
    assert site.told("/api/departments")[0]["people"] == 0
    assert site.call("PUT", where, {"department": made["id"]}).status_code == 204
    assert site.call("DELETE", f"/api/departments/{made['id']}").status_code == 204
    assert site.told("/api/people")[0]["department"] is None


def test_a_department_is_named_by_a_token_only(site: Site, owner: Owner) -> None:
    for name, code in (("Sales", "plain_refused"), ("label:Sales", "plain_refused"), ("", "input_invalid")):
        assert code_of(site.call("POST", "/api/departments", {"name": name}))[1] == code
    assert code_of(site.call("POST", "/api/departments", {"name": token("app", "x")}))[1] == "token_malformed"
    assert site.told("/api/departments") == []


def test_what_is_not_there_and_what_is_not_yours_look_alike(site: Site, owner: Owner, second: Computer) -> None:
    made = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    person = site.told("/api/people")[0]["id"]
    assert code_of(site.call("PUT", "/api/people/9999", {"department": None})) == (404, "not_found")
    assert code_of(site.call("PUT", f"/api/people/{person}", {"department": identifier("none")})) == (404, "not_found")
    Owner("other").sign_up(site)
    for method in ("PUT", "DELETE"):
        body = {"name": token("label", "x")} if method == "PUT" else None
        assert code_of(site.call(method, f"/api/departments/{made}", body)) == (404, "not_found")
    assert code_of(site.call("PUT", f"/api/people/{person}", {"department": made})) == (404, "not_found")
    assert site.told("/api/people") == []
    assert site.told("/api/dictionary")["entries"] == []
    assert site.told(f"/api/journal/{second.id}")["entries"] == []
    assert site.told("/api/devices") == []


def test_a_manager_sees_their_departments_alone(site: Site, owner: Owner, second: Computer) -> None:
    made = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    persons = site.told("/api/people")
    site.call("PUT", f"/api/people/{persons[0]['id']}", {"department": made})
    manager = Viewer(owner.account, identifier("manager"), "manager", frozenset([made]))
    control, activity, places = (part(site, name) for name in ("control", "activity", "persons_of"))

    async def look(viewer: Viewer) -> Any:
        async with control.session() as session:
            people = await placing.people_of(session, viewer, activity.entries(owner.account, "person"))
            departments = await placing.departments_of(session, viewer)
        day = date(2025, 10, 9)
        chosen = await build_filter(viewer, places, activity, day, day, [one["id"] for one in persons])
        return [one.id for one in people], [one.id for one in departments], chosen.persons

    assert in_loop(site, look(manager)) == ([persons[0]["id"]], [made], {persons[0]["id"]})
    nowhere = Viewer(owner.account, identifier("manager"), "manager")
    assert in_loop(site, look(nowhere)) == ([], [], frozenset())
    employee = Viewer(owner.account, identifier("employee"), "employee")
    with pytest.raises(ReteamzError, match="owners and managers"):
        in_loop(site, look(employee))

    async def change() -> None:
        async with control.session() as session:
            await placing.place(session, manager, persons[0]["id"], None, 0)

    with pytest.raises(ReteamzError, match="owner of the account"):
        in_loop(site, change())


def test_the_audit_log_tells_who_did_what(site: Site, owner: Owner, second: Computer) -> None:
    page = site.told("/api/audit")
    actions = [entry["action"] for entry in reversed(page["entries"])]
    assert actions[:4] == ["signed_up", "code_made", "device_enrolled", "device_confirmed"]
    assert {entry["member"] for entry in page["entries"]} == {owner.member, ""}
    assert page["count"] == len(actions)
    assert site.told("/api/audit?page=2")["entries"] == []
    assert code_of(site.client.get("/api/audit?page=0")) == (400, "input_invalid")


def test_the_audit_log_turns_pages(site: Site, owner: Owner) -> None:
    for number in range(105):
        site.call("POST", "/api/departments", {"name": token("label", str(number))})
    first, second = site.told("/api/audit"), site.told("/api/audit?page=2")
    assert (first["pages"], first["count"], len(first["entries"]), len(second["entries"])) == (2, 106, 100, 6)
    ids = [entry["id"] for entry in first["entries"] + second["entries"]]
    assert ids == sorted(ids, reverse=True)


def test_the_dictionary_gives_entries_by_id_and_by_field(site: Site, owner: Owner, second: Computer) -> None:
    entries = site.told("/api/dictionary")["entries"]
    assert [entry["id"] for entry in entries] == list(range(1, 6))
    assert token("app", "writer") in [entry["text"] for entry in entries]
    assert all(entry["text"].startswith("rtz1.") for entry in entries)
    assert [entry["id"] for entry in site.told("/api/dictionary?ids=3,1&ids=99")["entries"]] == [1, 3]
    assert {entry["field"] for entry in site.told("/api/dictionary?field=person")["entries"]} == {"person"}
    assert [entry["id"] for entry in site.told("/api/dictionary?after=2&limit=2")["entries"]] == [3, 4]
    for query in ("ids=x", "ids=-1", "ids=1234567890", "field=nothing", "limit=0", "limit=5001", "after=-1"):
        assert code_of(site.client.get(f"/api/dictionary?{query}")) == (400, "input_invalid")
    many = ",".join(map(str, range(5_001)))
    assert code_of(site.client.get(f"/api/dictionary?ids={many}")) == (400, "input_invalid")


def test_the_journal_gives_batches_back_as_they_were_signed(site: Site, owner: Owner, computer: Computer) -> None:
    sent = [computer.work() for _ in range(3)]
    for signed in sent:
        assert site.post_batch(signed).status_code == 200
    entries = site.told(f"/api/journal/{computer.id}")["entries"]
    assert [(entry["seq"], b64decode(entry["body"]), entry["signature"]) for entry in entries] == [
        (signed.seq, signed.body, signed.signature) for signed in sent
    ]
    assert [entry["seq"] for entry in site.told(f"/api/journal/{computer.id}?after=1&limit=1")["entries"]] == [2]
    assert sha256(b64decode(entries[0]["body"])) == sent[0].sha256
