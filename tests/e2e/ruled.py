"""What the demo's rules say of a sample, told again without its engine."""

from __future__ import annotations

import re

from reteamz.agent.samples import Sample
from reteamz.demo.company import RATINGS
from reteamz.demo.ruling import CATEGORIES, RULES

NONE = 3


def by_rules(sample: Sample) -> int:
    """Return the rating of the deepest category that a rule finds, the later among equals; 3 for none."""
    names = {"app": sample.app, "title": sample.title, "site": sample.site, "url": sample.url, "doc": sample.document}
    found = [
        (len(path), place, path)
        for place, (path, fields, pattern) in enumerate(RULES)
        if any(re.search(pattern, names[field], re.IGNORECASE) for field in fields or names if names[field])
    ]
    path = max(found)[2] if found else ()
    while path:
        rating = CATEGORIES[path]
        if rating is not None:
            return rating
        path = path[:-1]
    return NONE


def rated(sample: Sample) -> int:
    """Return the rating that a report gives: a rated site beats its application, both beat the rules."""
    for name in (sample.site, sample.app):
        if name in RATINGS:
            return RATINGS[name]
    return by_rules(sample)
