"""Approving a part of a lane: the chosen members stay in it, the others wait on in a lane of their own.

Removing members keeps approvals: who approved the whole has approved each part of it. Adding never does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.errors import BugError
from bot.domain.model import Lane, LaneId, Member, Request
from bot.domain.plan import plan_hash


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Members by pair; or, where there are too many to list, every chosen image with every chosen project."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    images: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()

    def has(self, member: Member) -> bool:
        return member.pair in self.pairs or (
            member.image.id in self.images and member.project.id in self.projects
        )

    def as_text(self) -> str:
        """For the store."""
        return json.dumps(
            {"pairs": sorted(self.pairs), "images": sorted(self.images), "projects": sorted(self.projects)}
        )

    @classmethod
    def from_text(cls, text: str) -> Selection:
        """What `as_text` gave. Raises BugError for anything else."""
        try:
            plain = json.loads(text)
            return cls(
                pairs=frozenset((str(image), str(project)) for image, project in plain["pairs"]),
                images=frozenset(map(str, plain["images"])),
                projects=frozenset(map(str, plain["projects"])),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BugError("a selection was stored that cannot be read") from error


@dataclass(frozen=True, kw_only=True)
class Parted:
    """A lane in two: what was chosen, and what waits on."""

    chosen: tuple[Member, ...]
    rest: tuple[Member, ...]


def part(members: Sequence[Member], selection: Selection) -> Parted:
    """The members that are in the selection and those that are not, in their order."""
    return Parted(
        chosen=tuple(m for m in members if selection.has(m)),
        rest=tuple(m for m in members if not selection.has(m)),
    )


def rest_lane(
    request: Request, lane: Lane, rest: Sequence[Member], number: int
) -> tuple[Lane, tuple[Member, ...]]:
    """The lane of those that wait on: the same verdict, deadline and reminders, a hash of its own."""
    new = replace(
        lane,
        id=LaneId(f"{request.id}.{number}"),
        number=number,
        plan_hash=plan_hash(request, [(m.image, m.project) for m in rest]),
        version=0,
    )
    return new, tuple(replace(m, lane=new.id) for m in rest)
