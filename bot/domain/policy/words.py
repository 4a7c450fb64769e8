"""What the judge says of a rule, in words: the value that failed, what could not be read, what would be an
exception."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.policy.clauses import Clause, all_hold, value_in_words
from bot.domain.policy.facts import Reading
from bot.domain.policy.rules import Rule


def quoted(ids: Iterable[str]) -> str:
    """'rule "a"', or 'rules "a" and "b"'."""
    names = [f'"{id}"' for id in ids]
    if len(names) == 1:
        return f"rule {names[0]}"
    return f"rules {', '.join(names[:-1])} and {names[-1]}"


def value_of(text: str) -> str:
    """Typed text, in quotes and not too long."""
    return f'"{value_in_words(text)}"'


def misses(rule: Rule, reading: Reading) -> list[str]:
    """Each clause of the rule that surely fails: what it wants, and what is the case."""
    failing = [
        f"{clause.fact} {clause.wish()}, and {clause.found(reading)}"
        for clause in rule.when
        if clause.holds(reading) is False
    ]
    for exception in rule.unless:
        if all_hold(exception, reading):
            wishes = " and ".join(f"{clause.fact} {clause.wish()}" for clause in exception)
            failing.append(f"to make an exception of {wishes}")
    return failing


def distance(rule: Rule, reading: Reading) -> tuple[int, int]:
    """How far a permit is from opening: its failing clauses, and how many of them are about the project."""
    failing = [clause.fact for clause in rule.when if clause.holds(reading) is False]
    exceptions = sum(1 for exception in rule.unless if all_hold(exception, reading))
    return len(failing) + exceptions, sum(1 for fact in failing if fact.startswith("project."))


def because(rule: Rule, reading: Reading) -> str:
    """Why a forbid without a message applies: the values that made it match."""
    parts = [f"{clause.fact} is {value_in_words(reading.value(clause.meaning))}" for clause in rule.when]
    return "because " + " and ".join(dict.fromkeys(parts)) if parts else "always"


def exception_in_words(rule: Rule) -> str:
    """The way around a forbid that the rule itself names."""
    ways = [
        " and ".join(f"{clause.fact} {clause.wish()}" for clause in exception) for exception in rule.unless
    ]
    return f'rule "{rule.id}" makes an exception; it wants {", or ".join(ways)}'


def unknowns(rule: Rule, reading: Reading) -> list[str]:
    """Names of the facts whose value the rule waits for."""
    clauses: list[Clause] = [*rule.when, *(clause for exception in rule.unless for clause in exception)]
    return list(dict.fromkeys(_name(clause, reading) for clause in clauses if clause.holds(reading) is None))


def _name(clause: Clause, reading: Reading) -> str:
    if clause.fact == "requester.groups" and isinstance(clause.wanted, tuple):
        unread = sorted(reading.ask.requester.unknown_groups.intersection(clause.wanted))
        return f"{clause.fact} ({', '.join(unread)})"
    return clause.fact
