"""Whether the session is locked, or another one has the seat, as logind tells over D-Bus."""

from __future__ import annotations

import os
from typing import Any, Final

from jeepney import DBusAddress, MessageType, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from reteamz.agent.users import own_user

_MANAGER: Final = DBusAddress(
    "/org/freedesktop/login1", bus_name="org.freedesktop.login1", interface="org.freedesktop.login1.Manager"
)
_TIMEOUT_S: Final = 2.0


class LockState:
    """Asks logind for the hint that screen lockers set."""

    def __init__(self) -> None:
        self.reason = ""
        """Why the desktop does not tell, "" when it does."""
        self._connection: DBusConnection | None = None
        self._session: DBusAddress | None = None
        try:
            self._connection = open_dbus_connection(bus="SYSTEM")
            self._session = DBusAddress(
                self._path(), bus_name="org.freedesktop.login1", interface="org.freedesktop.login1.Session"
            )
            self.locked()
        except (OSError, ValueError, KeyError, TimeoutError):
            self.close()
            self.reason = "logind does not know this session, so a locked screen counts as idle"

    def locked(self) -> bool | None:
        """Return whether the session is locked or switched away, None where nobody tells."""
        if self._session is None:
            return None
        try:
            told = self._ask(Properties(self._session).get_all())
            return bool(told["LockedHint"][1]) or not told["Active"][1]
        except (OSError, ValueError, KeyError, TimeoutError):
            self.close()
            self.reason = "logind stopped answering, so a locked screen counts as idle"
            return None

    def _path(self) -> str:
        """Return where the session of this process is, or of its user's desktop: services of a user belong to no session."""
        try:
            return str(self._ask(new_method_call(_MANAGER, "GetSessionByPID", "u", (os.getpid(),))))
        except ValueError:
            user = self._ask(new_method_call(_MANAGER, "GetUser", "u", (own_user(),)))
            address = DBusAddress(user, bus_name="org.freedesktop.login1", interface="org.freedesktop.login1.User")
            name, path = self._ask(Properties(address).get("Display"))[1]
            if not name:
                raise ValueError("no desktop") from None
            return str(path)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._session = None

    def _ask(self, message: Any) -> Any:
        if self._connection is None:
            raise ValueError("closed")
        reply = self._connection.send_and_get_reply(message, timeout=_TIMEOUT_S)
        if reply.header.message_type is not MessageType.method_return:
            raise ValueError("refused")
        return reply.body[0]
