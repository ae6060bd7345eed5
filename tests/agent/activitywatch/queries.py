"""Run by ActivityWatch's own Python: queries over the same events, answered by the agent on the port in PORT and by ActivityWatch's core."""

import json
import logging
import os
from datetime import UTC, datetime, timedelta

from aw_client import ActivityWatchClient
from aw_client.queries import DesktopQueryParams, fullDesktopQuery
from aw_core.models import Event
from aw_datastore import Datastore, get_storage_methods
from aw_query import query2
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# The core warns of every overlap.
logging.disable(logging.WARNING)
START, END = datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
client = ActivityWatchClient("reteamz-queries", host="127.0.0.1", port=int(os.environ["PORT"]))
CLASSES = [
    (["Work"], {"type": "regex", "regex": "Deal [0-9]+|Writer"}),
    (["Work", "Mail"], {"type": "regex", "regex": r"^inbox\b", "ignore_case": True}),
    (["Private"], {"type": "regex", "regex": "news", "select_keys": ["url", "title"]}),
    (["First"], {"type": "regex", "regex": "Sheet", "priority": 90}),
    (["Never"], {"type": None}),
]


def events_of(data):
    made = st.builds(
        lambda at, duration, data: Event(
            timestamp=START + timedelta(milliseconds=at),
            duration=timedelta(milliseconds=duration[0], microseconds=duration[1]),
            data=data,
        ),
        st.integers(0, 40_000),
        st.tuples(st.sampled_from([1, 2, 3_000, 5_000]) | st.integers(1, 15_000), st.sampled_from([0, 0, 1, 500])),
        st.sampled_from(data),
    )
    return st.lists(made, max_size=12, unique_by=lambda event: event.timestamp)


BUCKETS = {
    "aw-watcher-window_host": events_of(
        [
            {"app": "Writer", "title": "(2) Deal 4711"},
            {"app": "Firefox", "title": "INBOX - Mozilla Firefox"},
            {"app": "Sheet", "title": "*Deal: FPS: 59.2"},
            {"app": "Firefox", "title": "x; y 'quoted'"},
        ]
    ),
    "aw-watcher-afk_host": events_of([{"status": "afk"}, {"status": "not-afk"}]),
    "aw-watcher-web-firefox": events_of(
        [
            {"url": "https://www.news.example:8443/a/b;p?q=1#f", "title": "News", "audible": True, "incognito": False},
            {"url": "about:blank", "title": "", "audible": False, "incognito": False},
            {"url": "https://crm.example", "title": "INBOX", "audible": False, "incognito": False},
        ]
    ),
}
PREFIX = """
w = query_bucket(find_bucket("aw-watcher-window"));
a = query_bucket("aw-watcher-afk_host");
b = query_bucket(find_bucket("web-fire", "host"));
f = flood(w);
g = flood(b);
"""
# The core does not read a list behind a call: it is given names.
CLASSES_TEXT = json.dumps(CLASSES).replace("\\\\", "\\").replace("null", '""')
RETURNS = [
    "w",
    "flood(w)",
    "flood(w, 2)",
    "flood(sort_by_duration(a))",
    'filter_keyvals(a, "status", ["not-afk", 7])',
    'exclude_keyvals(w, "app", ["Firefox"])',
    'filter_keyvals_regex(w, "title", "^[A-Z]+ - Moz")',
    "filter_period_intersect(flood(w), flood(a))",
    "filter_period_intersect(w, b)",
    "period_union(a, b)",
    "union_no_overlap(flood(w), flood(b))",
    'sort_by_duration(merge_events_by_keys(f, ["app", "title"]))',
    'merge_subwatcher_fields(f, g, ["url", "title"])',
    'merge_subwatcher_fields(f, a, ["status"], "sub_wins")',
    "split_url_events(b)",
    'simplify_window_titles(w, "title")',
    "limit_events(sort_by_timestamp(w), 3)",
    "sum_durations(concat(a, b))",
    f"categorize(f, {CLASSES_TEXT})",
    f"categorize(b, {CLASSES_TEXT})",
    'tag(w, [["deal", {"regex": "deal", "ignore_case": true}], ["fps", {"regex": "FPS: \\d+"}]])',
    '{"count": query_bucket_eventcount("aw-watcher-afk_host"), "list": [1, "a;b", [], {}, nop()], "text": \'it\\\'s\'}',
]  # fmt: skip


def plain(value):
    """Return what JSON holds of a result, without ids."""
    if isinstance(value, Event):
        value = value.to_json_dict()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if key != "id"}
    return [plain(each) for each in value] if isinstance(value, list) else value


@settings(max_examples=60, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries(BUCKETS))
def test_queries(told):
    core = Datastore(get_storage_methods()["memory"], testing=True)
    for name, events in told.items():
        kind = {"window": "currentwindow", "afk_ho": "afkstatus"}.get(name[11:17], "web.tab.current")
        core.create_bucket(name, kind, "test", "host", START)
        core[name].insert([Event(**event) for event in events])
        client.delete_bucket(name, force=True)
        client._post(f"buckets/{name}", {"type": kind, "client": "test", "hostname": "host"})
        client.insert_events(name, events)
    whole = DesktopQueryParams(
        bid_window="aw-watcher-window_host",
        bid_afk="aw-watcher-afk_host",
        bid_browsers=["aw-watcher-web-firefox"],
        # The core's union takes the data out of what it is given, audible tabs among it: their addresses are missing afterwards.
        include_audible=False,
        classes=[each for each in CLASSES if each[1]["type"]],
    )
    # All in one question; the core changes what it is given, and is asked one by one.
    every = ", ".join(f'"{number}": {text}' for number, text in enumerate(RETURNS))
    answered = client.query(f"{PREFIX} RETURN = {{{every}}};", [(START, END)])[0]
    asked = [(f"{PREFIX} RETURN = {text};", answered[str(number)]) for number, text in enumerate(RETURNS)]
    full = fullDesktopQuery(whole).replace("{default_limit}", "100")
    for text, mine in [*asked, (full, client.query(full, [(START, END)])[0])]:
        theirs = plain(query2.query("", "".join(text.split("\n")), START, END, core))
        assert plain(mine) == theirs, text


for name in BUCKETS:
    client.create_bucket(name, "test")
