"""Sign-up, log-in, sessions, second factor, bundle."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

import pyotp
import pytest
from litestar.testing import TestClient
from tests.server.company import Clock, Owner, Site, code_of, public_okp, signing_key
from tests.server.ingest.support import identifier, token

from reteamz.server.accounts.limiter import Limiter
from reteamz.server.app import create_app
from reteamz.server.config import load
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import ReteamzError

HOUR_MS = 3_600_000


def test_who_signs_up_is_logged_in_and_finds_the_account(site: Site, owner: Owner) -> None:
    account = site.told("/api/account")
    assert account["email"] == "acme@company.example"
    assert (account["mode"], account["epoch"], account["role"], account["totp"]) == ("encrypted", 1, "owner", False)
    assert account["roster"] == {"version": 1, "sha256": owner.head().sha256}
    assert site.told("/api/bundle") == {"bundle": "a sealed bundle"}
    assert [version["version"] for version in site.told("/api/rosters")["rosters"]] == [1]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"company": "label:Acme"}, 400, "plain_refused"),
        ({"company": token("title", "Acme")}, 400, "token_malformed"),
        ({"timezone": "../../etc/passwd"}, 400, "input_invalid"),
        ({"mode": "plain"}, 400, "input_invalid"),
        ({"member": identifier("somebody else")}, 400, "input_invalid"),
        ({"account": identifier("another")}, 400, "roster_refused"),
        ({"identity": {"kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "x": "A" * 43}}, 400, "signature_invalid"),
        ({"email": "nobody"}, 400, "input_invalid"),
        ({"auth": "short"}, 400, "input_invalid"),
        ({"devices": "{}"}, 400, "roster_refused"),
        ({"roster": "a.b"}, 400, "header_refused"),
        ({"unknown": 1}, 400, "input_invalid"),
    ],
)
def test_a_sign_up_that_does_not_fit_together_stores_nothing(
    site: Site, change: dict[str, object], status: int, code: str
) -> None:
    owner = Owner("acme")
    told = code_of(site.call("POST", "/api/signup", owner.signup(**change)))
    assert told[1] == code
    assert told[0] in (status, 401, 403)
    assert "reteamz_session" not in site.client.cookies
    assert owner.sign_up(site), "the address is free, as nothing was stored"


def test_settings_key_of_the_sign_up_is_the_one_of_the_roster(site: Site) -> None:
    other = public_okp(signing_key("other"))
    answer = site.call("POST", "/api/signup", Owner("acme").signup(settings=other))
    assert code_of(answer) == (400, "input_invalid")


def test_an_address_has_one_account_however_it_is_written(site: Site, owner: Owner) -> None:
    second = Owner("second")
    second.email = "ACME@Company.example"
    assert code_of(site.call("POST", "/api/signup", second.signup())) == (409, "email_taken")


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(site: Site, owner: Owner) -> None:
    site.become_nobody()
    wrong = site.call("POST", "/api/login", {"email": owner.email, "auth": sha256(b"wrong")})
    unknown = site.call("POST", "/api/login", {"email": "nobody@company.example", "auth": sha256(b"wrong")})
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert code_of(wrong) == (401, "login_failed")


def test_how_to_stretch_does_not_tell_whether_an_address_is_known(site: Site, owner: Owner) -> None:
    def kdf(email: str) -> dict[str, object]:
        found = site.call("POST", "/api/login/start", {"email": email}).json()["kdf"]
        assert isinstance(found, dict)
        return found

    known, unknown = kdf(owner.email), kdf("nobody@company.example")
    assert known.keys() == unknown.keys()
    assert known["iterations"] == unknown["iterations"]
    assert len(str(known["salt"])) == len(str(unknown["salt"]))
    assert kdf("NOBODY@company.example") == unknown, "the same for ever"
    assert kdf("somebody@company.example") != unknown


def test_the_answer_about_an_unknown_address_survives_a_restart(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        with TestClient(create_app(load(tmp_path, environment={}), Clock())) as client:
            body = {"email": "nobody@company.example"}
            answers.append(Site(client, Clock()).call("POST", "/api/login/start", body).json())
    assert answers[0] == answers[1]


def test_a_log_in_opens_a_new_session_and_ends_the_one_before(site: Site, owner: Owner) -> None:
    before = site.client.cookies["reteamz_session"]
    assert owner.log_in(site).status_code == 200
    assert site.client.cookies["reteamz_session"] != before
    assert len(site.told("/api/sessions")) == 1


def test_a_session_ends_by_log_out_by_idleness_and_by_age(site: Site, owner: Owner) -> None:
    assert site.call("POST", "/api/logout").status_code == 204
    assert code_of(site.client.get("/api/account")) == (401, "session_required")
    owner.log_in(site)
    site.clock.ms += 8 * 24 * HOUR_MS
    assert code_of(site.client.get("/api/account")) == (401, "session_required")
    owner.log_in(site)
    for _ in range(5):
        site.clock.ms += 6 * 24 * HOUR_MS - 1000
        last = site.client.get("/api/account").status_code
    assert last == 200
    site.clock.ms += HOUR_MS
    assert code_of(site.client.get("/api/account")) == (401, "session_required")


def test_a_member_sees_and_ends_sessions_elsewhere(site: Site, owner: Owner) -> None:
    here = site.client.cookies["reteamz_session"]
    site.become_nobody()
    owner.log_in(site)
    listed = site.told("/api/sessions")
    assert [one["current"] for one in listed].count(True) == 1
    other = next(one["id"] for one in listed if not one["current"])
    assert here not in str(listed), "the list names sessions by hash, never by cookie"
    assert site.call("DELETE", f"/api/sessions/{other}").status_code == 204
    assert code_of(site.call("DELETE", f"/api/sessions/{other}")) == (404, "not_found")
    site.client.cookies.set("reteamz_session", here)
    assert code_of(site.client.get("/api/account")) == (401, "session_required")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    config = load(tmp_path, origin="https://time.example", environment={})
    with TestClient(create_app(config, Clock()), base_url="https://time.example") as client:
        site = Site(client, Clock())
        response = site.call("POST", "/api/signup", Owner("acme").signup())
        cookie = next(value for value in response.headers.get_list("set-cookie") if "reteamz_session" in value).lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "secure"))


def test_a_request_without_the_pages_token_is_refused(site: Site, owner: Owner) -> None:
    assert code_of(site.call("POST", "/api/logout", **{"x-csrftoken": "guessed"})) == (403, "csrf_refused")
    assert site.client.get("/api/account").status_code == 200


def test_guessing_is_slowed_down_for_the_address_and_the_computer(site: Site, owner: Owner) -> None:
    site.become_nobody()
    codes = [
        code_of(site.call("POST", "/api/login", {"email": owner.email, "auth": sha256(bytes([n]))})) for n in range(12)
    ]
    assert codes[:10] == [(401, "login_failed")] * 10
    assert codes[10:] == [(429, "rate_limited")] * 2
    assert code_of(owner.log_in(site)) == (429, "rate_limited"), "also with the right password"
    site.clock.ms += 60_000
    assert owner.log_in(site).status_code == 200


def test_a_success_does_not_wipe_out_failures_before_it() -> None:
    limiter = Limiter(3, 1000)
    for _ in range(2):
        limiter.take("computer", 0)
    limiter.take("computer", 0)
    limiter.give_back("computer")
    limiter.take("computer", 0)
    with pytest.raises(ReteamzError, match="Too many"):
        limiter.take("computer", 0)
    limiter.take("computer", 1000)
    limiter.take("another", 0)


def test_second_factor(site: Site, owner: Owner) -> None:
    start = site.call("POST", "/api/totp/start").json()
    maker = pyotp.TOTP(start["secret"])
    assert "acme%40company.example" in start["uri"]
    wrong = site.call("POST", "/api/totp", {"secret": start["secret"], "code": "000000"})
    assert code_of(wrong) == (400, "totp_wrong")
    now = maker.at(site.clock.ms // 1000)
    assert site.call("POST", "/api/totp", {"secret": start["secret"], "code": now}).is_success
    assert site.told("/api/account")["totp"] is True
    site.become_nobody()
    assert code_of(owner.log_in(site)) == (401, "totp_required")
    assert code_of(owner.log_in(site, totp=now)) == (400, "totp_wrong"), "a code is taken once"
    site.clock.ms += 30_000
    code = maker.at(site.clock.ms // 1000)
    assert owner.log_in(site, totp=code).status_code == 200
    site.become_nobody()
    assert code_of(owner.log_in(site, totp=code)) == (400, "totp_wrong")
    site.clock.ms += 300_000
    assert owner.log_in(site, totp=maker.at(site.clock.ms // 1000)).status_code == 200
    site.clock.ms += 30_000
    end = site.call("DELETE", "/api/totp", {"code": maker.at(site.clock.ms // 1000)})
    assert end.is_success, end.text
    assert site.told("/api/account")["totp"] is False


def test_a_wrong_password_is_told_before_the_second_factor(site: Site, owner: Owner) -> None:
    secret = site.call("POST", "/api/totp/start").json()["secret"]
    site.call("POST", "/api/totp", {"secret": secret, "code": pyotp.TOTP(secret).at(site.clock.ms // 1000)})
    owner.password = "wrong"
    assert code_of(owner.log_in(site)) == (401, "login_failed"), "nobody learns whether there is a second factor"


def test_a_bundle_replaces_only_the_one_it_was_made_from(site: Site, owner: Owner) -> None:
    base = sha256(b"a sealed bundle")
    assert site.call("PUT", "/api/bundle", {"bundle": "second", "base": base}).status_code == 204
    again = site.call("PUT", "/api/bundle", {"bundle": "third", "base": base})
    assert code_of(again) == (409, "bundle_conflict")
    assert site.told("/api/bundle") == {"bundle": "second"}


def test_a_new_password_needs_the_one_so_far_and_ends_other_sessions(site: Site, owner: Owner) -> None:
    elsewhere = site.client.cookies["reteamz_session"]
    site.become_nobody()
    owner.log_in(site)
    change = {
        "bundle": "second", "base": sha256(b"a sealed bundle"), "auth": sha256(b"second"),
        "kdf": owner.signup()["kdf"], "old_auth": sha256(b"not it"),
    }  # fmt: skip
    assert code_of(site.call("PUT", "/api/bundle", change)) == (401, "login_failed")
    assert site.told("/api/bundle") == {"bundle": "a sealed bundle"}, "all of it or nothing"
    partly = {name: value for name, value in change.items() if name != "old_auth"}
    assert code_of(site.call("PUT", "/api/bundle", partly)) == (400, "input_invalid")
    assert site.call("PUT", "/api/bundle", change | {"old_auth": owner.auth}).status_code == 204
    here = site.client.cookies["reteamz_session"]
    site.client.cookies.set("reteamz_session", elsewhere)
    assert code_of(site.client.get("/api/account")) == (401, "session_required")
    site.client.cookies.set("reteamz_session", here)
    assert site.told("/api/bundle") == {"bundle": "second"}
    assert code_of(owner.log_in(site)) == (401, "login_failed")
    owner.password = "second"
    assert owner.log_in(site).status_code == 200


def test_neither_password_nor_cookie_is_in_the_store(site: Site, owner: Owner, tmp_path: Path) -> None:
    owner.log_in(site)
    cookie = site.client.cookies["reteamz_session"].encode()
    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert sum(map(len, files)) > 10_000
    assert not any(cookie in data or owner.auth.encode() in data for data in files)


def test_work_for_an_unknown_address_is_the_same(site: Site, owner: Owner) -> None:
    """Not a timing test: both ways run the same statements, which the database counts."""
    from sqlalchemy import event

    control = site.client.app.dependencies["control"].dependency()
    statements: list[str] = []

    def executed(_: object, __: object, statement: str, *more: object) -> None:
        task = asyncio.current_task()
        if task is None or not task.get_name().startswith("every "):  # what the server does by itself meanwhile
            statements.append(statement)

    event.listen(control._engine.sync_engine, "before_cursor_execute", executed)
    counts = []
    for email in (owner.email, "nobody@company.example"):
        statements.clear()
        site.call("POST", "/api/login", {"email": email, "auth": sha256(b"wrong")})
        counts.append(list(statements))
    assert counts[0] == counts[1]
    assert statistics.mean(map(len, counts)) >= 1
