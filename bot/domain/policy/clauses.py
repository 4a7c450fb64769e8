"""One comparison of a fact with what the file wants, and its words. Answers True, False, or None: the fact is
unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain.policy.facts import ABSENT, Fact, FactType, Reading, Value, Words, fact_named
from bot.domain.policy.patterns import fits, found

Wanted = str | bool | int | float | tuple[str, ...] | tuple[float, ...]


class Operator(StrEnum):
    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    ANY = "any"
    ALL = "all"
    NONE = "none"
    GLOB = "glob"
    REGEX = "regex"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EXISTS = "exists"


_O = Operator
OPERATORS_OF: Mapping[FactType, tuple[Operator, ...]] = {
    FactType.TEXT: (_O.EQ, _O.NE, _O.IN, _O.NOT_IN, _O.GLOB, _O.REGEX, _O.EXISTS),
    FactType.FLAG: (_O.EQ, _O.NE, _O.EXISTS),
    FactType.NUMBER: (_O.EQ, _O.NE, _O.IN, _O.NOT_IN, _O.LT, _O.LE, _O.GT, _O.GE, _O.EXISTS),
    FactType.WORDS: (_O.ANY, _O.ALL, _O.NONE, _O.EXISTS),
}
NEGATIVE = frozenset({Operator.NE, Operator.NOT_IN})
"""True of an absent value: what is not there is surely different."""

_Test = Callable[[Any, Any], bool | None]


def _any(words: Words, wanted: tuple[str, ...]) -> bool | None:
    if not words.known.isdisjoint(wanted):
        return True
    return False if words.unknown.isdisjoint(wanted) else None


def _all(words: Words, wanted: tuple[str, ...]) -> bool | None:
    if words.known.issuperset(wanted):
        return True
    return None if (words.known | words.unknown).issuperset(wanted) else False


def _none(words: Words, wanted: tuple[str, ...]) -> bool | None:
    some = _any(words, wanted)
    return None if some is None else not some


def _there(value: Any, wanted: bool) -> bool | None:
    if not isinstance(value, Words):
        there = value != math.inf
    elif not value.known and value.unknown:
        return None
    else:
        there = bool(value.known)
    return there is wanted


_TESTS: Mapping[Operator, _Test] = {
    Operator.EQ: lambda value, wanted: value == wanted,
    Operator.NE: lambda value, wanted: value != wanted,
    Operator.IN: lambda value, wanted: value in wanted,
    Operator.NOT_IN: lambda value, wanted: value not in wanted,
    Operator.ANY: _any,
    Operator.ALL: _all,
    Operator.NONE: _none,
    Operator.GLOB: lambda value, wanted: fits(wanted, value),
    Operator.REGEX: lambda value, wanted: found(wanted, value),
    Operator.LT: lambda value, wanted: value < wanted,
    Operator.LE: lambda value, wanted: value <= wanted,
    Operator.GT: lambda value, wanted: value > wanted,
    Operator.GE: lambda value, wanted: value >= wanted,
    Operator.EXISTS: _there,
}
_WISHES: Mapping[Operator, str] = {
    Operator.EQ: "to be {}", Operator.NE: "not to be {}",
    Operator.IN: "to be {}", Operator.NOT_IN: "not to be {}",
    Operator.ANY: "to include {}", Operator.ALL: "to include {}", Operator.NONE: "not to include {}",
    Operator.GLOB: "to look like {}", Operator.REGEX: "to match {}", Operator.LT: "to be below {}",
    Operator.LE: "to be at most {}", Operator.GT: "to be above {}", Operator.GE: "to be at least {}",
}  # fmt: skip


class UnknownFactError(ValueError):
    """There is no such fact, or it cannot be compared so. The reader of the file says so first, with the
    line."""


@dataclass(frozen=True, kw_only=True)
class Clause:
    """`fact` `operator` `wanted`, such as project.env eq prod. Compiled when made."""

    fact: str
    operator: Operator
    wanted: Wanted
    meaning: Fact = field(init=False, compare=False, repr=False)
    _test: _Test = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        meaning = fact_named(self.fact)
        if meaning is None or self.operator not in OPERATORS_OF[meaning.type]:
            raise UnknownFactError(f"{self.fact} {self.operator}")
        object.__setattr__(self, "meaning", meaning)
        object.__setattr__(self, "_test", _TESTS[self.operator])

    def holds(self, reading: Reading) -> bool | None:
        """None when the fact is unknown, or too long to be matched."""
        value = reading.value(self.meaning)
        if value is None:
            return None
        if value is ABSENT:
            return self.wanted is False if self.operator is Operator.EXISTS else self.operator in NEGATIVE
        return self._test(value, self.wanted)

    def wish(self) -> str:
        """What it wants, to follow the fact's name: "to be prod"."""
        if self.operator is Operator.EXISTS:
            return "to be given" if self.wanted else "not to be given"
        joint = " and " if self.operator is Operator.ALL else " or "
        return _WISHES[self.operator].format(value_in_words(self.wanted, joint))

    def found(self, reading: Reading) -> str:
        """What is the case instead, as half a sentence: "it is dev"."""
        value = reading.value(self.meaning)
        if value is None:
            return "it could not be read"
        if value is ABSENT:
            return "there is none"
        if isinstance(value, Words):
            return self._found_words(value)
        if self.operator in (Operator.GLOB, Operator.REGEX) and self.holds(reading) is None:
            return "it is too long to be compared"
        return f"it is {value_in_words(value)}"

    def _found_words(self, words: Words) -> str:
        yours = self.fact == "requester.groups"
        who, has = ("you", "are in") if yours else ("it", "has")
        wanted = self.wanted if isinstance(self.wanted, tuple) else ()
        if unread := sorted(words.unknown.intersection(wanted) if wanted else words.unknown):
            return f"whether {who} {has} {' or '.join(unread)} could not be read"
        if there := sorted(words.known.intersection(wanted) if wanted else words.known):
            return f"{who} {has} {value_in_words(tuple(there), ' and ')}" + (
                " only" if self.operator is _O.ALL else ""
            )
        return f"{who} {has} none of them"


def value_in_words(value: Value | Wanted, joint: str = " or ") -> str:
    """A value as a person would write it, at most some 80 characters."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "true" if value else "false"
        case Words():
            known = value_in_words(tuple(sorted(value.known)), ", ") if value.known else "none"
            return known + (f" (unknown: {', '.join(sorted(value.unknown))})" if value.unknown else "")
        case tuple():
            words = [value_in_words(item) for item in value[:8]] + (["..."] if len(value) > 8 else [])
            return joint.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
        case float() | int():
            return "for ever" if value == math.inf else f"{value:.12g}"
        case str():
            return value if len(value) <= 80 else value[:77] + "..."
        case _:
            return "absent"


def all_hold(clauses: tuple[Clause, ...], reading: Reading) -> bool | None:
    """False as soon as one is false; else None when one is unknown; else True, also when there is none."""
    answer: bool | None = True
    for clause in clauses:
        held = clause.holds(reading)
        if held is False:
            return False
        if held is None:
            answer = None
    return answer
