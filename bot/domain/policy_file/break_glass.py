"""The `break_glass` section."""

from __future__ import annotations

import yaml

from bot.domain.model import NO_REQUIREMENT
from bot.domain.policy import BreakGlass, PolicyLimits
from bot.domain.policy_file import grammar
from bot.domain.policy_file.reader import Reader
from bot.domain.policy_file.register import Register
from bot.domain.policy_file.requirements import read_groups, read_requirement

_USUAL = BreakGlass(by=frozenset(), review=NO_REQUIREMENT)


def read_break_glass(
    reader: Reader, register: Register, limits: PolicyLimits, node: yaml.Node | None
) -> BreakGlass | None:
    """None when the section is absent, or when it has a problem."""
    entries = reader.entries(node, "break_glass", grammar.BREAK_GLASS, ("by", "review"))
    if entries is None:
        return None
    by = read_groups(reader, register, entries.get("by"), "break_glass: by")
    review = read_requirement(reader, register, entries.get("review"), "break_glass: review")
    if review == NO_REQUIREMENT:
        reader.findings.add(entries.get("review"), "break_glass: review: none", "somebody has to look at it")
    reason = reader.entries(entries.get("reason"), "break_glass: reason", grammar.BREAK_GLASS_REASON)
    least = reader.whole(
        reason.get("min_length") if reason else None, "break_glass: reason: min_length", 1, grammar.MAX_REASON
    )
    pairs = reader.whole(entries.get("max_pairs"), "break_glass: max_pairs", 1, grammar.MAX_PAIRS)
    if pairs is not None and pairs > limits.max_pairs:
        words = f"at most {limits.max_pairs}, as in limits"
        reader.findings.add(entries.get("max_pairs"), f"break_glass: max_pairs: {pairs}", words)
    within = reader.span(entries.get("review_within"), "break_glass: review_within")
    if not by or review is None:
        return None
    return BreakGlass(
        by=by,
        review=review,
        min_reason=least or _USUAL.min_reason,
        max_pairs=pairs or min(_USUAL.max_pairs, limits.max_pairs),
        review_within=within or _USUAL.review_within,
    )
