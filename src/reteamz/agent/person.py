"""Who sits at this computer."""

from __future__ import annotations

import os
import pwd


def person(uid: int | None = None) -> str:
    """Return the full name of a user, the one who runs this when None; the login name where there is none."""
    uid = os.geteuid() if uid is None else uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return str(uid)
    return entry.pw_gecos.partition(",")[0].strip() or entry.pw_name
