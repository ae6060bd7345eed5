"""Pages as the server writes them: tokens in text nodes and nowhere else, nothing that a page must not have."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from tests.server.company import Computer, Owner, Site
from tests.server.ingest.support import NOW_MS, token

from reteamz.server.pages import charts, texts
from reteamz.server.pages.filterbar import PRESETS, choose, days_of
from reteamz.server.pages.heat import heat
from reteamz.server.pages.policies import hours_told, kinds_of
from reteamz.server.pages.shell import entries_for
from reteamz.server.reports.day_types import Week
from reteamz.server.reports.rated_types import Rated, RatedDay
from reteamz.server.reports.types import DayHours, Hours
from reteamz.wire.errors import ReteamzError
from reteamz.wire.policy import DEFAULT

PAGES = (*(entry.href for entry in entries_for("owner")), "/timeline?view=week", "/profile")
TOKEN = re.compile(r"rtz1\.[a-z]+\.\d")
RANGE = "from=2025-10-01&to=2025-10-31"


def ranged(path: str) -> str:
    """Return the address of a page with the days that have events; pages that are no reports pass over them."""
    return f"{path}{'&' if '?' in path else '?'}{RANGE}"


class Reader(HTMLParser):
    """Sorts what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.inside: list[str] = []
        self.inline_scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.inline_scripts += bool(data.strip())
        else:
            self.texts.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.fixture
def filled(site: Site, owner: Owner, computer: Computer) -> Site:
    """Return a site with a page-full of everything."""
    fields = ("person", "app", "site", "title", "doc")
    tokens = [token(field, str(number)) for field in fields for number in range(4)]
    rows = [
        (n, kind, NOW_MS - 3_600_000 * (n + 1), 600_000, 60, 4 + n, 8 + n, 12 + n, -1, 16 + n, 9, -1)
        for n in range(4)
        for kind in range(5)
    ]
    assert site.post_batch(computer.next(tokens, rows)).status_code == 200
    assert computer.poll(site, token("computer", "desk")).status_code == 200
    department = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    site.call("PUT", "/api/people/1", {"department": department})
    Computer(owner, "waiting").enroll(site, owner.make_ticket(site, "another"))
    return site


@pytest.mark.parametrize("path", PAGES)
def test_tokens_stand_in_text_and_nowhere_else(filled: Site, path: str) -> None:
    page = filled.page(ranged(path))
    assert page.status_code == 200
    reader = read(page.text)
    assert [found for found in reader.attributes if TOKEN.search(found[2])] == []
    assert reader.inline_scripts == 0
    assert not [name for _, name, _ in reader.attributes if name == "style" or name.startswith("on")]
    assert any(TOKEN.search(text) for text in reader.texts)


@pytest.mark.parametrize("path", PAGES)
def test_a_new_account_sees_pages_that_say_what_to_do(site: Site, owner: Owner, path: str) -> None:
    page = site.page(path)
    assert page.status_code == 200
    if path not in ("/schedules", "/devices", "/policies", "/audit", "/profile"):
        assert 'data-testid="empty"' in page.text


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_logged_in_is_led_to_the_log_in_and_back(site: Site, path: str) -> None:
    address = f"{path}{'&' if '?' in path else '?'}range=month"
    answer = site.page(address)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?" + urlencode({"next": address})


def test_log_in_and_sign_up_are_open_to_all(site: Site) -> None:
    for path in ("/login", "/signup"):
        reader = read(site.page(path).text)
        assert ("input", "type", "password") in reader.attributes
        assert reader.inline_scripts == 0


def test_a_page_that_is_not_there_and_a_question_that_makes_no_sense(site: Site, owner: Owner) -> None:
    for path, status, words in (
        ("/nothing", 404, "Nothing here"),
        ("/apps?range=never", 400, "That did not work"),
        ("/apps?from=1925-10-10&to=2025-10-09", 400, "3700 days at most"),
        ("/log?page=0", 400, "That did not work"),
    ):
        answer = site.page(path)
        assert (answer.status_code, words in answer.text) == (status, True), path
        assert answer.headers["content-type"].startswith("text/html")
        assert "Traceback" not in answer.text


def test_days_that_were_typed_the_wrong_way_round_are_the_same_days(filled: Site) -> None:
    page = filled.page("/apps?from=2025-10-10&to=2025-10-09").text
    assert 'name="from" value="2025-10-09"' in page
    assert 'name="to" value="2025-10-10"' in page


