"""What really happened, so that what the owner reads can be compared with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from reteamz.agent.policy import Policy
from reteamz.agent.samples import Sample
from reteamz.wire.batch import KINDS
from reteamz.wire.tokens import Field

TELLTALE: Final = 9
"""A canary has at least so many characters: shorter words may occur by chance."""


class Truth(msgspec.Struct):
    """Milliseconds by name (``names[field][text]``), by person and by kind (``people[name][kind]``)."""

    names: dict[Field, Counter[str]] = msgspec.field(default_factory=dict)
    people: dict[str, Counter[str]] = msgspec.field(default_factory=dict)
    samples: list[Sample] = msgspec.field(default_factory=list)
    """What was recorded, as the policy let it be."""

    def add(self, samples: Iterable[Sample], policy: Policy) -> None:
        """Count samples as the policy lets them be recorded."""
        for sample in samples:
            seen = policy.apply(sample)
            if seen is None:
                continue
            self.samples.append(seen)
            columns: tuple[tuple[Field, str], ...] = (
                ("app", seen.app),
                ("title", seen.title),
                ("site", seen.site),
                ("url", seen.url),
                ("doc", seen.document),
            )
            for field, text in columns:
                if text:
                    self.names.setdefault(field, Counter())[text] += sample.duration
            self.people.setdefault(seen.person, Counter())[KINDS[sample.kind]] += sample.duration

    def canaries(self) -> list[str]:
        """Return names that must appear nowhere on the server's side, longest first."""
        texts = {text for counter in self.names.values() for text in counter} | set(self.people)
        return sorted((text for text in texts if len(text) >= TELLTALE), key=lambda text: (-len(text), text))
