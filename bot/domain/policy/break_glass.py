"""Breaking the glass: in an emergency, named people may go ahead without the approvals, and are reviewed afterwards.

Here: who may, and what they have to say. It stands in for approvals only: what is denied stays denied, what holds
stays on hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.model import Actor, GroupName, Outcome, Requirement, Verdict


@dataclass(frozen=True, kw_only=True)
class BreakGlass:
    by: frozenset[GroupName]
    """Groups whose people may."""
    review: Requirement
    """Who has to look at it afterwards. Never nobody."""
    min_reason: int = 20
    """Characters the reason has at least, without the spaces around it."""
    max_pairs: int = 5
    """Of one request."""
    review_within: timedelta = timedelta(hours=24)

    def refusal(self, actor: Actor, verdict: Verdict, reason: str, pairs: int) -> str | None:
        """None when `actor` may go ahead without the approvals of `verdict`; else one plain sentence why not."""
        groups = " or ".join(sorted(self.by))
        if verdict.outcome is not Outcome.NEEDS_APPROVALS:
            return "Breaking the glass replaces approvals, and nothing here waits for one."
        if not self.by & actor.groups:
            if self.by & actor.unknown_groups:
                return f"Whether you are in {groups} could not be read just now; please try again."
            return f"Only people of {groups} may break the glass."
        if pairs > self.max_pairs:
            return (
                f"{pairs} pairs are too many: at most {self.max_pairs} may be shared by breaking the glass."
            )
        if len(reason.strip()) < self.min_reason:
            return f"Say why in at least {self.min_reason} characters: somebody will review it."
        return None
