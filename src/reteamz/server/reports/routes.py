"""``GET /api/reports/…``: ids, entry texts and totals; what a viewer may not see is not in the query."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.looks.keep import Looks, whom_of
from reteamz.server.people.placing import require_departments
from reteamz.server.rating.rate import ratings_of
from reteamz.server.reports import daily, queries
from reteamz.server.reports.attendance import attendance
from reteamz.server.reports.categories import categories
from reteamz.server.reports.category_types import Categories
from reteamz.server.reports.day_types import Attendance, Live, Timeline, Week
from reteamz.server.reports.filters import Filter, HoursChoice, PersonsOf, build_filter
from reteamz.server.reports.log import log as log_page
from reteamz.server.reports.ranking import Part, RankedField, RatingWord, ranked, require_categories
from reteamz.server.reports.rated import productivity
from reteamz.server.reports.rated_types import Productivity
from reteamz.server.reports.types import Days, LogPage, Overview, PeopleTable, RankedTable
from reteamz.server.schedules import schedules_of
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now

PAGE_MOST: Final = 1_000
"""Most rows on a page."""

First = Annotated[date, QueryParameter(name="from", description="First local day, YYYY-MM-DD")]
Last = Annotated[date, QueryParameter(name="to", description="Last local day, inclusive")]
Persons = Annotated[list[int] | None, QueryParameter(name="person", description="Dictionary ids of persons")]
Devices = Annotated[list[str] | None, QueryParameter(name="device", description="Identifiers of devices")]
Departments = Annotated[list[str] | None, QueryParameter(name="department", description="Identifiers of departments")]
Names = Annotated[
    list[int] | None, QueryParameter(name="name", description="Dictionary ids of names that events must have")
]
HoursOf = Annotated[
    HoursChoice | None,
    QueryParameter(name="hours", description="Events that start inside or outside of working hours"),
]
RatingOf = Annotated[RatingWord | None, QueryParameter(name="rating", description="Only time with this rating")]
CategoryOf = Annotated[
    int | None,
    QueryParameter(
        name="category", ge=0, le=2**31 - 1, description="Only time in this category or one below it; 0: in none"
    ),
]
Page = Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MOST)]

Chosen = NamedDependency[Filter]
Activity = NamedDependency[ActivityStore]

_encode = msgspec.json.Encoder().encode
_PATHS: Final[dict[str, RankedField]] = {
    "apps": "app",
    "sites": "site",
    "titles": "title",
    "documents": "doc",
    "urls": "url",
}


async def _answer(report: Callable[..., msgspec.Struct], *arguments: object, **named: object) -> Response[bytes]:
    """Make a report in a thread and write its JSON there as well, so that the event loop stays free."""
    body = await asyncio.to_thread(lambda: _encode(report(*arguments, **named)))
    return Response(body, media_type="application/json")


async def chosen(
    request: Request[Any, Any, Any],
    viewer: NamedDependency[Viewer],
    persons_of: NamedDependency[PersonsOf],
    activity: NamedDependency[ActivityStore],
    control: NamedDependency[ControlStore],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    first: First,
    last: Last,
    persons: Persons = None,
    devices: Devices = None,
    departments: Departments = None,
    names: Names = None,
    hours: HoursOf = None,
) -> Filter:
    """Return what a request looks at, as far as the viewer may."""
    await require_departments(control, viewer, departments or (), now())
    schedules = None
    if hours is not None:
        async with control.session() as session:
            schedules = await schedules_of(session, viewer.account)
    found = await build_filter(
        viewer,
        persons_of,
        activity,
        first,
        last,
        persons or (),
        devices or (),
        departments or (),
        names or (),
        hours,
        schedules,
    )
    whom = whom_of(viewer, persons or (), departments or (), found.persons)
    await looks.note(viewer, request.scope["path"], whom, now())
    return found


def _ranked_route(path: str, field: RankedField) -> Any:
    @get(
        f"/{path}",
        operation_id=f"report_{path}",
        summary=f"Time by {field}, longest first",
        responses={200: ResponseSpec(RankedTable, description="One page")},
    )
    async def report(
        filter: Chosen,
        activity: Activity,
        viewer: NamedDependency[Viewer],
        control: NamedDependency[ControlStore],
        page: Page = 1,
        limit: Limit = 100,
        people: FromQuery[bool] = False,
        compare: FromQuery[bool] = False,
        rating: RatingOf = None,
        category: CategoryOf = None,
    ) -> Response[bytes]:
        part = None
        if rating is not None or category is not None:
            require_categories(viewer, category)
            async with control.session() as session:
                part = Part(await ratings_of(session, viewer.account), rating, category)
        return await _answer(ranked, activity, filter, field, page, limit, people=people, compare=compare, part=part)

    return report


@get("/overview", responses={200: ResponseSpec(Overview, description="Totals, days and the top lists")})
async def report_overview(filter: Chosen, activity: Activity, now: NamedDependency[Now]) -> Response[bytes]:
    """Totals with the period before, hours by day, top names, persons, silent devices."""
    return await _answer(queries.overview, activity, filter, now())


@get("/people", responses={200: ResponseSpec(PeopleTable, description="One page")})
async def report_people(filter: Chosen, activity: Activity, page: Page = 1, limit: Limit = 100) -> Response[bytes]:
    """Time of each person by kind, longest work first."""
    return await _answer(queries.people, activity, filter, page, limit)


@get("/days", responses={200: ResponseSpec(Days, description="Every day of the range")})
async def report_days(filter: Chosen, activity: Activity) -> Response[bytes]:
    """Time by day and kind."""
    return await _answer(queries.days, activity, filter)


@get("/log", responses={200: ResponseSpec(LogPage, description="One page, oldest first")})
async def report_log(filter: Chosen, activity: Activity, page: Page = 1, limit: Limit = 100) -> Response[bytes]:
    """Events one by one."""
    return await _answer(log_page, activity, filter, page, limit)


@get("/timeline", responses={200: ResponseSpec(Timeline, description="The last days of the range, person by person")})
async def report_timeline(
    filter: Chosen,
    activity: Activity,
    days: Annotated[int, QueryParameter(name="days", ge=1, le=7)] = 1,
    page: Page = 1,
) -> Response[bytes]:
    """What was in front when on the last days of the range, in steps of five minutes."""
    return await _answer(daily.timeline, activity, filter, days, page)


@get("/live", responses={200: ResponseSpec(Live, description="Everybody, the latest first")})
async def report_live(filter: Chosen, activity: Activity, now: NamedDependency[Now]) -> Response[bytes]:
    """What was seen last of every person in the range."""
    return await _answer(daily.live, activity, filter, now())


@get("/week", responses={200: ResponseSpec(Week, description="Seven days of 24 hours")})
async def report_week(filter: Chosen, activity: Activity) -> Response[bytes]:
    """Active and meeting time by hour of the week."""
    return await _answer(daily.week, activity, filter)


@get("/attendance", responses={200: ResponseSpec(Attendance, description="Every person and day")})
async def report_attendance(
    filter: Chosen, activity: Activity, control: NamedDependency[ControlStore], now: NamedDependency[Now]
) -> Response[bytes]:
    """First and last activity and work time of every person and day, against their schedules."""
    async with control.session() as session:
        schedules = await schedules_of(session, filter.account)
        zone = (await session.get_one(Account, filter.account)).timezone
    return await _answer(attendance, activity, filter, schedules, now(), zone)


@get("/productivity", responses={200: ResponseSpec(Productivity, description="Time by rating")})
async def report_productivity(
    filter: Chosen, activity: Activity, control: NamedDependency[ControlStore]
) -> Response[bytes]:
    """Time by rating: totals, days, people, and the names that wait for a rating."""
    async with control.session() as session:
        ratings = await ratings_of(session, filter.account)
    return await _answer(productivity, activity, filter, ratings)


@get("/categories", responses={200: ResponseSpec(Categories, description="Time by category")})
async def report_categories(
    filter: Chosen, activity: Activity, control: NamedDependency[ControlStore]
) -> Response[bytes]:
    """Time by category of the rules: the tree, each with the categories below it, and what no rule puts anywhere."""
    async with control.session() as session:
        ratings = await ratings_of(session, filter.account)
    return await _answer(categories, activity, filter, ratings)


handlers = [
    Router(
        path="/api/reports",
        route_handlers=[
            *(_ranked_route(path, field) for path, field in _PATHS.items()),
            report_overview,
            report_people,
            report_days,
            report_log,
            report_productivity,
            report_categories,
            report_timeline,
            report_attendance,
            report_live,
            report_week,
        ],
        dependencies={"filter": Provide(chosen)},
    )
]
