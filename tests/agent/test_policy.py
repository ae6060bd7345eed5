"""What a policy lets through: hours in the time of the person's clock, exclusions, detail, and whom it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from reteamz.agent.policies import Policies
from reteamz.agent.policy import Policy
from reteamz.agent.samples import Sample
from reteamz.wire.batch import IDLE, PRIVATE
from reteamz.wire.policy import (
    DEFAULT,
    INHERITED,
    DepartmentSettings,
    Exclusion,
    PersonSettings,
    PolicyTree,
    Settings,
    resolved,
)

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE: Any = [[(8 * 60, 12 * 60), (13 * 60, 17 * 60)]] * 5 + [[], []]


def says(**changes: Any) -> Settings:
    return msgspec.structs.replace(INHERITED, **changes)


def under(**changes: Any) -> Policy:
    return Policy().under(resolved([DEFAULT, says(**changes)]), 1)


def at(*when: int, zone: ZoneInfo = BERLIN) -> Sample:
    moment = datetime(*when, tzinfo=zone)  # type: ignore[arg-type,misc]  # year to minute
    offset = moment.utcoffset()
    assert offset is not None
    return Sample(
        int(moment.timestamp() * 1000),
        offset=int(offset.total_seconds()) // 60,
        person="Otti Marsh",
        app="Writer",
        title="Offer 4711",
    )


def test_nothing_is_recorded_outside_of_working_hours() -> None:
    policy = under(hours=OFFICE)
    for when, recorded in (
        ((2026, 11, 25, 7, 59), False), ((2026, 11, 25, 8, 0), True), ((2026, 11, 25, 11, 59), True), ((2026, 11, 25, 12, 0), False),
        ((2026, 11, 25, 17, 0), False), ((2026, 11, 28, 10, 0), False),
        # The Fridays before and after clocks go back, and the Mondays after.
        ((2026, 10, 23, 8, 0), True), ((2026, 10, 26, 8, 0), True), ((2026, 10, 26, 7, 59), False), ((2026, 3, 30, 8, 0), True),
    ):  # fmt: skip
        for kind in (0, IDLE, PRIVATE):
            sample = msgspec.structs.replace(at(*when), kind=kind)
            assert (policy.apply(sample) is not None) is recorded, (when, kind)
    assert policy.described()[-1].startswith("only in working hours (Mon 08:00–12:00 and 13:00–17:00, Tue")


@given(
    st.lists(
        st.lists(st.integers(0, 1440), max_size=6, unique=True).map(sorted).map(lambda some: list(zip(some[::2], some[1::2], strict=False))),
        min_size=7, max_size=7,
    ),
    st.integers(0, 10**7), st.integers(1, 3 * 1440), st.integers(-14 * 60, 14 * 60),
)  # fmt: skip
def test_past_time_is_cut_where_looks_would_have_been_left_out(
    hours: Any, start: int, length: int, offset: int
) -> None:
    policy = under(hours=hours)
    parts = list(policy.open_parts(start * 60_000, (start + length) * 60_000, offset))
    told = [minute for begin, end in parts for minute in range(begin // 60_000, end // 60_000)]
    looked = [
        minute
        for minute in range(start, start + length)
        if policy.apply(Sample(minute * 60_000, offset=offset, app="x")) is not None
    ]
    assert told == looked


def test_exclusions_hide_or_skip() -> None:
    policy = under(
        urls=True,
        exclusions=[Exclusion(["title"], "bank", True, "hide"), Exclusion(["site"], r"(^|\.)clinic\.example$", False, "skip")],
    )  # fmt: skip
    sample = at(2026, 11, 25, 9, 0)
    assert policy.apply(sample) == sample
    hidden = policy.apply(
        msgspec.structs.replace(sample, title="Northquay BANK", url="https://bank.example/4711", input=7)
    )
    assert hidden == Sample(sample.at, offset=60, person="Otti Marsh")
    assert policy.apply(msgspec.structs.replace(sample, url="https://www.clinic.example/visit")) is None
    assert policy.apply(msgspec.structs.replace(sample, title="bank", url="https://clinic.example/")) is None
    elsewhere = msgspec.structs.replace(sample, url="https://bank.example/4711")
    assert policy.apply(elsewhere) == msgspec.structs.replace(elsewhere, site="bank.example")


def test_detail() -> None:
    sample = msgspec.structs.replace(at(2026, 11, 25, 9, 0), url="https://news.example/a", document="Offer.docx")
    bare = Sample(sample.at, offset=60, person="Otti Marsh", app="Writer")
    whole = msgspec.structs.replace(sample, site="news.example")
    assert under(detail="off").apply(sample) is None
    assert under(detail="off").apply(msgspec.structs.replace(sample, kind=IDLE)) is None
    assert under(detail="applications", urls=True, records=["text"]).apply(sample) == bare
    assert under(detail="names").apply(sample) == msgspec.structs.replace(whole, url="")
    assert under(detail="everything", urls=True).apply(sample) == whole
    kinds = {
        detail: under(detail=detail, records=["text"]).records
        for detail in ("off", "applications", "names", "everything")
    }
    assert kinds == {"off": set(), "applications": set(), "names": set(), "everything": {"text"}}
    assert under(detail="off").described() == ["nothing"]


def test_a_person_has_what_the_nearest_level_says() -> None:
    department = "A" * 22
    tree = PolicyTree(
        settings=says(urls=True, idle_limit=60_000, exclusions=[Exclusion([], "bank", False, "hide")]),
        departments=[DepartmentSettings(department, says(urls=False, private=False))],
        persons=[
            PersonSettings("otti", department, says(detail="applications", exclusions=[Exclusion([], "clinic", False, "skip")])),
            PersonSettings("ada", department, None),
        ],
    )  # fmt: skip
    policies = Policies(tree, 4, lambda person: [person.partition(" ")[0].lower(), "from an epoch before"])
    default = Policy(idle_limit=1_000)
    otti, ada, nobody = (policies.of(person, default) for person in ("Otti Marsh", "Ada Flint", "Nora Quill"))
    assert (otti.version, otti.detail, otti.urls, otti.private, otti.idle_limit) == (
        4,
        "applications",
        False,
        False,
        60_000,
    )
    assert (ada.detail, ada.urls, ada.private) == ("names", False, False)
    assert (nobody.detail, nobody.urls, nobody.private) == ("names", True, True)
    seen = [msgspec.structs.replace(at(2026, 11, 25, 9, 0), title=title) for title in ("bank", "clinic")]
    assert [otti.apply(one) is None for one in seen] == [False, True]
    assert [told is not None and told.title for told in map(ada.apply, seen)] == ["", "clinic"]
    assert policies.of("Otti Marsh", default) is otti


def test_how_long_idle_is_may_be_said_where_the_agent_starts() -> None:
    policies = Policies(PolicyTree(settings=INHERITED, departments=[], persons=[]), 1, lambda _: [])
    assert policies.of("", Policy(idle_limit=1_000)).idle_limit == 1_000


def test_offsets_of_a_day_without_a_zone() -> None:
    """A computer east of Greenwich has its Monday while it is still Sunday there."""
    policy = under(hours=[[(0, 60)], *[[]] * 6])
    monday = int(datetime(2026, 11, 22, 13, 30, tzinfo=UTC).timestamp() * 1000)
    assert policy.apply(Sample(monday, offset=11 * 60, app="x")) is not None
    assert policy.apply(Sample(monday, offset=9 * 60, app="x")) is None
