"""What people of each trade have on their screens. Every company, person and number in here is made up."""

from __future__ import annotations

from typing import Final

import msgspec

CUSTOMERS: Final = (
    "Ridgeway Looms",
    "Hollowbrook Ferries",
    "Pellinore Bakery",
    "Saltmarsh Clinic",
    "Quillfeather Press",
    "Thornbury Orchards",
    "Copperlatch Hotels",
    "Windlass Shipping",
)
CONTACTS: Final = (
    "Ottoline Marsh",
    "Casimir Thorne",
    "Philippa Wren",
    "Leopold Ashgrove",
    "Rosamund Pike-Fell",
    "Bartholomew Quill",
)
PROJECTS: Final = ("Beacon", "Harbour Lamp", "Nightjar", "Tidewater", "Foxglove")
PLACES: Final = ("Atrium", "Boathouse", "Gallery", "Loft")


class Task(msgspec.Struct, frozen=True):
    """Something people do: an application and what its window may say.

    ``weight`` says how often, ``minutes`` how long in one go (most of the time). In title, document and URL, ``{customer}``, ``{contact}``, ``{project}``,
    ``{place}``, ``{number}`` and the like are filled in; ``…slug`` is the form of a name in an address. ``input`` counts keys and clicks a minute.
    """

    app: str
    title: str
    weight: int = 1
    minutes: int = 6
    url: str = ""
    document: str = ""
    input: int = 40


