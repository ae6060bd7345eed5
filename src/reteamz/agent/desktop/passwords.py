"""Whether a password field has the focus, as programs tell screen readers: AT-SPI over D-Bus."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Final, Protocol

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, Properties, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse

from reteamz.agent.desktop.base import Window
from reteamz.agent.desktop.field_focus import SETTLES_S, FieldFocus, Place

_TIMEOUT_S: Final = 2.0
_AGAIN_S: Final = 5.0
"""How long until a bus that went away is looked for again."""
_BUS: Final = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")
_STATUS: Final = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Status")
_REGISTRY: Final = DBusAddress(
    "/org/a11y/atspi/registry", bus_name="org.a11y.atspi.Registry", interface="org.a11y.atspi.Registry"
)
_UNTOLD: Final = "this desktop does not tell which fields are for passwords: what is typed into them counts as text"
_NO_BUS: Final = (OSError, KeyError, ValueError, TimeoutError, DBusErrorResponse)
_FOCUS: Final = MatchRule(type="signal", interface="org.a11y.atspi.Event.Object", member="StateChanged")


class PasswordFields(Protocol):
    """Asked for every key that is recorded."""

    reason: str
    """Why the desktop does not tell, "" when it does."""
    settles_s: float
    """How long after a key to ask for it, in seconds."""

    def hidden(self, window: Window, at: float) -> bool:
        """Tell whether a key that this window seemed to get may have gone into a password field, as far as the desktop says.

        Args:
            window: the one that had the focus when the key arrived.
            at: when it arrived, in seconds of ``time.monotonic``.
        """
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class Untold:
    """A desktop that does not tell."""

    settles_s = 0.0

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def hidden(self, _window: Window, _at: float) -> bool:
        """Return False: nobody knows."""
        return False

    def close(self) -> None:
        """Nothing was begun."""


class AccessibleFields:
    """Follows the focus on the accessibility bus of the session, on a thread of its own; a bus that went away is looked for again."""

    reason = ""
    settles_s = SETTLES_S

    def __init__(self, bus: str = "SESSION") -> None:
        """``bus`` is the session's. Raises OSError, KeyError, ValueError, TimeoutError where there is no such bus."""
        self._bus: Final = bus
        with open_dbus_connection(bus=bus) as session:
            # Toolkits tell nothing before somebody wants to know.
            self._was_on: Final = bool(_asked(session, Properties(_STATUS).get("IsEnabled"))[0][1])
        self._lock = threading.Lock()
        self._focus: Final = FieldFocus()
        self._asked: tuple[int, Place] | None = None
        self._ended = threading.Event()
        self._connection = self._connected()
        self._thread = threading.Thread(target=self._follow, name="password-fields", daemon=True)
        self._thread.start()

    @property
    def focus(self) -> FieldFocus:
        """What was told of the focus."""
        return self._focus

    def hidden(self, window: Window, at: float) -> bool:
        """Tell whether a key may have gone into a password field, by :class:`FieldFocus`."""
        with self._lock:
            return self._focus.hidden(window, at)

    def close(self) -> None:
        """Stop listening, and leave the person's setting as it was."""
        self._ended.set()
        self._thread.join(5)
        self._connection.close()
        if not self._was_on:
            with suppress(*_NO_BUS), open_dbus_connection(bus=self._bus) as session:
                _asked(session, Properties(_STATUS).set("IsEnabled", "b", False))

    def _connected(self) -> DBusConnection:
        with open_dbus_connection(bus=self._bus) as session:
            address = _asked(session, new_method_call(_BUS, "GetAddress"))[0]
            _asked(session, Properties(_STATUS).set("IsEnabled", "b", True))
        connection = open_dbus_connection(bus=address)
        _asked(connection, message_bus.AddMatch(_FOCUS))
        _asked(connection, new_method_call(_REGISTRY, "RegisterEvent", "s", ("object:state-changed:focused",)))
        return connection

    def _follow(self) -> None:
        while not self._ended.is_set():
            with suppress(*_NO_BUS):
                self._listen()
            with self._lock:
                self._focus.blind(time.monotonic())
            while not self._ended.wait(_AGAIN_S):
                with suppress(*_NO_BUS):
                    connection = self._connected()
                    self._connection.close()
                    self._connection = connection
                    break

    def _listen(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                self._take(self._connection.receive(timeout=0.25))

    def _take(self, message: Message) -> None:
        fields, kind = message.header.fields, message.header.message_type
        if kind is MessageType.signal and len(message.body) > 1 and message.body[0] == "focused":
            place = str(fields.get(HeaderFields.sender, "")), str(fields.get(HeaderFields.path, ""))
            self._moved(place, bool(message.body[1]))
        elif kind in (MessageType.method_return, MessageType.error):
            role = message.body[0] if kind is MessageType.method_return and message.body else None
            self._told(fields.get(HeaderFields.reply_serial), role)

    def _moved(self, place: Place, gained: bool) -> None:
        with self._lock:
            if not gained:
                self._focus.lost(place, time.monotonic())
                return
            self._focus.gained(place, time.monotonic())
            accessible = DBusAddress(place[1], bus_name=place[0], interface="org.a11y.atspi.Accessible")
            serial = next(self._connection.outgoing_serial)
            self._asked = (serial, place)
        self._connection.send(new_method_call(accessible, "GetRole"), serial=serial)

    def _told(self, serial: Any, role: Any) -> None:
        with self._lock:
            if self._asked is not None and self._asked[0] == serial:
                self._focus.told(self._asked[1], role if isinstance(role, int) else None)


def password_fields(bus: str = "SESSION") -> PasswordFields:
    """Return what tells of password fields in this session, or what says why nobody does."""
    try:
        return AccessibleFields(bus)
    except _NO_BUS:
        return Untold(_UNTOLD)


def why_untold(bus: str = "SESSION") -> str:
    """Return why this session does not tell of password fields, "" when it can; nothing is switched on by asking."""
    try:
        with open_dbus_connection(bus=bus) as session:
            names = _asked(session, message_bus.ListActivatableNames())[0] + _asked(session, message_bus.ListNames())[0]
    except _NO_BUS:
        return _UNTOLD
    return "" if _BUS.bus_name in names else _UNTOLD


def _asked(connection: DBusConnection, message: Message) -> Any:
    reply = connection.send_and_get_reply(message, timeout=_TIMEOUT_S)
    if reply.header.message_type is not MessageType.method_return:
        raise ValueError("refused")
    return reply.body
