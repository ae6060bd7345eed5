"""Run by ActivityWatch's own Python environment: its real client posts to the port in the first argument, and tells what it read back."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta

from aw_client import ActivityWatchClient
from aw_core.models import Event

port = int(sys.argv[1])
client = ActivityWatchClient("reteamz-test", host="127.0.0.1", port=port)
info = client.get_info()
client.create_bucket("aw-watcher-web-firefox", "web.tab.current")
client.create_bucket("aw-watcher-web-firefox", "web.tab.current")
start = datetime.now(UTC) - timedelta(minutes=10)
page = {"url": "https://crm.ridgeway.example/deal/4711?x=1", "title": "Deal 4711", "audible": False, "incognito": False}
for second in range(0, 50, 10):
    client.heartbeat(
        "aw-watcher-web-firefox", Event(timestamp=start + timedelta(seconds=second), data=page), pulsetime=15
    )
client.heartbeat(
    "aw-watcher-web-firefox",
    Event(timestamp=start + timedelta(seconds=60), data={**page, "title": "Deal 4712"}),
    pulsetime=15,
)
client.create_bucket("queued", "test", queued=True)
with client:
    client.heartbeat("queued", Event(timestamp=start, data={"n": 1}), pulsetime=5, queued=True)
    client.heartbeat("queued", Event(timestamp=start + timedelta(seconds=4), data={"n": 1}), pulsetime=5, queued=True)
    client.heartbeat("queued", Event(timestamp=start + timedelta(seconds=60), data={"n": 2}), pulsetime=5, queued=True)
    while "queued" not in client.get_buckets() or not client.get_eventcount("queued"):
        time.sleep(0.05)
client.insert_events(
    "aw-watcher-web-firefox",
    [
        Event(timestamp=start + timedelta(minutes=n), duration=5, data={"url": f"https://e{n}.example/", "title": "x"})
        for n in (3, 4)
    ],
)
events = client.get_events("aw-watcher-web-firefox", limit=10)
count = client.get_eventcount("aw-watcher-web-firefox")
single = client.get_event("aw-watcher-web-firefox", events[0].id)
client.delete_event("aw-watcher-web-firefox", events[0].id)
query = """
events = query_bucket("aw-watcher-web-firefox");
merged = merge_events_by_keys(events, ["title"]);
RETURN = sort_by_duration(merged);
"""
answer = client.query(query, [(start - timedelta(minutes=1), start + timedelta(minutes=2))])
client.set_setting("startOfDay", "06:00")
export = client.export_bucket("aw-watcher-web-firefox")
queued = client.get_events("queued")
print(
    json.dumps(
        {
            "hostname": info["hostname"],
            "buckets": sorted(client.get_buckets()),
            "events": [[event.data["title"], event.duration.total_seconds()] for event in events],
            "count": count,
            "single": single.id == events[0].id,
            "query": [[event["data"]["title"], event["duration"]] for event in answer[0]],
            "setting": client.get_setting("startOfDay"),
            "settings": client.get_setting(),
            "exported": len(export["buckets"]["aw-watcher-web-firefox"]["events"]),
            "queued": [[event.data["n"], event.duration.total_seconds()] for event in queued][-1],
            "all": sorted(client.export_all()["buckets"]),
        }
    )
)
client.delete_bucket("queued", force=True)
