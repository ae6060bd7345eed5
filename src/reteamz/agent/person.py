"""Who sits at this computer."""

from __future__ import annotations

import os
import pwd


def person() -> str:
    """Return the full name of the user who runs this, or the login name where there is none."""
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        return str(os.geteuid())
    return entry.pw_gecos.partition(",")[0].strip() or entry.pw_name
