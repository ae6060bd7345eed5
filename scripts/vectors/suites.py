"""All suites."""

from __future__ import annotations

from scripts.vectors import content, importing, members, naming, noticing, policing, pruning, ruling, trust


def texts() -> dict[str, str]:
    """Return the text of every file by the suite's name."""
    suites = [
        naming.base64(),
        naming.names(),
        naming.passwords(),
        *naming.tokens(),
        naming.running_text(),
        naming.fingerprints(),
        trust.jws(),
        trust.bundles(),
        trust.kits(),
        trust.rosters(),
        trust.codes(),
        trust.macs(),
        content.grants(),
        content.sealed(),
        content.chains(),
        noticing.notices(),
        pruning.entry_tokens(),
        pruning.restatements(),
        pruning.restated_chains(),
        pruning.prunes(),
        ruling.rules(),
        ruling.patterns(),
        ruling.verdicts(),
        ruling.ratings(),
        importing.imports(),
        policing.policies(),
        policing.recorded(),
        members.invitations(),
        members.joins(),
        members.member_grants(),
    ]
    return {suite.name: suite.text() for suite in suites}
