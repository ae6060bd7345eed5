"""Run by ActivityWatch's own Python: its server takes the export in EXPORT."""

import json
import os
from pathlib import Path

from aw_datastore import Datastore, get_storage_methods
from aw_server.api import ServerAPI


def test_taking():
    told = json.loads(Path(os.environ["EXPORT"]).read_text())
    api = ServerAPI(Datastore(get_storage_methods()["memory"], testing=True), testing=True)
    api.import_all(told["buckets"])
    for name, bucket in told["buckets"].items():
        held = api.get_events(name)
        assert [(row["timestamp"], row["duration"], row["data"]) for row in held] == [
            (row["timestamp"], row["duration"], row["data"]) for row in bucket["events"]
        ]
    assert len(told["buckets"]["aw-watcher-vim_desk"]["events"]) == 50
