"""The page of reports by mail, and of what can be saved where."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.mail import Outbox
from reteamz.server.mailings.keep import mailing_views
from reteamz.server.pages.shell import account_of, entries_for, page
from reteamz.server.people.placing import departments_of
from reteamz.server.store.control import ControlStore
from reteamz.wire.mailings import MailingView

EXPORTS: Final = (
    ("apps", "time, visits and people of each, with the time before", "CSV, XLSX"),
    ("sites", "the same of sites", "CSV, XLSX"),
    ("titles", "the same of window titles", "CSV, XLSX"),
    ("documents", "the same of documents", "CSV, XLSX"),
    ("people", "working time of everybody", "CSV, XLSX"),
    ("attendance", "days and totals against working hours", "CSV, XLSX"),
    ("attendance", "timesheets: a line for every person and day", "XLSX"),
    ("live", "what was seen last of everybody", "CSV, XLSX"),
    ("log", "events, one by one, a page at a time", "CSV, XLSX"),
    ("audit", "who changed what", "CSV, XLSX"),
)
"""Pages whose tables can be saved, what is in them, and as what."""
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def when(mailing: MailingView) -> str:
    """Return in words when a report goes out."""
    days = {
        "daily": "Every day",
        "weekly": f"Every {WEEKDAYS[mailing.weekday]}",
        "monthly": f"On day {mailing.day} of every month",
    }
    return f"{days[mailing.rhythm]} at {mailing.hour:02}:00"


def what(mailing: MailingView) -> str:
    """Return in words of which days a report speaks."""
    return {"daily": "the day before", "weekly": "the week before", "monthly": "the month before"}[mailing.rhythm]


@get("/reports")
async def reports(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], outbox: NamedDependency[Outbox]
) -> Template:
    """Reports by mail, and what can be saved where."""
    account = await account_of(control, viewer)
    # Refuses employees before anything is asked for them.
    shown = page("reports", account, "Reports")
    entries = {entry.key: entry for entry in entries_for(account.role)}
    async with control.session() as session:
        mailings = await mailing_views(session, viewer)
        departments = await departments_of(session, viewer)
    shown.context |= {
        "mailings": mailings,
        "departments": departments,
        "department_names": {one.id: one.name for one in departments},
        "mailing": outbox.configured,
        "exports": [(entries[key].href, entries[key].word, *told) for key, *told in EXPORTS if key in entries],
        "weekdays": WEEKDAYS,
        "when": when,
        "what": what,
    }
    return shown


handlers = [reports]
