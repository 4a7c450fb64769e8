"""Did you mean: the one word of many that is nearest to a typed one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 200
"""Longer words are not typing slips, and comparing them costs their length squared."""
_ENOUGH = 0.6


def suggest(word: str, candidates: Iterable[str]) -> str:
    """The candidate nearest to the word, or an empty string when none is near.

    The same letters in another case come first; then the only candidate that begins with the word; then the
    most alike, the first of equals winning.

    >>> suggest("shaer", ["status", "share", "unshare"])
    'share'
    """
    wanted = word.casefold().strip()
    if not wanted or len(wanted) > _LONGEST:
        return ""
    known: dict[str, str] = {}
    for candidate in candidates:
        known.setdefault(candidate.casefold(), candidate)
    if wanted in known:
        return known[wanted]
    longer = [folded for folded in known if folded.startswith(wanted)]
    if len(longer) == 1 and len(wanted) > 1:
        return known[longer[0]]
    near = get_close_matches(wanted, known, n=1, cutoff=_ENOUGH)
    return known[near[0]] if near else ""
