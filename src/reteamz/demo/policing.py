"""What may be recorded at the simulated company: everything, for it shows what there is to see."""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from reteamz.wire.batch import SealedKind
from reteamz.wire.policy import INHERITED, SCREENSHOT, PolicyTree

WHOLE: Final = msgspec.structs.replace(
    INHERITED,
    detail="everything",
    urls=True,
    records=list(get_args(SealedKind)),
    screenshot=msgspec.structs.replace(SCREENSHOT, every_s=1800),
)


def tree() -> PolicyTree:
    """Return what the owner signs."""
    return PolicyTree(settings=WHOLE, departments=[], persons=[])
