"""What a card is drawn from: a request with its lanes, as they are stored at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.model import (
    Decision,
    GroupDef,
    GroupName,
    Job,
    Lane,
    Member,
    Request,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LaneView:
    """A lane with all a reader may want of it."""

    lane: Lane
    members: tuple[Member, ...]
    decisions: tuple[Decision, ...] = ()
    jobs: tuple[Job, ...] = ()
    tell: frozenset[GroupName] = frozenset()
    """Groups the policy wants told besides those that may approve."""


@dataclass(frozen=True, kw_only=True)
class CardView:
    """A request with its lanes, as they are stored at one moment."""

    request: Request
    lanes: tuple[LaneView, ...]
    groups: Mapping[GroupName, GroupDef]

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(m for view in self.lanes for m in view.members)
