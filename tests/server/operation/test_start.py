"""Starting, and what those who run a server see of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.conftest import free_port
from tests.server.company import Clock, Computer, Owner, Site, code_of

from reteamz.server.app import create_app
from reteamz.server.config import load
from reteamz.server.security import POLICY
from reteamz.wire.errors import ReteamzError


def refusal(data: Path) -> tuple[str, str]:
    with pytest.raises(ReteamzError) as refused:
        create_app(load(data, environment={}), Clock())
    return refused.value.code, refused.value.message


@pytest.mark.parametrize(
    ("name", "code"),
    [("activity.duckdb", "state_corrupt"), ("control.sqlite", "state_corrupt"), ("server.secret", "key_corrupt")],
)
def test_a_damaged_file_is_named_and_left_as_it_was(tmp_path: Path, name: str, code: str) -> None:
    damaged = os.urandom(20_000)
    (tmp_path / name).write_bytes(damaged)
    told, message = refusal(tmp_path)
    assert told == code
    assert "restore it from a backup" in message
    assert (tmp_path / name).read_bytes() == damaged


def test_a_folder_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    create_app(load(tmp_path, environment={}), Clock())
    engine = create_engine(f"sqlite:///{tmp_path / 'control.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    code, message = refusal(tmp_path)
    assert (code, "newer version" in message) == ("folder_unusable", True)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file")[0] == "folder_unusable"


@pytest.mark.parametrize(
    "environment",
    [
        {"RETEAMZ_PORT": "many"},
        {"RETEAMZ_ORIGIN": "time.example"},
        {"RETEAMZ_ORIGIN": "https://time.example/path"},
        {"RETEAMZ_ORIGIN": "ftp://time.example"},
        {"RETEAMZ_ACTIVITY": "postgresql://somewhere"},
        {"RETEAMZ_PROXIES": "*"},
        {"RETEAMZ_PROXIES": "127.0.0.1, proxy.example"},
    ],
)
def test_a_setting_that_makes_no_sense(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(ReteamzError) as refused:
        create_app(load(tmp_path, environment=environment), Clock())
    assert refused.value.code == "input_invalid"


def test_arguments_beat_the_environment(tmp_path: Path) -> None:
    environment = {"RETEAMZ_HOST": "::1", "RETEAMZ_PORT": "1234"}
    assert load(tmp_path, environment=environment).origin == "http://[::1]:1234"
    config = load(tmp_path, "127.0.0.2", 99, "https://time.example/", environment)
    assert (config.host, config.port, config.origin, config.secure) == (
        "127.0.0.2", 99, "https://time.example", True,
    )  # fmt: skip


def serve(data: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reteamz.cli.main", "serve", "--data", str(data), "--port", str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_or_a_folder_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = serve(tmp_path / "a", port)
    assert ran.returncode == 1
    assert ran.stderr == f"reteamz: Port {port} of 127.0.0.1 cannot be used; choose another with --port.\n"
    app = create_app(load(tmp_path / "b", environment={}), Clock())
    ran = serve(tmp_path / "b", free_port())
    assert app is not None
    assert ran.returncode == 1
    assert ran.stderr == (
        "reteamz: Another server uses this data folder; stop it, or choose another folder with --data.\n"
    )


def test_health_readiness_and_metrics(site: Site, owner: Owner, computer: Computer) -> None:
    assert site.client.get("/healthz").text == "ok\n"
    assert site.client.get("/readyz").text == "ok\n"
    site.post_batch(computer.work())
    site.client.get(f"/api/journal/{computer.id}")
    told = site.client.get("/metrics").text
    assert 'reteamz_requests_total{method="POST",route="/api/agent/batch",status="200"} 1.0' in told
    assert 'route="/api/journal/{device}"' in told
    for secret in (computer.id, owner.account, owner.email, owner.member, "testclient"):
        assert secret not in told


def test_every_answer_carries_the_headers_that_keep_a_page_in(site: Site, owner: Owner) -> None:
    for path in ("/", "/login", "/healthz", "/api/account", "/nothing", "/api/reports/apps"):
        headers = site.client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    assert "unsafe" not in POLICY
    assert "trusted-types reteamz-worker" in POLICY


def test_the_description_of_the_api_names_every_route(site: Site) -> None:
    document = site.told("/schema/openapi.json")
    told = set(document["paths"])
    served = {
        route.path_format
        for route in site.client.app.routes
        if route.path_format.startswith(("/api/", "/healthz", "/readyz", "/metrics"))
    }
    assert served <= told
    assert len(told) > 30


def test_an_answer_to_a_mistake_has_a_code_and_quotes_nothing(site: Site, owner: Owner) -> None:
    canary = "canary-typed-by-somebody"
    assert code_of(site.client.get(f"/api/{canary}")) == (404, "not_found")
    assert code_of(site.call("PATCH", "/api/account", {"x": canary})) == (405, "not_found")
    answer = site.call("POST", "/api/departments", {"name": {"deep": canary}})
    assert code_of(answer) == (400, "input_invalid")
    assert canary not in answer.text
    broken = site.client.post(
        "/api/departments",
        content=b'{"name": "' + canary.encode(),
        headers={"content-type": "application/json", "x-csrftoken": site.client.cookies["csrftoken"]},
    )
    assert code_of(broken) == (400, "input_invalid")
    assert canary not in broken.text
    large = site.call("POST", "/api/departments", {"name": canary * 500_000})
    assert code_of(large) == (413, "input_invalid")


def test_a_failure_of_the_server_tells_nothing_of_what_was_sent(
    site: Site, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-typed-by-somebody"
    control = site.client.app.dependencies["control"].dependency()
    control.session = lambda: (_ for _ in ()).throw(RuntimeError(canary))
    answer = site.call("POST", "/api/login/start", {"email": f"{canary}@company.example"})
    assert code_of(answer) == (500, "internal")
    told = capsys.readouterr()
    assert canary not in answer.text + told.out + told.err
    assert "RuntimeError" in told.out + told.err
