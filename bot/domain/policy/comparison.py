"""Two policies judged side by side: which asks come out otherwise, and which way. Reads no file, asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.domain.model import Action, Outcome, Verdict
from bot.domain.policy.facts import Ask
from bot.domain.policy.grid import Case
from bot.domain.policy.judging import judge
from bot.domain.policy.requirement import in_words
from bot.domain.policy.rules import BUILT_IN, Policy
from bot.domain.policy.spans import span_in_words
from bot.domain.policy.strictness import at_least_as_strict

MAX_EXAMPLES = 10


class Direction(StrEnum):
    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    OTHER = "other"
    """Neither: other people have to approve, or one thing became easier and another harder."""


_OPENNESS = {Outcome.DENY: 0, Outcome.HOLD: 1, Outcome.NEEDS_APPROVALS: 2, Outcome.ALLOW: 3}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of asks that one policy judged so and the other otherwise, the same way for all of them."""

    direction: Direction
    action: Action
    project: str
    """Its name."""
    before: str
    """The verdict in words."""
    after: str
    rules: tuple[str, ...]
    """Rules that made one of the verdicts only, or were written anew; else all that made them."""
    examples: tuple[str, ...]
    """The first such asks, in words, at most MAX_EXAMPLES."""
    cases: int = 1

    @property
    def pairs(self) -> str:
        """Such as "share to shop-prod"."""
        return f"{self.action} {'to' if self.action is Action.SHARE else 'from'} {self.project}"


def compared(
    old: Policy, new: Policy, cases: Iterable[Case], stop: Callable[[], bool] = lambda: False
) -> tuple[tuple[Change, ...], int]:
    """The changes, looser ones first, and how many cases were looked at. `stop` is asked before each case."""
    changes: dict[tuple[Any, ...], Change] = {}
    looked, rewritten = 0, _rewritten(old, new)
    for case in cases:
        if stop():
            break
        looked += 1
        before, after = judged(old, case.ask), judged(new, case.ask)
        if (which := direction(before, after)) is not None:
            change = _change(which, case, (before, after), rewritten)
            key = (which, change.action, change.project, change.before, change.after, change.rules)
            known = changes.get(key)
            changes[key] = change if known is None else _joined(known, change)
    order = list(Direction)
    found = sorted(changes.values(), key=lambda c: (order.index(c.direction), c.project, c.action, c.rules))
    return tuple(found), looked


def judged(policy: Policy, ask: Ask) -> Verdict:
    """The verdict with the project as this policy's register has it. What is not in the register is denied."""
    project = policy.project(ask.project.id)
    if project is None:
        why = f"project {ask.project.name} is not in the register"
        return Verdict(outcome=Outcome.DENY, rules=(BUILT_IN,), why=why)
    return judge(policy, replace(ask, project=project))


def direction(before: Verdict, after: Verdict) -> Direction | None:
    """Which way the verdict changed; None when it did not. Its words do not matter."""
    if before.outcome is not after.outcome:
        opener = _OPENNESS[after.outcome] > _OPENNESS[before.outcome]
        return Direction.LOOSENED if opener else Direction.TIGHTENED
    if before.outcome in (Outcome.DENY, Outcome.HOLD):
        return None
    ways = set(_ways(before, after))
    if not ways:
        return None
    return ways.pop() if len(ways) == 1 else Direction.OTHER


def _ways(before: Verdict, after: Verdict) -> Iterator[Direction]:
    """Each thing that changed between two verdicts that open."""
    if before.requirement != after.requirement:
        weaker = at_least_as_strict(before.requirement, after.requirement)
        stronger = at_least_as_strict(after.requirement, before.requirement)
        if weaker and not stronger:
            yield Direction.LOOSENED
        elif stronger and not weaker:
            yield Direction.TIGHTENED
        elif not stronger:
            yield Direction.OTHER
    if before.self_approval != after.self_approval:
        yield Direction.LOOSENED if after.self_approval else Direction.TIGHTENED
    long, short = (verdict.share_for or timedelta.max for verdict in (after, before))
    if long != short:
        yield Direction.LOOSENED if long > short else Direction.TIGHTENED


def verdict_in_words(verdict: Verdict) -> str:
    """What it means for the requester: "allowed", "needs 1 of leads, for at most 30d", "on hold", "denied"."""
    match verdict.outcome:
        case Outcome.DENY:
            return "denied"
        case Outcome.HOLD:
            return "on hold"
        case Outcome.ALLOW:
            words = "allowed without approval"
        case Outcome.NEEDS_APPROVALS:
            words = f"needs {in_words(verdict.requirement)}"
    words += " (the requester's own counts)" if verdict.self_approval else ""
    return words + (f", for {span_in_words(verdict.share_for)}" if verdict.share_for else "")


def _change(
    which: Direction, case: Case, verdicts: tuple[Verdict, Verdict], rewritten: frozenset[str]
) -> Change:
    before, after = verdicts
    if before.share_for == after.share_for:
        before, after = replace(before, share_for=None), replace(after, share_for=None)
    one, other = set(before.rules), set(after.rules)
    rules = (one ^ other) | (one & other & rewritten)
    return Change(
        direction=which,
        action=case.ask.action,
        project=case.ask.project.name,
        before=verdict_in_words(before),
        after=verdict_in_words(after),
        rules=tuple(sorted(rules or one | other)),
        examples=(case.words,),
    )


def _rewritten(old: Policy, new: Policy) -> frozenset[str]:
    """Ids of the rules that both have, in other words."""
    known = {rule.id: rule for rule in old.rules}
    return frozenset(rule.id for rule in new.rules if rule.id in known and known[rule.id] != rule)


def _joined(known: Change, more: Change) -> Change:
    examples = known.examples if len(known.examples) >= MAX_EXAMPLES else known.examples + more.examples
    return replace(known, cases=known.cases + 1, examples=examples)
