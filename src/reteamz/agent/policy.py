"""What may be recorded. A policy only ever takes away; what it does not allow never reaches merge, memory of the spool or disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from reteamz.agent.documents import document_of
from reteamz.agent.samples import NAMED_KINDS, Sample
from reteamz.agent.sites import site_of
from reteamz.crypto.names import normalise
from reteamz.crypto.policy import Excluder
from reteamz.wire.batch import SealedKind
from reteamz.wire.policy import CAMERA, SCREENSHOT, SOUND, Camera, Detail, Effect, Hours, Screenshot, Settings, Sound

MINUTE_MS: Final = 60_000
_DAY_MIN: Final = 1_440
_WEEK_MIN: Final = 7 * _DAY_MIN
_MONDAY_MIN: Final = 3 * _DAY_MIN
"""The first minute of 1970 was a Thursday's."""
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Policy(msgspec.Struct, frozen=True):
    """What is in force for one person; the default is applications, titles and sites (spec 16.8).

    A document is what its window's title says already, so it goes with titles. ``idle_limit`` is in milliseconds; ``records`` are the kinds of
    sealed content that may be taken; ``hours`` None is at any time; ``version`` 0 is the default that nobody signed.
    """

    version: int = 0
    detail: Detail = "names"
    urls: bool = False
    idle_limit: int = 180_000
    hours: Hours | None = None
    records: frozenset[SealedKind] = frozenset()
    screenshot: Screenshot = SCREENSHOT
    camera: Camera = CAMERA
    sound: Sound = SOUND
    meetings: bool = True
    private: bool = True
    excluder: Excluder | None = None

    def under(self, settings: Settings, version: int) -> Policy:
        """Return what is in force where signed settings speak, and this where they do not.

        Args:
            settings: what all levels say together (:func:`reteamz.wire.policy.resolved`), expressions in plain text.
            version: of the policy.

        Raises:
            ReteamzError: ``pattern_invalid``.
        """
        said = {name: value for name in settings.__struct_fields__ if (value := getattr(settings, name)) is not None}
        exclusions, records = said.pop("exclusions"), said.pop("records", ())
        detail = said.get("detail", self.detail)
        return msgspec.structs.replace(
            self,
            version=version,
            records=frozenset(records if detail == "everything" else ()),
            excluder=Excluder(exclusions) if exclusions else None,
            **said,
        )

    def lessened(self) -> Policy:
        """Return this policy as far as it takes away: nothing beyond the default, and private time (spec 16.7)."""
        return msgspec.structs.replace(self, urls=False, records=frozenset(), private=True)

    def apply(self, sample: Sample) -> Sample | None:
        """Return the sample with what may be recorded and nothing more; None when this time is left out altogether."""
        if self.detail == "off" or not self._open_at(sample.at, sample.offset):
            return None
        bare = Sample(sample.at, sample.kind, sample.duration, sample.offset, sample.idle, sample.person)
        if sample.kind not in NAMED_KINDS:
            return bare
        site = sample.site or (site_of(sample.url) if sample.url else "")
        document = sample.document or document_of(sample.app, sample.title)
        match self._effect(sample, site, document):
            case "skip":
                return None
            case "hide":
                return bare
        if self.detail == "applications":
            return msgspec.structs.replace(bare, app=sample.app, input=sample.input)
        return msgspec.structs.replace(sample, site=site, url=sample.url if self.urls else "", document=document)

    def open_parts(self, start: int, end: int, offset: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of a stretch [start, end) in milliseconds that lie in working hours; ``offset`` is minutes east of UTC."""
        if self.hours is None:
            yield start, end
            return
        shift = offset * MINUTE_MS
        day = _DAY_MIN * MINUTE_MS
        for number in range((start + shift) // day, (end + shift - 1) // day + 1):
            for begins, ends in self.hours[(number + _MONDAY_MIN // _DAY_MIN) % 7]:
                low = max(start, number * day + begins * MINUTE_MS - shift)
                high = min(end, number * day + ends * MINUTE_MS - shift)
                if low < high:
                    yield low, high

    def described(self) -> list[str]:
        """Return what is recorded, in words, for the person at the computer."""
        if self.detail == "off":
            return ["nothing"]
        names = ["applications"]
        if self.detail != "applications":
            names += ["window titles", "sites", "documents", *(["addresses of pages"] if self.urls else [])]
        if self.hours is not None:
            names.append(f"only in working hours ({_hours_told(self.hours)})")
        return names

    def _open_at(self, at: int, offset: int) -> bool:
        if self.hours is None:
            return True
        day, minute = divmod((at // MINUTE_MS + offset + _MONDAY_MIN) % _WEEK_MIN, _DAY_MIN)
        return any(begins <= minute < ends for begins, ends in self.hours[day])

    def _effect(self, sample: Sample, site: str, document: str) -> Effect | None:
        if self.excluder is None:
            return None
        return self.excluder.effect(
            {
                "app": normalise("app", sample.app),
                "title": normalise("title", sample.title),
                "site": normalise("site", site),
                "url": normalise("url", sample.url),
                "doc": normalise("doc", document),
            }
        )


def anonymous(sample: Sample) -> Sample:
    """Return what may be kept before the owner confirmed this device: kind and times (spec 9.4)."""
    return Sample(sample.at, sample.kind, sample.duration, 0, sample.idle)


def _hours_told(hours: Hours) -> str:
    days = []
    for name, parts in zip(_DAYS, hours, strict=True):
        told = " and ".join(f"{_clock(begins)}–{_clock(ends)}" for begins, ends in parts)
        if told:
            days.append(f"{name} {told}")
    return ", ".join(days) or "there are none"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
