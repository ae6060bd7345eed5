"""``reteamz report``: a report of the server, with names decrypted in this terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from reteamz.wire.errors import ReteamzError
from reteamz.wire.tokens import Field, split_plain, split_token

if TYPE_CHECKING:
    from reteamz.crypto.recovery import Kit
    from reteamz.crypto.tokens import TokenReader
    from reteamz.owner.client import Owner

_FIELDS: Final[dict[str, Field]] = {
    "apps": "app", "sites": "site", "titles": "title", "documents": "doc", "urls": "url", "people": "person",
}  # fmt: skip


class Line(msgspec.Struct, frozen=True):
    """One row: a name in the clear, its time in milliseconds, its share 0…1."""

    name: str
    ms: int
    share: float


@click.command(help="Read a report; names are decrypted here. Asks for the password, which is not sent.")
@click.argument("what", type=click.Choice(list(_FIELDS)))
@click.option(
    "--keys",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="File of “Backup Keys”: it names the server, and whose keys to believe.",
)
@click.option("--email", required=True, help="Address that you log in with.")
@click.option("--password", prompt=True, hide_input=True, envvar="RETEAMZ_PASSWORD", help="Better typed than given.")
@click.option("--totp", help="Code of your authenticator, if you set one up.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day.  [default: six days ago]")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day.  [default: today]")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Rows at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def report(
    what: str,
    keys: Path,
    email: str,
    password: str,
    totp: str | None,
    first: datetime | None,
    last: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Print one report."""
    from reteamz.crypto.recovery import read_kit

    kit = read_kit(keys.read_bytes())
    end = last.date() if last else datetime.now().astimezone().date()
    begin = first.date() if first else end - timedelta(days=6)
    owner = _log_in(kit, email, password, totp)
    try:
        lines = _lines(owner, what, begin, end, limit)
    finally:
        owner.connection.send("POST", "/api/logout")
        owner.close()
    if as_json:
        click.echo(msgspec.json.encode(lines).decode())
    else:
        _show(what, begin, end, lines)


def _log_in(kit: Kit, email: str, password: str, totp: str | None) -> Owner:
    """Log in at the server of the kit, and require the keys that the kit names: the server alone is not believed."""
    from reteamz.owner.client import Owner

    owner = Owner.log_in(kit.server, email, password, lambda: time.time_ns() // 1_000_000, totp)
    if (owner.account, owner.bundle.identity.public()) != (kit.account, kit.identity):
        owner.close()
        raise ReteamzError(
            "owner_mismatch", "The server sent the keys of another account than the kit's; do not trust this server."
        )
    return owner


def _lines(owner: Owner, what: str, first: date, last: date, limit: int) -> list[Line]:
    from reteamz.server.reports.types import PeopleTable, RankedTable

    query = {"from": first.isoformat(), "to": last.isoformat(), "limit": limit}
    if what == "people":
        people = owner.connection.get("/api/reports/people", PeopleTable, **query)
        told = [(row.name, row.hours.work, row.share) for row in people.rows]
    else:
        table = owner.connection.get(f"/api/reports/{what}", RankedTable, **query)
        told = [(row.name, row.ms, row.share) for row in table.rows]
    reader = owner.reader()
    return [Line(_name(reader, _FIELDS[what], entry), ms, share) for entry, ms, share in told]


def _name(reader: TokenReader, field: Field, entry: str) -> str:
    """Return the name in an entry; a visible mark for what is no entry of this field (spec 4.6, 4.7)."""
    from reteamz.crypto.tokens import DAMAGED

    found = split_token(entry) or split_plain(entry)
    if found is None or found[0] != field:
        return DAMAGED if entry else ""
    plain = split_plain(entry)
    return plain[1] if plain is not None else reader.replace(entry)


def _show(what: str, first: date, last: date, lines: Sequence[Line]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Time", "Share", what.capitalize(), title=f"{first} – {last}", box=box.SIMPLE, title_justify="left")
    for line in lines:
        table.add_row(_duration(line.ms), f"{line.share:.0%}", Text(printable(line.name) or "–"))
    Console().print(table if lines else Text(f"Nothing was recorded from {first} to {last}."))


def printable(name: str) -> str:
    """Return a name that cannot steer a terminal: a window's title may hold escape sequences."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)


def _duration(ms: int) -> str:
    minutes = round(ms / 60_000)
    return f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{minutes} min"