_MAIL: Final = (
    Task("outlook.exe", "Inbox - {me} - Outlook", 5, 4, input=35),
    Task("outlook.exe", "RE: Offer {number} for {customer} - Message (HTML)", 4, 5, input=60),
    Task("outlook.exe", "{contact}: question about invoice {number} - Message (HTML)", 3, 4, input=55),
    Task("outlook.exe", "Calendar - {me} - Outlook", 1, 2, input=20),
    Task("slack.exe", "{contact} (DM) - Lamplight - Slack", 2, 3, input=70),
    Task("slack.exe", "#project-{project_slug} - Lamplight - Slack", 3, 4, input=65),
)
_PAUSES: Final = (
    Task("chrome.exe", "The Daily Lantern: harbour bridge reopens - Google Chrome", 1, 4,
         "https://news.dailylantern.example/harbour/bridge-{number}", input=12),
    Task("chrome.exe", "Trail weather for the weekend - Google Chrome", 1, 3,
         "https://www.trailweather.example/forecast?station={number}", input=10),
    Task("spotify.exe", "Rainy Evenings Vol. {small} - Spotify", 1, 2, input=4),
    Task("chrome.exe", "Sourdough in {small} steps - YouTube - Google Chrome", 1, 6,
         "https://www.youtube.com/watch?v=dough{small}", input=6),
)  # fmt: skip
_SALES: Final = (
    Task("winword.exe", "Offer {number} {customer}.docx - Word", 7, 11, document="Offer {number} {customer}.docx", input=85),
    Task("excel.exe", "Prices {year} {customer}.xlsx - Excel", 5, 9, document="Prices {year} {customer}.xlsx", input=50),
    Task("chrome.exe", "{customer} · account {number} - Brightledger CRM - Google Chrome", 8, 7,
         "https://crm.brightledger.example/accounts/{slug}/{number}", input=45),
    Task("chrome.exe", "Pipeline Q{quarter} - Brightledger CRM - Google Chrome", 4, 6,
         "https://crm.brightledger.example/pipeline?quarter={quarter}", input=30),
    Task("chrome.exe", "{contact} | LinkedIn - Google Chrome", 2, 4, "https://www.linkedin.com/in/{contact_slug}/", input=20),
    Task("powerpnt.exe", "{project} pitch for {customer}.pptx - PowerPoint", 3, 12,
         document="{project} pitch for {customer}.pptx", input=60),
    Task("acrobat.exe", "Contract {number} {customer}.pdf - Adobe Acrobat", 2, 6, document="Contract {number} {customer}.pdf", input=12),
)  # fmt: skip
_ACCOUNTS: Final = (
    Task("excel.exe", "Open invoices {customer} {year}.xlsx - Excel", 7, 12, document="Open invoices {customer} {year}.xlsx", input=70),
    Task("tallyhouse.exe", "Tallyhouse Ledger - booking {number} - {customer}", 9, 9, input=75),
    Task("tallyhouse.exe", "Tallyhouse Ledger - payroll of {contact}", 2, 8, input=60),
    Task("acrobat.exe", "Invoice {number} {customer}.pdf - Adobe Acrobat", 6, 4, document="Invoice {number} {customer}.pdf", input=15),
    Task("chrome.exe", "Payments to {customer} - Northquay Bank - Google Chrome", 4, 6,
         "https://business.northquaybank.example/payments/{number}", input=35),
    Task("chrome.exe", "VAT return Q{quarter} - Revenue Portal - Google Chrome", 2, 10,
         "https://portal.revenue.example/vat/{year}/{quarter}", input=40),
    Task("explorer.exe", "Receipts {year}", 1, 2, input=18),
)  # fmt: skip
_DESIGN: Final = (
    Task("acad.exe", "Autodesk AutoCAD - {project} housing rev {small}.dwg", 9, 18, document="{project} housing rev {small}.dwg", input=65),
    Task("photoshop.exe", "{project} for {customer} {number}.psd @ 66.7% (RGB/8)", 6, 14,
         document="{project} for {customer} {number}.psd", input=55),
    Task("chrome.exe", "{project} – mood board – Figma - Google Chrome", 6, 10,
         "https://www.figma.com/file/{number}/{project_slug}", input=50),
    Task("blender.exe", "Blender [{project} scene {small}.blend]", 4, 13, document="{project} scene {small}.blend", input=45),
    Task("chrome.exe", "Brass fittings {number} - Foundry Supplies - Google Chrome", 2, 5,
         "https://shop.foundrysupplies.example/fittings/{number}", input=25),
    Task("chrome.exe", "Light, colour and glass - Wikipedia - Google Chrome", 1, 5, "https://en.wikipedia.org/wiki/Stained_glass", input=12),
)  # fmt: skip
_CODE: Final = (
    Task("code.exe", "dimmer_{small}.c - {project} firmware - Visual Studio Code", 9, 17, document="dimmer_{small}.c", input=95),
    Task("code.exe", "schedule_{small}.py - {project} tools - Visual Studio Code", 6, 14, document="schedule_{small}.py", input=95),
    Task("windowsterminal.exe", "make flash TARGET={project_slug} - Terminal", 5, 6, input=50),
    Task("chrome.exe", "{project} firmware: flicker at low load · Issue #{number} - Google Chrome", 5, 7,
         "https://github.com/lamplight-works/{project_slug}/issues/{number}", input=40),
    Task("chrome.exe", "Pull request #{number} · {project} - Google Chrome", 4, 8,
         "https://github.com/lamplight-works/{project_slug}/pull/{number}", input=35),
    Task("acrobat.exe", "LED driver datasheet rev {small}.pdf - Adobe Acrobat", 2, 8, document="LED driver datasheet rev {small}.pdf", input=10),
)  # fmt: skip

TRADES: Final[dict[str, tuple[Task, ...]]] = {
    "sales": _SALES + _MAIL * 2 + _PAUSES,
    "accounts": _ACCOUNTS + _MAIL + _PAUSES,
    "design": _DESIGN + _MAIL + _PAUSES * 2,
    "firmware": _CODE + _MAIL + _PAUSES,
}
"""Tasks by trade."""

MEETINGS: Final = (
    Task("teams.exe", "Weekly planning in the {place} | Microsoft Teams", 4, 30, input=6),
    Task("teams.exe", "Call with {contact}, {customer} | Microsoft Teams", 3, 25, input=8),
    Task("teams.exe", "{project} review | Microsoft Teams", 3, 45, input=8),
)
