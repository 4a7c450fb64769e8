"""How much of a policy its own tests exercise: each rule and each clause, once true and once false."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.policy import Ask, Clause, Effect, Policy, Rule
from bot.domain.policy.clauses import value_in_words
from bot.domain.policy.facts import Reading
from bot.domain.policy.permits import read_permit


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something no test shows."""

    rule: str
    where: str
    what: str
    """The rule itself, or a clause of it, in words."""
    never: bool
    """Never true, or never false."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: never {'true' if self.never else 'false'} in a test"


@dataclass(frozen=True, kw_only=True)
class Coverage:
    reached: int
    """Of all the answers there could be: true and false for each rule and each clause."""
    all: int
    gaps: tuple[Gap, ...]

    @property
    def percent(self) -> float:
        """0 to 100; 100 when there is nothing to exercise."""
        return 100.0 * self.reached / self.all if self.all else 100.0


def coverage(policy: Policy, asks: Iterable[Ask]) -> Coverage:
    """What these asks show of the rules. A clause counts as asked whenever its rule speaks of the action."""
    readings = [Reading(ask, policy.zone) for ask in asks]
    gaps: list[Gap] = []
    possible = 0
    for rule in policy.rules:
        heard = [reading for reading in readings if reading.ask.action in rule.actions]
        answers = [(f'rule "{rule.id}" applies', [_applies(rule, reading) for reading in heard])]
        answers += [(_words(clause), [clause.holds(reading) for reading in heard]) for clause in rule.when]
        for exception in rule.unless:
            answers += [(f"unless {_words(c)}", [c.holds(reading) for reading in heard]) for c in exception]
        for what, found in answers:
            wanted = (True, False) if len(answers) > 1 else (True,)
            possible += len(wanted)
            said = what if what.startswith("rule ") else f'rule "{rule.id}": {what}'
            gaps += [
                Gap(rule=rule.id, where=rule.where, what=said, never=w) for w in wanted if w not in found
            ]
    return Coverage(reached=possible - len(gaps), all=possible, gaps=tuple(gaps))


def _applies(rule: Rule, reading: Reading) -> bool | None:
    return read_permit(rule, reading).open if rule.effect is Effect.PERMIT else rule.applies(reading)


def _words(clause: Clause) -> str:
    return f"{clause.fact} {clause.operator} {value_in_words(clause.wanted)}"
