"""Screens & records: what sealed content there is; the browser opens it, one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Template

from reteamz.server.blobs.store import BlobStore
from reteamz.server.pages.reports import Asked
from reteamz.server.pages.shell import filtered, page
from reteamz.server.pages.texts import clock
from reteamz.server.records.show import Wish, show
from reteamz.server.records.types import Moment, RecordsPage
from reteamz.server.security import RECORDS_POLICY
from reteamz.wire.batch import SealedKind

ROWS: Final = 60
"""Moments on a page."""
WAITED_MS: Final = 24 * 3_600_000
"""After so long, what has not come is called missing."""

Show = Literal["pictures", "texts", "sound"]
TABS: Final[dict[Show, tuple[str, str, tuple[SealedKind, ...]]]] = {
    "pictures": ("Pictures", "photo", ("screenshot", "camera")),
    "texts": ("Texts", "keyboard", ("text", "clipboard", "chat")),
    "sound": ("Sound", "microphone", ("sound",)),
}
KINDS: Final[dict[str, str]] = {
    "screenshot": "Screenshot",
    "camera": "Camera",
    "sound": "Sound",
    "text": "Typed text",
    "clipboard": "Clipboard",
    "chat": "Chat",
}


@dataclass(frozen=True, slots=True)
class Group:
    """One person's records of one day, hour by hour (word, moments)."""

    day: str
    person_id: int
    person: str
    hours: tuple[tuple[str, tuple[Moment, ...]], ...]


def groups(report: RecordsPage) -> list[Group]:
    """Return the moments of a page by day and person, and within these by hour; they come in that order."""
    found: dict[tuple[str, int], dict[str, list[Moment]]] = {}
    for moment in report.rows:
        hour = clock(moment.at, moment.utc_offset_min)[:2]
        found.setdefault((moment.day, moment.person_id), {}).setdefault(f"{hour}:00", []).append(moment)
    return [
        Group(
            day,
            person,
            next(iter(hours.values()))[0].person,
            tuple((hour, tuple(moments)) for hour, moments in hours.items()),
        )
        for (day, person), hours in found.items()
    ]


@get("/records", dependencies={"right": Provide(lambda: "sealed", sync_to_thread=False)})
async def records(
    asked: NamedDependency[Asked],
    blobs: NamedDependency[BlobStore],
    wanted: Annotated[Show | None, QueryParameter(name="show")] = None,
    at: Annotated[int | None, QueryParameter(name="at", ge=0, le=2**53)] = None,
    number: Annotated[int | None, QueryParameter(name="page", ge=1, le=1_000_000)] = None,
) -> Template:
    """Pictures, texts and sound of the chosen days and people."""
    shown = wanted or "pictures"
    wish = Wish(TABS[shown][2], number, at, ROWS)
    zone = asked.account.timezone
    report = await show(asked.filter, zone, wish, asked.activity, blobs)
    if wanted is None and not report.count and report.kinds:
        # Nothing was said of the kind: show one that there is.
        shown = next(tab for tab, (_, _, kinds) in TABS.items() if any(kind in report.kinds for kind in kinds))
        report = await show(asked.filter, zone, replace(wish, kinds=TABS[shown][2]), asked.activity, blobs)
    answer = page(
        "records",
        asked.account,
        "Screens & records",
        report=report,
        groups=groups(report),
        shown=shown,
        here=min(report.rows, key=lambda moment: abs(moment.at - at)) if at is not None and report.rows else None,
        tabs=[
            (tab, word, icon, sum(report.kinds.get(kind, 0) for kind in kinds))
            for tab, (word, icon, kinds) in TABS.items()
        ],
        kinds=KINDS,
        late=asked.now - WAITED_MS,
        **filtered(asked.choice, asked.lists, "/records"),
    )
    answer.headers["content-security-policy"] = RECORDS_POLICY
    return answer


handlers = [records]
