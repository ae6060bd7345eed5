"""Pages of reports: overview, the ranked tables, log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Redirect, Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.looks.keep import Looks, whom_of
from reteamz.server.pages import charts
from reteamz.server.pages.filterbar import Choice, choose
from reteamz.server.pages.shell import Lists, account_of, filtered, lists_of, page, today_in
from reteamz.server.pages.timeline import board
from reteamz.server.people.placing import require_departments
from reteamz.server.rating.rate import Ratings, ratings_of
from reteamz.server.reports import daily, queries
from reteamz.server.reports.categories import with_categories
from reteamz.server.reports.filters import Filter, PersonsOf, build_filter
from reteamz.server.reports.log import log as log_page
from reteamz.server.reports.ranking import Part, RankedField, RatingWord, ranked, require_categories
from reteamz.server.reports.rated import by_department, days_and_queue
from reteamz.server.schedules import schedules_of
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.wire.accounts import AccountView
from reteamz.wire.roster import Right

ROWS: Final = 50
ROWS_BY_NAME: Final = 5_000
"""Rows that a table sorted by name gets at once: only the browser can sort names."""
LOG_ROWS: Final = 100
WEEK: Final = 7

Preset = Annotated[str | None, QueryParameter(name="range")]
First = Annotated[date | None, QueryParameter(name="from")]
Last = Annotated[date | None, QueryParameter(name="to")]
Persons = Annotated[list[int] | None, QueryParameter(name="person")]
Departments = Annotated[list[str] | None, QueryParameter(name="department")]
Devices = Annotated[list[str] | None, QueryParameter(name="device")]
Names = Annotated[list[int] | None, QueryParameter(name="name")]
Hours = Annotated[Literal["", "inside", "outside"], QueryParameter(name="hours")]
Rating = Annotated[RatingWord | None, QueryParameter(name="rating")]
Category = Annotated[int | None, QueryParameter(name="category", ge=0, le=2**31 - 1)]
Page = Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every page of a report needs, in one place."""

    account: AccountView
    lists: Lists
    choice: Choice
    filter: Filter
    activity: ActivityStore
    now: int
    ratings: Ratings
    may_rate: bool

    @property
    def opens_records(self) -> bool:
        """Whether there are sealed records that the viewer may open."""
        return self.account.mode == "encrypted" and (self.account.role == "owner" or "sealed" in self.account.rights)

    def rating(self) -> dict[str, object]:
        """Return what the rating buttons need: with one department chosen they speak of it, else of the whole account."""
        department = self.choice.departments[0] if len(self.choice.departments) == 1 else ""
        everywhere = self.ratings.everywhere
        return {
            "may_rate": self.may_rate,
            "rate_in": department,
            "ratings": {**everywhere, **self.ratings.departments.get(department, {})},
            "inherited": everywhere if department else {},
            "ruled": partial(self.ratings.rules.rating, department=department),
        }

    async def made(self, report: Callable[..., Any], *arguments: object, **named: object) -> Any:
        """Make a report in a thread."""
        return await asyncio.to_thread(report, self.activity, self.filter, *arguments, **named)


async def asked(
    request: Request[Any, Any, Any],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    persons_of: NamedDependency[PersonsOf],
    looks: NamedDependency[Looks],
    now: NamedDependency[Callable[[], int]],
    right: NamedDependency[Right | None],
    preset: Preset = None,
    first: First = None,
    last: Last = None,
    persons: Persons = None,
    departments: Departments = None,
    devices: Devices = None,
    names: Names = None,
    hours: Hours = "",
) -> Asked:
    """Return account, filter and what the filter bar offers. ``right`` is what managers need for the page."""
    if right is not None:
        viewer.require_right(right)
    account = await account_of(control, viewer)
    choice = choose(
        today_in(account, now()),
        preset,
        first,
        last,
        persons or (),
        departments or (),
        devices or (),
        names or (),
        hours or None,
    )
    await require_departments(control, viewer, choice.departments, now())
    async with control.session() as session:
        ratings = await ratings_of(session, viewer.account)
        schedules = await schedules_of(session, viewer.account)
    chosen = await build_filter(
        viewer,
        persons_of,
        activity,
        choice.first,
        choice.last,
        choice.persons,
        choice.devices,
        choice.departments,
        choice.names,
        choice.hours,
        schedules,
    )
    whom = whom_of(viewer, choice.persons, choice.departments, chosen.persons)
    await looks.note(viewer, request.scope["path"], whom, now())
    lists = await lists_of(control, activity, viewer, choice.names, schedules)
    return Asked(account, lists, choice, chosen, activity, now(), ratings, viewer.role == "owner")


