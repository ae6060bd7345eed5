"""Who works at the simulated company. Every name is made up; each serves as a canary that must never reach a server."""

from __future__ import annotations

import random
from typing import Final, Literal

import msgspec

COMPANY: Final = "Lamplight Works"
OWNER: Final = "Sunniva Hallorsen"

_FIRST: Final = (
    "Alma", "Bastian", "Cosima", "Dario", "Elowen", "Florian", "Greta", "Hamish", "Ilka", "Jonas", "Katinka", "Lorenz", "Maren",
    "Nils", "Odette", "Pascal", "Quirina", "Ruben", "Saskia", "Tilo", "Undine", "Valentin", "Wilma", "Xaver", "Yara",
)  # fmt: skip
_LAST: Final = (
    "Vester", "Kruik", "Ambergate", "Fiorello", "Penhallow", "Starling", "Lindqvist-Oak", "Macray", "Dornfeld", "Brandywine", "Rosenquill",
    "Hawthwaite", "Seabright",
)  # fmt: skip


class Department(msgspec.Struct, frozen=True):
    """A part of the company and the trades that belong to it."""

    name: str
    trades: tuple[str, ...]


class Person(msgspec.Struct, frozen=True):
    """Somebody at work.

    ``begins`` is the usual start in minutes after local midnight, ``hours`` the usual presence, ``diligence`` 0…1 how rarely private things are on the screen.
    """

    name: str
    computer: str
    department: str
    trade: str
    begins: int
    hours: float
    diligence: float


class Company(msgspec.Struct, frozen=True):
    """The whole company."""

    name: str
    owner: str
    departments: tuple[Department, ...]
    people: tuple[Person, ...]


DEPARTMENTS: Final = (
    Department("Showroom and Accounts", ("sales", "accounts")),
    Department("Lamp Workshop", ("design", "firmware")),
)


PRODUCTIVE: Final = 2
NEUTRAL: Final = 1
UNPRODUCTIVE: Final = 0
RATINGS: Final[dict[str, Literal[0, 1, 2]]] = {
    **dict.fromkeys(
        (
            "winword.exe", "excel.exe", "acad.exe", "photoshop.exe", "tallyhouse.exe", "crm.brightledger.example", "github.com",
            "business.northquaybank.example",
        ),
        PRODUCTIVE,
    ),
    **dict.fromkeys(("slack.exe", "www.linkedin.com"), NEUTRAL),
    **dict.fromkeys(("www.youtube.com", "news.dailylantern.example"), UNPRODUCTIVE),
}  # fmt: skip
"""What the owner thinks of some applications and sites (spec 9.2); rules speak of others, and some wait, as in every company."""


def found(people: int = 5, seed: int = 1) -> Company:
    """Return the company with so many persons (1…325); the same for the same arguments."""
    chance = random.Random(f"company/{seed}")  # noqa: S311  # a story, not a secret
    members: list[Person] = []
    for index in range(people):
        department = DEPARTMENTS[index % len(DEPARTMENTS)]
        first = _FIRST[index % len(_FIRST)]
        # Two steps a round: one would bring every round back to the same last names.
        last = _LAST[(index + 2 * (index // len(_FIRST))) % len(_LAST)]
        members.append(
            Person(
                name=f"{first} {last}",
                computer=f"{first.upper()}-{last.upper()}-PC",
                department=department.name,
                trade=department.trades[index // len(DEPARTMENTS) % len(department.trades)],
                begins=chance.randrange(7 * 60 + 30, 9 * 60 + 30, 5),
                hours=chance.choice((7.0, 8.0, 8.0, 8.5)),
                diligence=round(chance.uniform(0.55, 0.95), 2),
            )
        )
    return Company(COMPANY, OWNER, DEPARTMENTS, tuple(members))
