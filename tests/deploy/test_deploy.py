"""What ``deploy/`` holds does what it says: units that systemd takes, and a proxy in front of the real server."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.conftest import RealServer, free_port
from tests.waiting import wait_for

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner

ROOT = Path(__file__).parents[2]
PLACES = os.environ["PATH"] + os.pathsep + "/usr/sbin"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
HOST = "time.example"


def test_there_are_units_for_server_and_agent() -> None:
    assert [unit.name for unit in UNITS] == [
        "reteamz-agent-computer.service", "reteamz-agent-session.service", "reteamz-agent.service", "reteamz-agent@.service",
        "reteamz.service",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_a_unit_without_a_word(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "reteamz"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name.replace("@.", "@root.")
    text = unit.read_text().replace("/opt/reteamz/bin/reteamz", str(program))
    copy.write_text(re.sub(r"^(User|Group)=reteamz(-agent)?$", r"\1=root", text, flags=re.MULTILINE))
    scope = ["--user"] if "WantedBy=graphical-session.target" in text else []
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *scope, str(copy)],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )  # fmt: skip
    about = [line for line in ran.stderr.splitlines() if unit.name.split(".")[0].rstrip("@") in line]
    assert about == []
    assert ran.returncode == 0, ran.stderr


def test_the_commands_of_the_units_exist() -> None:
    for unit in UNITS:
        (command,) = re.findall(r"^ExecStart=/opt/reteamz/bin/(.*)$", unit.read_text(), re.MULTILINE)
        words = [word for word in command.replace("%i", "ann").split() if not word.startswith("/var/")]
        words = [word for word in words if word not in ("--data", "--dir")]
        ran = subprocess.run(
            [sys.executable, "-m", "reteamz.cli.main", *words[1:], "--help"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, (command, ran.stderr)


def make_certificate(folder: Path) -> Path:
    """Return a certificate of our own for the name, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "fullchain.pem"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str, RealServer]]:
    """Return a client that trusts the certificate, the address, and the server behind nginx."""
    folder = tmp_path_factory.mktemp("proxy")
    certificate = make_certificate(folder)
    tls, plain = free_port(), free_port()
    os.environ["RETEAMZ_PROXIES"] = "127.0.0.1"
    server = RealServer(folder / "data", free_port(), folder / "server.log", origin=f"https://{HOST}")
    try:
        server.start()
    finally:
        del os.environ["RETEAMZ_PROXIES"]
    site = (ROOT / "deploy" / "nginx" / "reteamz.conf").read_text()
    for told, here in (
        ("listen 443 ", f"listen 127.0.0.1:{tls} "),
        ("listen [::]:443 ", f"listen [::1]:{tls} "),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen [::]:80;", f"listen [::1]:{plain};"),
        ("/etc/letsencrypt/live/time.example", str(folder)),
        ("http://127.0.0.1:8765", f"http://127.0.0.1:{server.port}"),
    ):
        assert told in site
        site = site.replace(told, here)
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        + (f"user {os.environ.get('USER', 'root')};\n" if os.geteuid() == 0 else "")
        + f"events {{}}\nhttp {{\n client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        + f" fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{site}\n}}\n"
    )
    program = shutil.which("nginx", path=PLACES)
    assert program is not None
    process = subprocess.Popen([program, "-e", str(folder / "error.log"), "-c", str(config)])
    context = ssl.create_default_context(cafile=str(certificate))
    url = f"https://127.0.0.1:{tls}"

    class ByName(httpx.HTTPTransport):
        """Reaches the loopback address under the name of the certificate."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.headers["host"] = HOST
            request.extensions["sni_hostname"] = HOST
            return super().handle_request(request)

    client = httpx.Client(transport=ByName(verify=context), timeout=30)

    def answers() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            return client.get(f"{url}/readyz").is_success
        except httpx.HTTPError:
            return False

    try:
        wait_for(answers, what="nginx")
        yield client, url, server
    finally:
        client.close()
        process.terminate()
        process.wait(30)
        server.stop()


def now() -> int:
    return int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)


def test_the_whole_way_goes_through_the_proxy(proxied: tuple[httpx.Client, str, RealServer], tmp_path: Path) -> None:
    client, url, _ = proxied
    owner = Owner.sign_up(url, "proxy@company.example", "correct horse battery", "Works", now=now, http=client)
    enroll(tmp_path / "agent", owner.enrolment_code(), client, now)
    device = Device.open(tmp_path / "agent", client, now)
    owner.confirm(owner.waiting())
    device.sync.poll_once()
    device.feed(Sample(now() - 60_000, duration=10_000, person="Otti Marsh", app="Writer", title="Offer 4711"))
    device.flush()
    assert device.sync.push_all() == 1
    device.close()
    table = owner.connection.get("/api/reports/titles", dict, **{"from": "2026-01-01", "to": "2035-01-01"})
    assert owner.reader().replace(table["rows"][0]["name"]) == "Offer 4711"


def test_headers_and_cookies_are_those_of_tls(proxied: tuple[httpx.Client, str, RealServer]) -> None:
    client, url, _ = proxied
    answer = client.get(f"{url}/login")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
    assert client.get(f"{url}/metrics").status_code == 404


def test_limits_count_computers_and_not_the_proxy(proxied: tuple[httpx.Client, str, RealServer]) -> None:
    _, _, server = proxied
    direct = f"http://127.0.0.1:{server.port}"
    token = httpx.get(f"{direct}/healthz").cookies["csrftoken"]

    def guess(address: str, number: int) -> int:
        # What a computer says of itself stands first and is not believed; the proxy adds what it saw at the end.
        headers = {"X-Forwarded-For": f"10.9.9.{number}, {address}", "x-csrftoken": token}
        body = {"email": f"guess{number}@company.example", "auth": "A" * 43}
        return httpx.post(
            f"{direct}/api/login", json=body, headers=headers | {"Cookie": f"csrftoken={token}"}
        ).status_code

    assert [guess("192.0.2.1", number) for number in range(11)] == [401] * 10 + [429]
    assert guess("192.0.2.2", 11) == 401
