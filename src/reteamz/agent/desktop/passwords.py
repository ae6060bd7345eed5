"""Whether a password field has the focus, as programs tell screen readers: AT-SPI over D-Bus."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from typing import Any, Final, Protocol

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, Properties, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse

from reteamz.agent.desktop.base import Window

PASSWORD_TEXT: Final = 40
"""AT-SPI's role of a field that hides what is typed."""
ANSWER_S: Final = 1.0
"""How long a field that got the focus counts as a password field while its program does not say what it is."""
SETTLES_S: Final = 0.5
"""How long after a key it is asked for its field, and how late a field's focus may be told: the bus and the keyboard are two ways."""
LINGERS_S: Final = 1.0
"""How long keys count as a password's after its field lost the focus: they may have been pressed before."""
_TIMEOUT_S: Final = 2.0
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
    """Follows the focus on the accessibility bus of the session, on a thread of its own."""

    reason = ""
    settles_s = SETTLES_S

    def __init__(self, bus: str = "SESSION") -> None:
        """``bus`` is the session's. Raises OSError, KeyError, ValueError, TimeoutError where there is no such bus."""
        self._bus: Final = bus
        with open_dbus_connection(bus=bus) as session:
            address = _asked(session, new_method_call(_BUS, "GetAddress"))[0]
            # Toolkits tell nothing before somebody wants to know.
            self._was_on: Final = bool(_asked(session, Properties(_STATUS).get("IsEnabled"))[0][1])
            if not self._was_on:
                _asked(session, Properties(_STATUS).set("IsEnabled", "b", True))
        self._connection: Final = open_dbus_connection(bus=address)
        _asked(self._connection, message_bus.AddMatch(_FOCUS))
        _asked(self._connection, new_method_call(_REGISTRY, "RegisterEvent", "s", ("object:state-changed:focused",)))
        self._lock = threading.Lock()
        self._asked: dict[int, tuple[str, str]] = {}
        self._focus: tuple[str, str] | None = None
        self._secret = False
        self._unsure_until = 0.0
        self._since = 0.0
        self._app: str | None = None
        self._elsewhere: float | None = None
        self._past = (-math.inf, -math.inf)
        self._ended = False
        self._thread = threading.Thread(target=self._listen, name="password-fields", daemon=True)
        self._thread.start()

    def hidden(self, window: Window, at: float) -> bool:
        """Tell whether a key may have gone into a password field: one that has the focus, or had it shortly before or after the key arrived.

        The field is one of the program that had the focus when this was asked first.
        """
        with self._lock:
            began, ended = self._past
            if began - SETTLES_S <= at < ended + LINGERS_S:
                return True
            if not self._secret and time.monotonic() >= self._unsure_until:
                return False
            if self._app is None:
                self._app = window.app
            if self._app == window.app:
                self._elsewhere = None
                return at >= self._since - SETTLES_S
            # Another window: the first keys may still be the field's, told late.
            self._elsewhere = at if self._elsewhere is None else self._elsewhere
            return at < self._elsewhere + LINGERS_S

    def close(self) -> None:
        """Stop listening, and leave the person's setting as it was."""
        self._ended = True
        self._thread.join(5)
        self._connection.close()
        if not self._was_on:
            with suppress(*_NO_BUS), open_dbus_connection(bus=self._bus) as session:
                _asked(session, Properties(_STATUS).set("IsEnabled", "b", False))

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            while not self._ended:
                with suppress(TimeoutError):
                    self._take(self._connection.receive(timeout=0.25))

    def _take(self, message: Message) -> None:
        fields, kind = message.header.fields, message.header.message_type
        if kind is MessageType.signal and message.body and message.body[0] == "focused":
            self._moved(
                (str(fields.get(HeaderFields.sender, "")), str(fields.get(HeaderFields.path, ""))),
                bool(message.body[1]),
            )
        elif kind in (MessageType.method_return, MessageType.error):
            self._told(fields.get(HeaderFields.reply_serial), message)

    def _moved(self, place: tuple[str, str], gained: bool) -> None:
        """A field got or lost the focus; ``place`` is its program's name on the bus and its path."""
        with self._lock:
            if not gained:
                if place == self._focus:
                    self._left()
                    self._focus = None
                return
            self._left()
            self._focus, self._app, self._elsewhere = place, None, None
            self._since = time.monotonic()
            self._unsure_until = self._since + ANSWER_S
            accessible = DBusAddress(place[1], bus_name=place[0], interface="org.a11y.atspi.Accessible")
            serial = next(self._connection.outgoing_serial)
            self._asked = {serial: place}
        self._connection.send(new_method_call(accessible, "GetRole"), serial=serial)

    def _left(self) -> None:
        """Remember when there was a password field, or what may have been one."""
        now = time.monotonic()
        if self._secret or now < self._unsure_until:
            began, ended = self._past
            # One right after another is one.
            self._past = (began if self._since - ended < 2 * LINGERS_S else self._since, now)
        self._secret, self._unsure_until = False, 0.0

    def _told(self, serial: Any, message: Message) -> None:
        with self._lock:
            place = self._asked.pop(serial, None)
            if place is None or place != self._focus:
                return
            known = message.header.message_type is MessageType.method_return
            self._secret = known and message.body[0] == PASSWORD_TEXT
            self._unsure_until = 0.0


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
