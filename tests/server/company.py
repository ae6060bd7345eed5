"""A company for tests of the server: an owner and computers that sign as the real ends do, without the keys that make tokens.

The server's tests run where ``reteamz.crypto`` cannot be imported, so everything here is made from ``wire`` and plain signatures.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from litestar import Litestar
from litestar.testing import TestClient
from tests.server.ingest.support import NOW_MS, Device, Signed, identifier, token

from reteamz.server.store.activity import ActivityStore
from reteamz.wire.batch import Head, RosterHead
from reteamz.wire.encoding import b64encode, joined, sha256
from reteamz.wire.enrolment import Enroll, Poll
from reteamz.wire.jwk import PublicOkp, PublicRsa, thumbprint
from reteamz.wire.roster import DeviceEntry, DeviceList, DevicesHead, MemberEntry, Roster
from reteamz.wire.signing import BLOB, ENROLL, POLL, JwsType, jws_header, signed_bytes


@dataclass
class Clock:
    """A clock that tests move; milliseconds."""

    ms: int = NOW_MS

    def __call__(self) -> int:
        return self.ms


class Site:
    """A running application and one browser with its cookies."""

    def __init__(self, client: TestClient[Litestar], clock: Clock) -> None:
        self.client = client
        self.clock = clock

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send a request as the page does: JSON, with the token against requests from other sites."""
        if "csrftoken" not in self.client.cookies:
            self.client.get("/healthz")
        headers = {"x-csrftoken": self.client.cookies["csrftoken"]} | headers
        content = None if body is None else msgspec.json.encode(body)
        return self.client.request(
            method, path, content=content, headers={"content-type": "application/json"} | headers
        )

    def told(self, path: str) -> Any:
        """Return the answer to a GET."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def page(self, path: str) -> httpx.Response:
        """Ask for a page as a person's browser does."""
        return self.client.get(path, headers={"accept": "text/html"}, follow_redirects=False)

    def post_batch(self, signed: Signed) -> httpx.Response:
        return self.client.post("/api/agent/batch", content=signed.body, headers=signed.headers)

    @property
    def activity(self) -> ActivityStore:
        """Return the store behind the application."""
        store = self.client.app.dependencies["activity"].dependency()
        assert isinstance(store, ActivityStore)
        return store

    def become_nobody(self) -> None:
        """Forget the session."""
        self.client.cookies.delete("reteamz_session")


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal, which always says what to do as well."""
    problem = response.json()
    assert len(problem["message"]) > 10, problem
    return response.status_code, problem["code"]


def signing_key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public_okp(key: Ed25519PrivateKey) -> PublicOkp:
    return PublicOkp("OKP", "Ed25519", b64encode(key.public_key().public_bytes_raw()), "Ed25519")


@lru_cache(maxsize=64)
def _rsa(name: str) -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@lru_cache(maxsize=64)
def public_rsa(name: str) -> PublicRsa:
    """Return an RSA key of a name, the same for the whole run."""
    number = _rsa(name).public_key().public_numbers().n
    return PublicRsa("RSA", b64encode(number.to_bytes(256, "big")), "AQAB", "RSA-OAEP-256")


def jws(key: Ed25519PrivateKey, typ: JwsType, payload: object, header: object = None) -> str:
    """Return a compact JWS."""
    parts = [b64encode(msgspec.json.encode(part)) for part in (header or jws_header(typ), payload)]
    text = ".".join(parts)
    return f"{text}.{b64encode(key.sign(text.encode()))}"


@dataclass
class Owner:
    """The owner of an account, with its chain of rosters."""

    name: str
    mode: str = "encrypted"
    epoch: int = 1
    version: int = 1
    prev: str = ""
    devices: list[DeviceEntry] = field(default_factory=list)
    members: list[MemberEntry] = field(default_factory=list)
    """Besides the owner."""
    password: str = "first"
    bundle: str = "a sealed bundle"

    def __post_init__(self) -> None:
        if self.mode == "plain":
            self.epoch = 0
        self.account = identifier(self.name)
        self.member = identifier(f"{self.name}/owner")
        self.key = signing_key(f"{self.name}/owner")
        self.settings = public_okp(signing_key(f"{self.name}/settings"))
        self.identity = public_okp(self.key)
        self.exchange = public_rsa("owner")
        self.email = f"{self.name}@company.example"

    @property
    def auth(self) -> str:
        return sha256(self.password.encode())

    def entry(self, **changes: Any) -> MemberEntry:
        """Return the owner's own entry of the roster."""
        whole = MemberEntry(
            id=self.member, state="active", role="owner", rights=[], departments=[], added=NOW_MS,
            identity=thumbprint(self.identity), settings=thumbprint(self.settings), exchange=thumbprint(self.exchange),
            alg="RSA-OAEP-256",
        )  # fmt: skip
        return msgspec.structs.replace(whole, **changes)

    def documents(self, members: list[MemberEntry] | None = None, **changes: Any) -> tuple[str, str]:
        """Return roster and device list of the current version."""
        listed = DeviceList(1, changes.pop("list_account", self.account), self.version, self.devices)
        devices = msgspec.json.encode(listed).decode()
        roster = Roster(
            v=1, account=self.account, version=self.version, prev=self.prev, issued=NOW_MS, mode=self.mode,
            epoch=self.epoch, sealing=public_rsa("sealing") if self.epoch else None,
            members=[self.entry(), *self.members] if members is None else members,
            devices=DevicesHead(sha256(devices.encode()), len(self.devices)),
        )  # fmt: skip
        key = changes.pop("key", self.key)
        return jws(key, "reteamz-roster+1", msgspec.structs.replace(roster, **changes)), devices

    def signup(self, **changes: Any) -> dict[str, Any]:
        """Return a sign-up."""
        roster, devices = self.documents()
        label = token("label", self.name, self.epoch) if self.epoch else f"label:{self.name}"
        return {
            "email": self.email, "account": self.account, "member": self.member, "mode": self.mode,
            "timezone": "Europe/Berlin", "company": label,
            "kdf": {"name": "PBKDF2-SHA256", "salt": identifier(self.name), "iterations": 1_000_000},
            "auth": self.auth, "bundle": self.bundle, "identity": msgspec.to_builtins(self.identity),
            "settings": msgspec.to_builtins(self.settings), "exchange": msgspec.to_builtins(self.exchange),
            "roster": roster, "devices": devices,
        } | changes  # fmt: skip

    def sign_up(self, site: Site) -> Owner:
        """Sign up, and be logged in."""
        response = site.call("POST", "/api/signup", self.signup())
        assert response.status_code == 201, response.text
        return self

    def log_in(self, site: Site, **more: Any) -> httpx.Response:
        return site.call("POST", "/api/login", {"email": self.email, "auth": self.auth, **more})

    def head(self) -> RosterHead:
        return RosterHead(self.version, sha256(self.documents()[0].encode()))

    def next(self, **state: Any) -> Owner:
        """Go on to the next version: ``devices``, ``mode``, ``epoch`` change with it."""
        self.prev = self.head().sha256
        self.version += 1
        for name, value in state.items():
            setattr(self, name, value)
        return self

    def post(self, site: Site, **more: Any) -> httpx.Response:
        """Post the current version."""
        roster, devices = self.documents()
        return site.call("POST", "/api/rosters", {"roster": roster, "devices": devices} | more)

    def grant(self, recipient: str, seq: int = 1, **changes: Any) -> str:
        """Return a grant as one sees it from outside."""
        payload = {
            "v": 1, "account": self.account, "recipient": recipient,
            "roster": {"version": self.version, "sha256": self.head().sha256},
            "epoch": self.epoch, "seq": seq, "signers": [], "key": "sealed",
        } | changes  # fmt: skip
        return jws(self.key, "reteamz-grant+1", payload)

    def make_ticket(self, site: Site, name: str = "ticket", uses: int = 5, hours: float = 24) -> str:
        ticket = identifier(f"{self.name}/{name}")
        expires = site.clock.ms + round(hours * 3_600_000)
        body = {"ticket": ticket, "type": "device", "expires": expires, "uses": uses}
        response = site.call("POST", "/api/tickets", body)
        assert response.status_code == 201, response.text
        return ticket

    def confirm(self, site: Site, *computers: Computer) -> None:
        """Confirm computers with the next roster, and grant each the key where there is one."""
        entries = [*self.devices, *(computer.entry() for computer in computers)]
        self.next(devices=entries)
        grants = []
        if self.epoch:
            grants = [{"recipient": one.recipient, "grant": self.grant(one.recipient)} for one in computers]
        response = self.post(site, grants=grants)
        assert response.status_code == 201, response.text


