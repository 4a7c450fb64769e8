"""The policy's answer: requirement and verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain.model.ids import GroupName


@dataclass(frozen=True, kw_only=True)
class Need:
    """`count` distinct people, each in at least one of the groups."""

    count: int
    groups: frozenset[GroupName]


@dataclass(frozen=True, kw_only=True)
class AllOf:
    items: tuple[Need | AllOf | AnyOf, ...]


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    items: tuple[Need | AllOf | AnyOf, ...]


Requirement = Need | AllOf | AnyOf
NO_REQUIREMENT = AllOf(items=())
"""Nothing is needed: always met."""


class Outcome(StrEnum):
    ALLOW = "allow"
    NEEDS_APPROVALS = "needs_approvals"
    HOLD = "hold"
    DENY = "deny"


class Glass(StrEnum):
    """Whether a lane's approvals may be, or were, gone without."""

    CLOSED = "closed"
    OFFERED = "offered"
    """The requester may break the glass; nothing has happened yet."""
    BROKEN = "broken"
    """It goes without approvals, and is reviewed."""
    REVIEW = "review"
    """The lane in which a broken glass is reviewed. It has no members and runs nothing."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the policy says of one member, and why."""

    outcome: Outcome
    requirement: Requirement = NO_REQUIREMENT
    rules: tuple[str, ...] = ()
    """Ids of the rules that made this verdict: all that matched, or the one that denies or holds. Sorted."""
    self_approval: bool = False
    """Whether the requester may fill a slot."""
    why: str = ""
    """One sentence for people: the rule, the value that failed."""
    nearest: str = ""
    """For a deny: the nearest way through, in one sentence. Empty when there is none."""
    share_for: timedelta | None = None
    """How long the share would last: as asked, or the rule's default; None for ever."""
    glass: Glass = Glass.CLOSED
    warnings: tuple[str, ...] = ()
    """What rules on trial (`mode: warn`) would have said, a sentence each. They have no effect."""