@get("/")
async def overview(asked: NamedDependency[Asked]) -> Template | Redirect:
    """The first page; an employee's is their own day."""
    if asked.account.role == "employee":
        return Redirect("/my-day", status_code=303)
    report = await asked.made(queries.overview, asked.now)
    days, queue = await asked.made(days_and_queue, asked.ratings)
    return page(
        "overview",
        asked.account,
        "Overview",
        report=report,
        chart=charts.of_work(report.days, days),
        unrated=queue,
        **asked.rating(),
        stored=asked.activity.account_number(asked.account.account) > 0,
        **filtered(asked.choice, asked.lists, "/"),
    )


_TABLES: Final[dict[str, tuple[RankedField, str, str]]] = {
    "apps": ("app", "Applications", "Application"),
    "sites": ("site", "Sites", "Site"),
    "titles": ("title", "Titles", "Window title"),
    "documents": ("doc", "Documents", "Document"),
}


def _table(key: str) -> Any:
    field, title, heading = _TABLES[key]

    @get(f"/{key}", name=f"page_{key}")
    async def table(
        asked: NamedDependency[Asked],
        viewer: NamedDependency[Viewer],
        sort: Annotated[str, QueryParameter(name="sort", pattern="^(time|name)$")] = "time",
        number: Page = 1,
        rating: Rating = None,
        category: Category = None,
    ) -> Template:
        require_categories(viewer, category)
        choice = replace(asked.choice, rating=rating, category=category)
        rows = ROWS_BY_NAME if sort == "name" else ROWS
        part = Part(asked.ratings, rating, category) if choice.parted else None
        report = await asked.made(ranked, field, number, rows, people=True, compare=True, part=part)
        named = {one.id: one.name for one in asked.ratings.rules.structure.categories}
        return page(
            key,
            asked.account,
            title,
            template="ranking",
            heading=heading,
            down="/titles" if field in ("app", "site") else "/log",
            report=report,
            sort=sort,
            before=asked.filter.before(),
            category=named.get(category or 0, ""),
            tables=[(f"/{path}", title) for path, (_, title, _) in _TABLES.items()],
            **asked.rating(),
            **filtered(choice, asked.lists, f"/{key}"),
        )

    return table


@get("/live")
async def live(asked: NamedDependency[Asked]) -> Template:
    """Who is at work now, and on what; the page asks again by itself."""
    today = today_in(asked.account, asked.now)
    # Somebody east of the account's zone has tomorrow's date, somebody west yesterday's.
    around = replace(asked.filter, first=today - timedelta(days=1), last=today + timedelta(days=1))
    report = await asyncio.to_thread(daily.live, asked.activity, around, asked.now)
    return page(
        "live",
        asked.account,
        "Live",
        report=report,
        query=asked.choice.query(**{"range": None, "from": around.first, "to": around.last}),
        **filtered(asked.choice, asked.lists, "/live"),
    )


@get("/timeline")
async def timeline(
    asked: NamedDependency[Asked],
    view: Annotated[str, QueryParameter(name="view", pattern="^(day|week)$")] = "day",
    number: Page = 1,
) -> Template:
    """The last day of the chosen ones, or the week that ends with it, person by person."""
    last, today = asked.choice.last, today_in(asked.account, asked.now)
    days = WEEK if view == "week" else 1
    shown = replace(asked.filter, first=last - timedelta(days=days - 1))
    report = await asyncio.to_thread(
        daily.timeline, asked.activity, shown, days, number, daily.LANES // days if days > 1 else daily.LANES
    )
    step = timedelta(days=days)
    return page(
        "timeline",
        asked.account,
        "Timeline",
        report=report,
        board=board(report),
        view=view,
        opens_records=asked.opens_records,
        before=last - step,
        after=min(last + step, today) if last < today else None,
        **filtered(asked.choice, asked.lists, "/timeline"),
    )


@get("/productivity")
async def rated(asked: NamedDependency[Asked]) -> Template:
    """Time by rating, and the names that wait for one."""
    report, tree = await asked.made(with_categories, asked.ratings)
    return page(
        "productivity",
        asked.account,
        "Productivity",
        report=report,
        tree=tree,
        departments=by_department(report.people, {person.id: person.department for person in asked.lists.persons}),
        chart=charts.by_rating(report.days),
        **asked.rating(),
        **filtered(asked.choice, asked.lists, "/productivity"),
    )


@get("/log")
async def log(asked: NamedDependency[Asked], number: Page = 1) -> Template:
    """Events one by one."""
    report = await asked.made(log_page, number, LOG_ROWS)
    return page(
        "log",
        asked.account,
        "Log",
        report=report,
        computers=asked.lists.computers(),
        opens_records=asked.opens_records,
        **filtered(asked.choice, asked.lists, "/log"),
    )


handlers = [overview, *(_table(key) for key in _TABLES), live, timeline, rated, log]