def test_names_that_are_markup_stay_text(site: Site) -> None:
    owner = Owner("plain", mode="plain").sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    names = ["person:<b>Ann", "app:<img src=x onerror=alert(1)>", 'title:"><script>alert(1)</script>']
    rows = [(0, 0, NOW_MS - 3_600_000, 600_000, 60, 1, -1, 2, -1, -1, 9, -1)]
    plain = {"mode": "plain", "epoch": 0, "roster": None}
    assert site.post_batch(computer.next(names, rows, **plain)).status_code == 200
    for path in ("/", "/apps", "/titles", "/people", "/log"):
        reader = read(site.page(ranged(path)).text)
        assert reader.inline_scripts == 0
        assert not [one for one in reader.attributes if one[1] == "onerror"]
        if path == "/apps":
            assert "<img src=x onerror=alert(1)>" in reader.texts, "shown as it was typed, without its field"


def test_scripts_and_styles_are_pinned(site: Site, owner: Owner) -> None:
    reader = read(site.page("/").text)
    pinned = [value for tag, name, value in reader.attributes if name == "integrity" and tag in ("script", "link")]
    sources = [value for tag, name, value in reader.attributes if (tag, name) in (("script", "src"),)]
    assert sources
    assert all(source.startswith("/static/") for source in sources)
    assert len(pinned) >= len(sources)
    for source in sources:
        assert site.client.get(source).status_code == 200


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("today", "2026-03-01", "2026-03-01"),
        ("yesterday", "2026-02-28", "2026-02-28"),
        ("last7", "2026-02-23", "2026-03-01"),
        ("week", "2026-02-23", "2026-03-01"),
        ("lastweek", "2026-02-16", "2026-02-22"),
        ("month", "2026-03-01", "2026-03-01"),
        ("lastmonth", "2026-02-01", "2026-02-28"),
    ],
)
def test_presets_on_a_sunday_that_begins_a_month(preset: str, first: str, last: str) -> None:
    assert days_of(preset, date(2026, 3, 1)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_every_preset_of_the_bar_is_known_and_no_other() -> None:
    assert all(days_of(key, date(2026, 1, 1)) for key, _ in PRESETS)
    with pytest.raises(ReteamzError, match="no such range"):
        days_of("always", date(2026, 1, 1))


def test_an_address_keeps_its_choice() -> None:
    typed = choose(date(2026, 3, 1), "month", date(2026, 1, 1), None, [3, 1], ["d"], ["c"])
    assert typed.query() == "from=2026-01-01&to=2026-01-01&person=3&person=1&department=d&device=c"
    assert typed.query(range="week") == "person=3&person=1&department=d&device=c&range=week"
    assert typed.query(person=None, page=2) == "from=2026-01-01&to=2026-01-01&department=d&device=c&page=2"
    assert typed.narrowed
    assert not choose(date(2026, 3, 1), None, None, None, [], [], []).narrowed


def test_numbers_and_times_are_written_for_people() -> None:
    assert [texts.duration(ms) for ms in (0, 40_000, 59_999, 60_000, 3_600_000, 25_500_000)] == [
        "0 s", "40 s", "1 min", "1 min", "1 h 00 min", "7 h 05 min",
    ]  # fmt: skip
    assert [texts.percent(share) for share in (0, 0.004, 0.099, 0.5, 1)] == ["0 %", "0.4 %", "9.9 %", "50 %", "100 %"]
    assert texts.moment(0, "Europe/Berlin") == "–"
    assert texts.moment(NOW_MS, "Europe/Berlin") == "9 Oct 2025, 10:53"
    assert texts.clock(NOW_MS, -120) == "06:53:20"
    assert texts.change(3, 0) is None
    assert [texts.moved(3, before) for before in (0, 2, 3, 4)] == ["new", "+50 %", "+0 %", "−25 %"]
    assert texts.change(3, 2) == 0.5
    assert texts.name("app:Writer: the second") == "Writer: the second"
    assert texts.name(token("app", "x")) == token("app", "x")


def test_a_chart_adds_up() -> None:
    hours = Hours(active=7_200_000, meeting=3_600_000, idle=1_800_000, work=12_600_000, session=12_600_000)
    days = [DayHours(day="2025-10-09", hours=hours), DayHours(day="2025-10-11", hours=Hours())]
    ratings = Rated(productive=7_200_000, unproductive=1_800_000, uncategorised=1_800_000, tracked=10_800_000)
    told = [RatedDay(day="2025-10-09", rated=ratings), RatedDay(day="2025-10-11", rated=Rated())]
    chart = charts.of_work(days, told)
    assert [line.label for line in chart.lines] == ["0 h", "1 h", "2 h", "3 h", "4 h"]
    first, second = chart.bars
    assert sum(piece.height for piece in first.pieces) == pytest.approx(chart.height * 3.5 / 4, abs=0.05)
    assert first.pieces[0].y + first.pieces[0].height == pytest.approx(chart.height)
    assert first.told == (
        "Thu 9 Oct 2025: productive 2 h 00 min, unproductive 30 min, uncategorised 30 min, idle 30 min"
    )
    assert (second.pieces, second.weekend, second.told) == ((), True, "Sat 11 Oct 2025: nothing")
    assert charts.of_work([], []).bars == ()


@pytest.mark.parametrize(
    ("length", "span", "count", "second"),
    [
        (100, "day", 100, "Thu 2 Jan 2025: "), (101, "week", 15, "Week of Mon 6 Jan 2025: "),
        (800, "week", 115, "Week of Mon 6 Jan 2025: "), (801, "month", 27, "Feb 2025: "),
    ],
)  # fmt: skip
def test_a_chart_of_a_long_range_has_weeks_or_months(length: int, span: str, count: int, second: str) -> None:
    every = [date(2025, 1, 1) + timedelta(days=step) for step in range(length)]
    days = [RatedDay(day=day.isoformat(), rated=Rated(neutral=1_800_000_000 + step)) for step, day in enumerate(every)]
    columns = charts.spanned([charts.Column(day.day, (("n", "Neutral", day.rated.neutral),)) for day in days])
    assert len(columns) == count
    assert sum(column.parts[0][2] for column in columns) == sum(day.rated.neutral for day in days)
    chart = charts.by_rating(days)
    assert (chart.span, len(chart.bars)) == (span, count)
    assert all(0 <= piece.y <= chart.height for bar in chart.bars for piece in bar.pieces)
    assert chart.bars[1].told.startswith(second)
    assert any(bar.weekend for bar in chart.bars) == (span == "day")
    assert chart.lines[-1].label.endswith(" h" if span == "day" else "k h")


def test_a_heat_map_shades_by_the_busiest_hour() -> None:
    hours = [[0] * 24 for _ in range(7)]
    hours[0][9], hours[0][10], hours[6][20] = 3_600_000, 600_000, 1
    made = heat(Week(first="2025-10-06", last="2025-10-12", hours=hours))
    assert (made.hours[0], made.hours[-1]) == ("08", "20")
    monday = dict(zip(made.hours, made.days[0][1], strict=True))
    assert [monday[hour].shade for hour in ("08", "09", "10")] == [0, 6, 1]
    assert monday["09"].told == "Mon 09:00: 1 h 00 min"
    assert made.days[6][1][-1].shade == 1, "a moment is seen"
    nothing = heat(Week(first="2025-10-06", last="2025-10-12", hours=[[0] * 24 for _ in range(7)]))
    assert {cell.shade for _, cells in nothing.days for cell in cells} == {0}


def test_hours_are_told_in_few_words() -> None:
    day = [(480, 720), (780, 1020)]
    assert hours_told(None) == "at any hour"
    assert hours_told([day] * 5 + [[], []]) == "Mon–Fri 08:00–12:00, 13:00–17:00"
    assert hours_told([[], [(0, 1440)], [], [], [], [], [(60, 120)]]) == "Tue 00:00–24:00; Sun 01:00–02:00"
    assert hours_told([[]] * 7) == "never"


def test_policies_tell_what_is_recorded_and_what_came_besides(filled: Site) -> None:
    text = filled.page("/policies").text
    rows = {row[1]: row[0] for row in re.findall(r'<tr>(\s*<th scope="row">([^<]+)</th>.*?)</tr>', text, re.DOTALL)}
    assert list(rows) == [kind.word for kind in kinds_of(DEFAULT)]
    assert "yes" in rows["Window titles"]
    assert '<td class="num">4</td>' in rows["Window titles"]
    assert "of some, or earlier" not in text
    assert "nobody has signed a policy" in text
    assert "no" in rows["Screenshots"]
