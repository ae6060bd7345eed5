"""Who looks, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass

from reteamz.wire.errors import ReteamzError
from reteamz.wire.roster import Right, Role


@dataclass(frozen=True, slots=True)
class Viewer:
    """The member behind a request, as account and roster say."""

    account: str
    member: str
    role: Role
    departments: frozenset[str] = frozenset()
    rights: frozenset[Right] = frozenset()
    session: str = ""
    person: int | None = None
    """The employee's own person, a dictionary id."""

    def require_owner(self) -> None:
        """Raise ``forbidden`` for everyone but the owner."""
        if self.role != "owner":
            raise ReteamzError("forbidden", "This is for the owner of the account; ask them.")

    def require_manager(self) -> None:
        """Raise ``forbidden`` for everyone but owner and managers."""
        if self.role not in ("owner", "manager"):
            raise ReteamzError("forbidden", "This is for owners and managers; ask the owner of the account.")

    def require_right(self, right: Right) -> None:
        """Raise ``forbidden`` without the right; owners have every one."""
        if self.role != "owner" and right not in self.rights:
            raise ReteamzError("forbidden", "You do not have this right; ask the owner of the account.")
