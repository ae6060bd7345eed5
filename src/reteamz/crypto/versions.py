"""Which version of what is signed as a whole is believed after which: rules (spec 12.6) and policies (spec 16.6, 16.7), without I/O."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.limits import ORPHANS_MOST


class Head(Protocol):
    """Number and hash of a version; 0 and "" for none."""

    @property
    def version(self) -> int:
        """The number."""
        ...

    @property
    def sha256(self) -> str:
        """The hash of its JWS."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What is signed in versions: its plural word, and its codes."""

    word: str
    refused: Code
    rollback: Code
    fork: Code

    def require_following(self, known: Head, head: Head, prev: str) -> None:
        """Require a version not to contradict the one that is known; those between may be missing, as each says everything.

        Args:
            known: the last that was believed.
            head: the one that was sent.
            prev: the hash that it names of the one before it.

        Raises:
            ReteamzError: ``rollback`` for an older one, ``fork`` for another of the same number or one that does not follow.
        """
        if head.version < known.version:
            raise ReteamzError(
                self.rollback, f"The server sent older {self.word} than it had; do not trust this server."
            )
        again = head.version == known.version and head.sha256 != known.sha256
        if again or (known.version and head.version == known.version + 1 and prev != known.sha256):
            raise ReteamzError(
                self.fork, f"The server shows two histories of the {self.word}; do not trust this server."
            )

    def is_orphan(self, signer: str, signers: Collection[str], ahead: int) -> bool:
        """Tell whether whoever signed a version may not sign any more: it is shown, to be signed again, and followed by nobody.

        Args:
            signer: thumbprint of the settings key that signed it.
            signers: thumbprints of those that may sign.
            ahead: by how many versions it is ahead of the last that was remembered.

        Raises:
            ReteamzError: ``refused`` when that is more than a removed member could have signed honestly: no number is used up by one lie.
        """
        orphan = signer not in signers
        if orphan and ahead > ORPHANS_MOST:
            raise ReteamzError(
                self.refused, f"Somebody who was removed signed far later {self.word}; do not trust this server."
            )
        return orphan
