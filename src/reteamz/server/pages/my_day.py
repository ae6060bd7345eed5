"""My day: what an employee sees of themselves, exactly as managers do, and who looked."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.blobs.store import BlobStore
from reteamz.server.looks.keep import Looks
from reteamz.server.looks.read import looks_for
from reteamz.server.pages.filterbar import Choice
from reteamz.server.pages.records import KINDS
from reteamz.server.pages.shell import account_of, page, page_words, today_in
from reteamz.server.pages.timeline import board
from reteamz.server.rating.rate import ratings_of
from reteamz.server.records.show import Wish, show
from reteamz.server.reports import daily, queries
from reteamz.server.reports.attendance import recorded
from reteamz.server.reports.filters import PersonsOf, build_filter
from reteamz.server.reports.presence import presences
from reteamz.server.reports.rated import productivity
from reteamz.server.schedules import schedules_of
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.errors import ReteamzError

LOOKED: Final = timedelta(days=30)
"""How far back looks are shown."""
RECORDS: Final = 120
"""So many records of oneself are listed."""


@get("/my-day")
async def my_day(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    persons_of: NamedDependency[PersonsOf],
    looks: NamedDependency[Looks],
    blobs: NamedDependency[BlobStore],
    now: NamedDependency[Now],
    day: Annotated[date | None, QueryParameter(name="day")] = None,
) -> Template:
    """One day of the employee who asks, and who looked at them lately."""
    if viewer.role != "employee" or viewer.person is None:
        raise ReteamzError("forbidden", "“My day” is for people who were invited as employees; you have the overview.")
    account = await account_of(control, viewer)
    today = today_in(account, now())
    shown = day or today
    only = await build_filter(viewer, persons_of, activity, shown, shown)
    await looks.flush()
    async with control.session() as session:
        ratings = await ratings_of(session, viewer.account)
        schedules = await schedules_of(session, viewer.account)
        looked = await looks_for(session, viewer, today - LOOKED)
    timeline = await asyncio.to_thread(daily.timeline, activity, only)
    days = (await asyncio.to_thread(recorded, activity, only)).get(viewer.person, {})
    return page(
        "my-day",
        account,
        "My day",
        template="my_day",
        name=activity.name(viewer.account, viewer.person),
        report=await asyncio.to_thread(queries.overview, activity, only, now()),
        rated=await asyncio.to_thread(productivity, activity, only, ratings),
        timeline=timeline,
        board=board(timeline),
        presences=await asyncio.to_thread(presences, activity, only),
        attended=days.get(shown),
        expected=schedules.day(viewer.person, shown),
        off=schedules.off(viewer.person, shown),
        scheduled=schedules.any,
        day=shown,
        choice=Choice("", shown, shown, (), (), ()),
        before=shown - timedelta(days=1),
        after=shown + timedelta(days=1) if shown < today else None,
        looked=looked,
        since=today - LOOKED,
        words=page_words(),
        records=await show(only, account.timezone, Wish(limit=RECORDS), activity, blobs),
        kinds=KINDS,
    )


handlers = [my_day]
