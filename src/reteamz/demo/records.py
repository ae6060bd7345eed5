"""Sealed records of the simulated company: drawn, written and played here, sealed and delivered as a real agent does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from reteamz.agent.device import Device
from reteamz.agent.records.record import Record, Text, TextKind
from reteamz.agent.records.screens import THUMBNAIL, webp
from reteamz.agent.records.sound import flac
from reteamz.agent.samples import Sample
from reteamz.demo.company import Person
from reteamz.demo.pictures import chime, desktop, face
from reteamz.wire.batch import ACTIVE, SealedKind

PEOPLE: Final = 5
"""So many people have records: drawing takes time."""
DAYS: Final = 2
"""Of their last days at work."""
_PICTURES: Final = 9
_SOUND_S: Final = 4

SAID: Final[dict[TextKind, tuple[str, ...]]] = {
    "text": (
        "Dear Ms Marsh,\n\nthank you for the brass samples. We would take forty of the smaller fittings by the tenth, if the foundry can keep that date.",
        "The dimmer still flickers below eight per cent. I think the trailing edge is cut too early; measuring again with the long cable.",
        "Booked against the wrong month, corrected. Please have a look at the two remaining invoices of the ferry company.",
        "Notes for the showroom: warmer glass at the window, one lamp less on the table, price tags on the left.",
    ),
    "clipboard": ("Lantern hook, blackened, 12 mm, article 40-1187", "Deliver to the boathouse gate, ring twice"),
    "chat": (
        "Lunch at the quay in ten minutes? They have the plum cake again.",
        "Can you send me the drawing of the Foxglove base before three?",
        "The tall lamp is packed. Somebody please sign the slip at the door.",
    ),
}
"""What was typed, copied and said; every line is a canary."""


def agreed(_person: str, _kind: SealedKind) -> bool:
    """Everybody at the simulated company accepted the notice."""
    return True


def canaries() -> set[str]:
    """Return texts that must appear nowhere on the server's side."""
    return {line for texts in SAID.values() for text in texts for line in text.splitlines() if line}


def take(person: Person, device: Device, recorded: Sequence[Sequence[Sample]], seed: int) -> None:
    """Tell the owner that the person accepted; record pictures, texts and sound of the last days that were fed and long enough, and deliver them.

    Raises:
        ReteamzError: those of the spool and of the server.
    """
    device.notice("consent_given", person.name)
    days = [[sample for sample in samples if sample.kind == ACTIVE and sample.app] for samples in recorded]
    for seen in [day for day in days if len(day) >= _PICTURES][-DAYS:]:
        _take(person, device, seen, random.Random(f"records/{seed}/{person.name}/{seen[0].at}"))  # noqa: S311  # a story
    device.flush()
    device.sync.push_all()
    while device.records.push():
        pass


def _take(person: Person, device: Device, seen: Sequence[Sample], chance: random.Random) -> None:
    chosen = sorted(chance.sample(seen, _PICTURES), key=lambda sample: sample.at)
    for sample in chosen:
        _screenshot(person, device, sample, sample.at + chance.randrange(sample.duration))
    for sample in chosen[2::4]:
        picture = face(f"{person.name}/{sample.at}")
        caption = {"width": picture.width, "height": picture.height}
        device.record(Record("camera", "image/webp", sample.at, person.name, caption, webp(picture)))
    heard = chosen[-1].at
    sound = flac(chime(_SOUND_S, f"{person.name}/{heard}"))
    device.record(Record("sound", "audio/flac", heard, person.name, {"length_ms": _SOUND_S * 1000}, sound))
    device.flush()
    for kind, texts in SAID.items():
        for sample in chance.sample(chosen, 2 if kind == "text" else 1):
            device.record_text(person.name, kind, Text(sample.at, sample.app, sample.title, "", chance.choice(texts)))
            # What is written between two batches travels together: here each has one of its own.
            device.flush()


def _screenshot(person: Person, device: Device, sample: Sample, at: int) -> None:
    """Take a picture and its thumbnail as the agent does."""
    local = datetime.fromtimestamp(at / 1000, UTC) + timedelta(minutes=sample.offset)
    picture = desktop(sample.app, sample.title, f"{person.name}/{at}", f"{local:%H:%M}")
    names = {"app": sample.app, "title": sample.title, "monitor": 0}
    caption = {**names, "width": picture.width, "height": picture.height}
    of = device.record(Record("screenshot", "image/webp", at, person.name, caption, webp(picture)))
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    caption = {**names, "width": picture.width, "height": picture.height, "thumbnail": True, "of": of}
    device.record(Record("screenshot", "image/webp", at, person.name, caption, webp(picture)))
