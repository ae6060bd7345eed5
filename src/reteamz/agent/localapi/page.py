"""What is recorded about me: a page for the user who asks and nobody else, without a word from elsewhere."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import RedirectResponse, Response

from reteamz.agent.control import LastSeen, Request, Status
from reteamz.agent.samples import Clock
from reteamz.agent.sessions.people import end_of_day
from reteamz.wire.errors import ReteamzError

PATHS: Final = frozenset(
    ("/", "/page.css", "/page.js", "/icon.svg", "/status", "/private", "/resume", "/accept", "/decline")
)
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
HALF_HOUR_MS: Final = 30 * 60_000
KINDS: Final = ("active", "idle", "locked", "meeting", "private")
"""Kinds of time as spec 9.2 numbers them."""
_HEADLINES: Final = {
    "recording": ("Recording is on", "What you do is recorded as listed below."),
    "private": ("Private time", "Nothing is recorded but that it is private."),
    "paused": ("Nothing is recorded", "No desktop of yours is looked at, or the owner's policy leaves this time out."),
}
_MODES: Final = {
    "anonymous": "The owner has not confirmed this computer yet: kinds of time and hours only, no names.",
    "plain": "Names leave this computer in the clear: the account is not encrypted.",
    "encrypted": "Names leave this computer as tokens, everything else sealed; only those listed here can read them.",
}

Answer = Callable[[Request, int], Status]


class Page:
    """The page's routes.

    Args:
        answer: tells, and does what a user asks for themselves.
        now: the clock.
    """

    def __init__(self, answer: Answer, now: Clock) -> None:
        self._answer = answer
        self._now = now
        self._secret = secrets.token_bytes(32)

    def serve(self, method: str, path: str, body: bytes, user: int) -> Response:
        """Answer one request of a user for one of :data:`PATHS`. Raises ``forbidden``, and why something cannot be done."""
        match (method, path):
            case ("GET", "/"):
                return _sent(self._html(self._answer(Request("status"), user), user), "text/html")
            case ("GET", "/status"):
                return _sent(msgspec.json.encode(self._live(user)), "application/json")
            case ("GET", "/page.css"):
                return _sent(_file("page.css"), "text/css")
            case ("GET", "/page.js"):
                return _sent(_file("page.js"), "text/javascript")
            case ("GET", "/icon.svg"):
                return _sent(_file("icon.svg"), "image/svg+xml")
            case ("POST", "/private" | "/resume" | "/accept" | "/decline"):
                form = parse_qsl(body.decode("ascii", "replace"), max_num_fields=16)
                if not hmac.compare_digest(dict(form).get("token", "").encode(), self._token(user).encode()):
                    raise ReteamzError("forbidden", "This form is too old; load the page again.")
                self._answer(self._asked(path, form), user)
                return RedirectResponse("/", 303, HEADERS)
        raise ReteamzError("not_found", "There is nothing here; the page is at /.")

    def _asked(self, path: str, form: list[tuple[str, str]]) -> Request:
        shown = [value for name, value in form if name == "shown"]
        match path:
            case "/private":
                now = self._now()
                return Request("private", end_of_day(now) if ("length", "day") in form else now + HALF_HOUR_MS)
            case "/accept":
                return Request("accept", shown=shown)
            case "/decline":
                return Request("decline", shown=shown)
        return Request("private", 0)

    def _token(self, user: int) -> str:
        return hmac.digest(self._secret, str(user).encode(), "sha256").hex()

    def _live(self, user: int) -> dict[str, Any]:
        """Return what changes by itself; ``shape`` changes when the page must be loaded again."""
        status = self._answer(Request("status"), user)
        return {
            "shape": _shape(status),
            "sent": _sent_line(status),
            "recent": [_recent(seen) for seen in status.recent],
        }

    def _html(self, status: Status, user: int) -> str:
        token = f'<input type="hidden" name="token" value="{self._token(user)}">'
        parts = [_head(status), _consent(status, token), _pause(status, token), _recorded(status), _readers(status)]
        parts += [_last(status), _computer(status)]
        return _DOCUMENT.format(shape=escape(_shape(status)), body="\n".join(part for part in parts if part))


_DOCUMENT: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>What is recorded about me</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body data-shape="{shape}">
<main>
<h1>What is recorded about me</h1>
{body}
</main>
</body>
</html>
"""


def _head(status: Status) -> str:
    title, text = _HEADLINES[status.recording]
    until = f" until {_clock(status.private_until)}" if status.private_until else ""
    problem = f'<p class="problem">{escape(status.problem)}</p>' if status.problem else ""
    return (
        f'<section class="state {status.recording}" aria-labelledby="state"><h2 id="state">{title}{until}</h2>'
        f"<p>{text}</p>{problem}</section>"
    )


