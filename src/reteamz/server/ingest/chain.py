"""Where a batch stands in its device's chain (spec 9.6–9.9). Pure: heads in, a verdict out."""

from __future__ import annotations

from enum import Enum, auto

from reteamz.wire.batch import Batch, Head, Restart, Void


class Place(Enum):
    """What to do with a batch."""

    NEXT = auto()
    """It follows the head: store it."""
    EARLIER = auto()
    """Its number is taken: the same batch again, or a fork."""
    GAP = auto()
    """Numbers between the head and this batch are missing."""
    FORK = auto()
    """It has the next number but follows another batch than the head."""


def place(head: Head, message: Batch | Void | Restart) -> Place:
    """Tell where a message stands.

    Args:
        head: number and hash of the last batch of the device, committed or on its way.
        message: decoded and checked.
    """
    if message.seq <= head.seq:
        return Place.EARLIER
    if message.seq == head.seq + 1:
        return Place.NEXT if message.prev == head.sha256 else Place.FORK
    if isinstance(message, Restart) and (message.lost.after, message.lost.sha256) == (head.seq, head.sha256):
        return Place.NEXT
    return Place.GAP
