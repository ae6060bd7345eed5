"""Signed, chained batches of believable work, the same for every run."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.signing import BATCH, signed_bytes

START_MS: Final = 1_750_000_000_000
ACCOUNT: Final = b64encode(bytes(16))
APPS: Final = 60
SITES: Final = 400
TITLES: Final = 20_000


@dataclass(frozen=True)
class Device:
    """A device with its batches, oldest first: (body, signature)."""

    id: str
    public: bytes
    batches: list[tuple[bytes, str]]


def token(field: str, number: int, size: int = 32) -> str:
    """Return something of the form of a token: 32 bytes for short names, more for titles."""
    seed = hashlib.sha256(f"{field}/{number}".encode()).digest() * 3
    return f"rtz1.{field}.1.{b64encode(seed[:size])}"


def _zipf(rng: random.Random, count: int) -> int:
    """Return a number below ``count``, small ones far more often."""
    return int(count ** rng.random()) - 1 if count > 1 else 0


def message(rng: random.Random, device: str, person: int, seq: int, prev: str, events: int) -> dict[str, Any]:
    """Return one batch of work in sequence: windows of 5 to 60 seconds, titles that go with applications, sites now and then."""
    tokens: dict[str, int] = {}

    def place(text: str) -> int:
        return tokens.setdefault(text, len(tokens))

    start = START_MS + seq * events * 30_000
    rows = []
    for _ in range(events):
        app = _zipf(rng, APPS)
        title = app * 317 + _zipf(rng, TITLES // APPS)
        duration = rng.randrange(5_000, 60_000)
        kind = rng.choices((0, 1, 2, 3), (80, 12, 3, 5))[0]
        site = place(token("site", _zipf(rng, SITES))) if app < 3 else -1
        names = (
            (place(token("app", app)), site, place(token("title", title, 64)), -1, -1) if kind in (0, 3) else (-1,) * 5
        )
        rows.append([place(token("person", person)), kind, start, duration, 120, *names, rng.randrange(200), -1])
        start += duration
    return {
        "v": 1,
        "account": ACCOUNT,
        "device": device,
        "seq": seq,
        "prev": prev,
        "epoch": 1,
        "roster": {"version": 1, "sha256": "A" * 43},
        "policy": 1,
        "mode": "encrypted",
        "tokens": list(tokens),
        "events": rows,
        "blobs": [],
    }


def make(devices: int, batches: int, events: int) -> list[Device]:
    """Return devices with signed chains."""
    made = []
    for number in range(devices):
        rng = random.Random(number)
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"device %d" % number).digest())
        device = b64encode(hashlib.sha256(b"id %d" % number).digest()[:16])
        prev = ""
        chain = []
        for seq in range(1, batches + 1):
            body = msgspec.json.encode(message(rng, device, number, seq, prev, events))
            chain.append((body, b64encode(key.sign(signed_bytes(BATCH, body)))))
            prev = sha256(body)
        made.append(Device(device, key.public_key().public_bytes_raw(), chain))
    return made


def save(devices: list[Device], folder: Path, *, zstd: bool) -> None:
    """Write what the load generator sends, one file a device, and the devices' public keys."""
    compress = zstandard.ZstdCompressor(level=3).compress
    for number, device in enumerate(devices):
        with (folder / f"{number}.batches").open("wb") as file:
            for body, signature in device.batches:
                sent = compress(body) if zstd else body
                file.write(b"%s %d\n" % (signature.encode(), len(sent)) + sent)
    keys = {device.id: device.public.hex() for device in devices}
    (folder / "keys.json").write_text(json.dumps(keys))
    (folder / "devices.txt").write_text("\n".join(keys))
