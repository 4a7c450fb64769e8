"""The arithmetic of requirements: merging them, their canonical form, and their words. Who voted is not known
here.

Everywhere the same reading: within one way of meeting it, needs of the same groups are one need with the
larger count, needs of different groups stand beside each other and want different people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.domain.model import NO_REQUIREMENT, AllOf, AnyOf, GroupName, Need, Requirement


def merge(*requirements: Requirement) -> Requirement:
    """What meets all of the requirements, in canonical form: same groups, the larger count; different groups,
    all.

    Sorted, flattened, without repetitions, so that equal meaning of plain needs compares equal. Merging only
    grows: whoever meets the merge meets each part.
    """
    return _all(tuple(_canonical(requirement) for requirement in requirements))


def groups_of(requirement: Requirement) -> frozenset[GroupName]:
    """Every group that could fill a slot of it."""
    if isinstance(requirement, Need):
        return requirement.groups
    return frozenset().union(*(groups_of(item) for item in requirement.items))


def in_words(requirement: Requirement) -> str:
    """Such as "1 of image-owners and 1 of security", or "1 of a, or 2 of b"; "no approval" when nothing is
    needed."""
    return _words(merge(requirement), "of")


def missing_in_words(requirement: Requirement) -> str:
    """As in_words, for what is still missing: "1 more of security"."""
    return _words(merge(requirement), "more of")


def _canonical(requirement: Requirement) -> Requirement:
    if isinstance(requirement, Need):
        return requirement if requirement.count > 0 else NO_REQUIREMENT
    items = tuple(_canonical(item) for item in requirement.items)
    return _all(items) if isinstance(requirement, AllOf) else _any(items)


def _all(items: Iterable[Requirement]) -> Requirement:
    """AllOf of canonical items."""
    flat = [part for item in items for part in (item.items if isinstance(item, AllOf) else (item,))]
    return _unwrapped(flat, smaller=False)


def _any(items: Iterable[Requirement]) -> Requirement:
    """AnyOf of canonical items. Without any item it can never be met."""
    flat = [part for item in items for part in (item.items if isinstance(item, AnyOf) else (item,))]
    return NO_REQUIREMENT if NO_REQUIREMENT in flat else _unwrapped(flat, smaller=True)


def _unwrapped(flat: list[Requirement], *, smaller: bool) -> Requirement:
    counts: dict[frozenset[GroupName], int] = {}
    for part in flat:
        if isinstance(part, Need):
            known = counts.get(part.groups, part.count)
            counts[part.groups] = min(known, part.count) if smaller else max(known, part.count)
    parts: set[Requirement] = {Need(count=count, groups=groups) for groups, count in counts.items()}
    parts |= {part for part in flat if not isinstance(part, Need)}
    ordered = tuple(sorted(parts, key=_order))
    if len(ordered) == 1:
        return ordered[0]
    return AnyOf(items=ordered) if smaller else AllOf(items=ordered)


def _order(requirement: Requirement) -> tuple[Any, ...]:
    if isinstance(requirement, Need):
        return 0, sorted(requirement.groups), requirement.count
    return 1 if isinstance(requirement, AllOf) else 2, [_order(item) for item in requirement.items]


def _words(requirement: Requirement, of: str) -> str:
    if isinstance(requirement, Need):
        return f"{requirement.count} {of} {' or '.join(sorted(requirement.groups)) or 'nobody'}"
    if not requirement.items:
        return "no approval" if isinstance(requirement, AllOf) else "what nobody can give"
    words = [_inner_words(item, of) for item in requirement.items]
    if isinstance(requirement, AnyOf):
        return ", or ".join(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _inner_words(item: Requirement, of: str) -> str:
    """In brackets wherever "and" and "or" would run into each other."""
    words = _words(item, of)
    if isinstance(item, AnyOf) or (isinstance(item, AllOf) and len(item.items) > 2):
        return f"({words})"
    return words
