"""Run by ActivityWatch's own Python environment: what its categorisation makes of events, a question and an answer a line."""

import json
import sys
from datetime import UTC, datetime

from aw_core.models import Event
from aw_transform.classify import Rule, categorize

for line in sys.stdin:
    question = json.loads(line)
    classes = [(entry["name"], Rule(entry["rule"])) for entry in question["classes"]]
    events = [Event(timestamp=datetime(2026, 1, 1, tzinfo=UTC), duration=1, data=data) for data in question["events"]]
    print(json.dumps([event.data["$category"] for event in categorize(events, classes)]), flush=True)