def _consent(status: Status, token: str) -> str:
    def with_shown(sentences: list[str]) -> str:
        return token + "".join(f'<input type="hidden" name="shown" value="{escape(each)}">' for each in sentences)

    parts = []
    if status.asked:
        parts.append(
            '<section class="asks" aria-labelledby="asks"><h2 id="asks">The owner asks to record more</h2>'
            f"{_items(status.asked)}<p>Until you accept, none of it is recorded. You can change your mind here at any time."
            '</p><div class="buttons">'
            f"{_button('/accept', 'Accept', with_shown(status.asked), 'primary')}{_button('/decline', 'Decline', with_shown(status.asked))}</div></section>"
        )
    if status.accepted:
        parts.append(
            '<section aria-labelledby="accepted"><h2 id="accepted">You accepted</h2>'
            f"{_items(status.accepted)}{_button('/decline', 'Withdraw', with_shown(status.accepted))}</section>"
        )
    if status.declined:
        parts.append(
            '<section aria-labelledby="declined"><h2 id="declined">You declined</h2>'
            f"{_items(status.declined)}{_button('/accept', 'Accept after all', with_shown(status.declined))}</section>"
        )
    return "\n".join(parts)


def _pause(status: Status, token: str) -> str:
    if status.private_until:
        buttons = _button("/resume", "Go on recording", token, "primary")
    elif status.may_be_private:
        length = '<input type="hidden" name="length" value="{}">'
        buttons = _button("/private", "Private for 30 minutes", token + length.format("half-hour"), "primary")
        buttons += _button("/private", "Private for the rest of the day", token + length.format("day"))
    else:
        return '<section aria-labelledby="pause"><h2 id="pause">Private time</h2><p>The owner\'s policy has none.</p></section>'
    return (
        '<section aria-labelledby="pause"><h2 id="pause">Private time</h2>'
        f'<p>It counts as private, with nothing else.</p><div class="buttons">{buttons}</div></section>'
    )


def _recorded(status: Status) -> str:
    return (
        '<section aria-labelledby="recorded"><h2 id="recorded">What is recorded</h2>'
        f"{_items(status.recorded)}<p>{_MODES[status.mode]}</p></section>"
    )


def _readers(status: Status) -> str:
    return f'<section aria-labelledby="readers"><h2 id="readers">Who can read it</h2>{_items(status.readers)}</section>'


def _last(status: Status) -> str:
    rows = "".join(
        f"<tr><td>{at}</td><td>{escape(kind)}</td><td>{escape(what)}</td></tr>"
        for at, kind, what in map(_recent, status.recent)
    )
    return (
        '<section aria-labelledby="last"><h2 id="last">The last things recorded</h2>'
        "<p>In the clear, from this computer's memory; nobody else on it sees this page.</p>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Table of the last things recorded"><table><thead><tr><th scope="col">Since</th>'
        f'<th scope="col">Kind</th><th scope="col">What</th></tr></thead><tbody id="recent">{rows}</tbody></table></div></section>'
    )


def _computer(status: Status) -> str:
    facts = [
        ("Person", status.person),
        ("Server", status.server),
        ("Account", status.account),
        ("This computer's fingerprint", status.fingerprint),
        ("Desktop", status.desktop or "–"),
    ]
    told = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    missing = [f"{what}: {why}" for what, why in status.unsupported.items()]
    cannot = f"<h3>What this desktop cannot tell</h3>{_items(missing)}" if missing else ""
    return (
        '<section aria-labelledby="computer"><h2 id="computer">This computer</h2>'
        f'<dl>{told}<dt>Waiting</dt><dd id="sent">{escape(_sent_line(status))}</dd></dl>{cannot}</section>'
    )


def _sent(body: str | bytes, media: str) -> Response:
    return Response(body, media_type=media, headers=HEADERS)


def _items(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _button(path: str, text: str, hidden: str, look: str = "") -> str:
    return f'<form method="post" action="{path}">{hidden}<button type="submit" class="{look}">{text}</button></form>'


def _recent(seen: LastSeen) -> tuple[str, str, str]:
    what = " – ".join(part for part in (seen.app, seen.title, seen.site) if part)
    return datetime.fromtimestamp(seen.at / 1000).astimezone().strftime("%H:%M:%S"), KINDS[seen.kind], what


def _sent_line(status: Status) -> str:
    waiting = f"{status.waiting} {'batch' if status.waiting == 1 else 'batches'}"
    return waiting + (f", last upload at {_clock(status.uploaded_at)}" if status.uploaded_at else "")


def _shape(status: Status) -> str:
    parts = (status.recording, status.private_until, status.mode, status.problem, status.recorded, status.asked)
    return msgspec.json.encode((*parts, status.accepted, status.declined, status.unsupported)).decode()


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%H:%M")


def _file(name: str) -> bytes:
    return (resources.files("reteamz.agent.localapi") / "static" / name).read_bytes()