class Computer(Device):
    """A computer that enrols, polls and sends."""

    def __init__(self, owner: Owner, name: str = "laptop") -> None:
        super().__init__(owner.name, name)
        self.mode, self.epoch = owner.mode, owner.epoch
        self.signing = public_okp(self._key)
        self.exchange = public_rsa(name)
        self.recipient = thumbprint(self.exchange)

    def entry(self, **changes: Any) -> DeviceEntry:
        whole = DeviceEntry(
            id=self.id, state="confirmed", added=NOW_MS, signing=thumbprint(self.signing), exchange=self.recipient,
            alg="RSA-OAEP-256", last=None,
        )  # fmt: skip
        return msgspec.structs.replace(whole, **changes)

    def _signed(self, label: bytes, body: bytes) -> dict[str, str]:
        return {"Reteamz-Signature": b64encode(self._key.sign(signed_bytes(label, body)))}

    def enroll(self, site: Site, ticket: str, **changes: Any) -> httpx.Response:
        whole = Enroll(1, self.account, ticket, self.id, self.signing, self.exchange, "M" * 42 + "A", "linux")
        body = msgspec.json.encode(msgspec.structs.replace(whole, **changes))
        return site.client.post("/api/agent/enroll", content=body, headers=self._signed(ENROLL, body))

    def poll(
        self,
        site: Site,
        computer: str | None = None,
        at: int | None = None,
        rules: int = 0,
        policy: int = 0,
        grant: str = "",
    ) -> httpx.Response:
        moment = site.clock.ms if at is None else at
        body = msgspec.json.encode(Poll(1, self.account, self.id, moment, "0.1.0", computer, rules, policy, grant))
        return site.client.post("/api/agent/poll", content=body, headers=self._signed(POLL, body))

    def put_blob(
        self, site: Site, blob: bytes, digest: str | None = None, signer: Computer | None = None
    ) -> httpx.Response:
        hashed = hashlib.sha256(blob).hexdigest() if digest is None else digest
        named = b64encode(bytes.fromhex(hashed)) if digest is None else sha256(blob)
        headers = (signer or self)._signed(BLOB, joined(self.account, self.id, named)) | {"Reteamz-Device": self.id}
        return site.client.put(f"/api/agent/blob/{hashed}", content=blob, headers=headers)

    def last(self) -> Head:
        return Head(self.seq, self.prev)
