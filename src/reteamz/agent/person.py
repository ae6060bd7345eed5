"""Who sits at this computer."""

from __future__ import annotations

import sys

from reteamz.agent.users import own_user


def person(uid: int | None = None) -> str:
    """Return the full name of a user, the one who runs this when None; the login name where there is none."""
    if sys.platform == "win32":
        from reteamz.agent import windows_system

        return windows_system.own_name() if uid in (None, own_user()) else windows_system.name_of(int(uid or 0))
    import pwd

    uid = own_user() if uid is None else uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return str(uid)
    return entry.pw_gecos.partition(",")[0].strip() or entry.pw_name
