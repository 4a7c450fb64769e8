"""Conditions that can never all be true of one fact. Says so only where it is certain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from bot.domain.policy.clauses import Clause, Operator
from bot.domain.policy.facts import ABSENT, Fact, FactType, Reading, Value, Words

_WHOLE = frozenset(
    {"image.shared_count", "request.pairs", "request.images", "request.projects", "request.hour"}
)
_NAMING = (Operator.EQ, Operator.IN)


def contradictions(clauses: Iterable[Clause]) -> tuple[tuple[Clause, ...], ...]:
    """The clauses about one fact that contradict each other, for each such fact."""
    by_fact: dict[str, list[Clause]] = {}
    for clause in clauses:
        by_fact.setdefault(clause.fact, []).append(clause)
    return tuple(tuple(about) for about in by_fact.values() if not _possible(about))


def _possible(clauses: list[Clause]) -> bool:
    """Whether some value makes all of them true. True also where it is not certain that none does."""
    values = _every_kind_of(clauses[0].meaning, clauses)
    return values is None or any(all(clause.holds(_Given(value)) for clause in clauses) for value in values)


class _Given(Reading):
    """A reading in which every fact has one value."""

    def __init__(self, value: Value) -> None:
        self._given = value

    def value(self, fact: Fact) -> Value:
        return self._given


def _every_kind_of(fact: Fact, clauses: list[Clause]) -> list[Value] | None:
    """Values of which one satisfies the clauses if any does; None where there is no such list."""
    match fact.type:
        case FactType.FLAG:
            return [True, False, ABSENT]
        case FactType.NUMBER:
            return list(_numbers(fact, clauses))
        case FactType.WORDS:
            return list(_sets(clauses))
        case FactType.TEXT if fact.choices:
            return list(fact.choices)
        case FactType.TEXT:
            named = [clause.wanted for clause in clauses if clause.operator in _NAMING]
            if any(clause.operator is Operator.EXISTS and clause.wanted is False for clause in clauses):
                return [ABSENT]
            return [word for wanted in named[:1] for word in _each(wanted)] or None


def _each(wanted: Any) -> tuple[Any, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _numbers(fact: Fact, clauses: list[Clause]) -> Iterator[Value]:
    if fact.name == "request.hour":
        yield from range(24)
        return
    named = sorted(
        float(n) for clause in clauses if clause.operator is not Operator.EXISTS for n in _each(clause.wanted)
    )
    least = 1.0 if fact.name in _WHOLE and fact.name.startswith("request.") else 0.0
    near = [n + more for n in [least, *named] for more in (-1.0, 0.0, 1.0)]
    between = [] if fact.name in _WHOLE else [(one + other) / 2 for one, other in pairwise(named)]
    for number in [*near, *between]:
        if number >= least and (fact.name not in _WHOLE or number == int(number)):
            yield number
    yield ABSENT


def _sets(clauses: list[Clause]) -> Iterator[Value]:
    wanted = {str(word) for clause in clauses if isinstance(clause.wanted, tuple) for word in clause.wanted}
    barred = {
        str(word)
        for clause in clauses
        if clause.operator is Operator.NONE and isinstance(clause.wanted, tuple)
        for word in clause.wanted
    }
    # As many words as are not barred: what any, all and exists could still want; and nothing at all.
    yield Words(known=frozenset(wanted - barred) or frozenset({"something else"} - barred))
    yield Words(known=frozenset())
