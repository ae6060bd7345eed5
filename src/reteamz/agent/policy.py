"""What may be recorded. A policy only ever takes away; what it does not allow never reaches merge, memory of the spool or disk."""

from __future__ import annotations

from typing import Literal

import msgspec

from reteamz.agent.documents import document_of
from reteamz.agent.samples import NAMED_KINDS, Sample
from reteamz.agent.sites import site_of
from reteamz.wire.batch import SealedKind


class Screenshot(msgspec.Struct, frozen=True):
    """How pictures of the screen are taken: seconds between two, radius of the blur in pixels, without colours, of which monitors."""

    every_s: int = 300
    blur: int = 0
    grey: bool = False
    monitors: Literal["all", "active"] = "all"


class Camera(msgspec.Struct, frozen=True):
    """Seconds between two pictures of the camera."""

    every_s: int = 900


class Sound(msgspec.Struct, frozen=True):
    """Seconds between two pieces of sound, and how long one is."""

    every_s: int = 900
    length_s: int = 20


class Policy(msgspec.Struct, frozen=True):
    """The detail that is recorded; the default is applications, titles and sites.

    A document is what its window's title says already, so it goes with titles. ``idle_limit`` is in milliseconds; ``version`` 0 is the default
    that nobody signed.
    """

    version: int = 0
    applications: bool = True
    titles: bool = True
    sites: bool = True
    urls: bool = False
    documents: bool = True
    idle_limit: int = 180_000
    records: frozenset[SealedKind] = frozenset()
    screenshot: Screenshot = Screenshot()
    camera: Camera = Camera()
    sound: Sound = Sound()
    meetings: bool = True
    private: bool = True

    def apply(self, sample: Sample) -> Sample | None:
        """Return the sample with what may be recorded and nothing more; None when this time is left out altogether."""
        if sample.kind not in NAMED_KINDS:
            return Sample(sample.at, sample.kind, sample.duration, sample.offset, sample.idle, sample.person)
        site = ""
        if self.sites:
            site = sample.site or (site_of(sample.url) if sample.url else "")
        document = ""
        if self.documents and self.titles:
            document = sample.document or document_of(sample.app, sample.title)
        return Sample(
            sample.at,
            sample.kind,
            sample.duration,
            sample.offset,
            sample.idle,
            sample.person,
            sample.app if self.applications else "",
            sample.title if self.titles else "",
            site,
            sample.url if self.urls else "",
            document,
            sample.input,
        )

    def described(self) -> list[str]:
        """Return what is recorded, in words, for the person at the computer."""
        names = {
            "applications": self.applications,
            "window titles": self.titles,
            "sites": self.sites,
            "addresses of pages": self.urls,
            "documents": self.documents and self.titles,
        }
        return [name for name, recorded in names.items() if recorded]


def anonymous(sample: Sample) -> Sample:
    """Return what may be kept before the owner confirmed this device: kind and times (spec 9.4)."""
    return Sample(sample.at, sample.kind, sample.duration, 0, sample.idle)
