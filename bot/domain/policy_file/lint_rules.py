"""Warnings about rules that have no effect, or another one than their words say. What is tried is bounded: a warning
names what was seen; silence proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice

from bot.domain.errors import Problem
from bot.domain.model import Action, Outcome
from bot.domain.policy import Effect, Mode, Policy, Rule, StaticVoters, in_words, judge, merge
from bot.domain.policy.comparison import direction
from bot.domain.policy.contradiction import contradictions
from bot.domain.policy.grid import Case, Grid

MAX_RULES = 60
"""Of more rules, pairs are not compared and effects not tried: it would take too long."""
MAX_CASES = 2000
"""For one rule. One that did nothing in as many is not called dead: there are more."""


def lint_rules(policy: Policy) -> tuple[Problem, ...]:
    """Each rule that can never matter, contradicts itself, or meets another in a way that is likely not meant."""
    impossible = {rule.id: tuple(_impossible(rule)) for rule in policy.rules}
    found = [problem for problems in impossible.values() for problem in problems]
    sound = [rule for rule in policy.rules if rule.mode is Mode.ENFORCE and not impossible[rule.id]]
    if len(policy.rules) <= MAX_RULES:
        grid = Grid(policy)
        found += [
            *(problem for rule in sound for problem in _without_effect(policy, grid, rule)),
            *_overlaps(grid, sound),
            *_nobody_left(policy, grid),
        ]
    return tuple(found)


def _impossible(rule: Rule) -> Iterator[Problem]:
    for clauses in contradictions(rule.when):
        wishes = " and ".join(clause.wish() for clause in clauses)
        words = f'rule "{rule.id}": never true: {clauses[0].fact} is wanted {wishes}'
        yield Problem(
            where=rule.where, what=words, instead="several operators under one fact must all be true"
        )
    for exception in rule.unless:
        if all(clause in rule.when for clause in exception):
            wishes = " and ".join(f"{clause.fact} {clause.wish()}" for clause in exception)
            yield Problem(
                where=rule.where,
                what=f'rule "{rule.id}": never applies: it makes an exception of what it asks for ({wishes})',
            )


def _without_effect(policy: Policy, grid: Grid, rule: Rule) -> Iterator[Problem]:
    """A rule without which every ask that was tried comes out the same, but for what waits."""
    without = replace(policy, rules=tuple(other for other in policy.rules if other is not rule))
    tried, waits = 0, False
    for case in islice(grid.around(rule), MAX_CASES):
        tried += 1
        verdict = judge(policy, case.ask)
        if direction(verdict, judge(without, case.ask)) is None:
            continue
        if verdict.outcome is not Outcome.HOLD:
            return
        waits = True
    if tried == MAX_CASES:
        return
    if not tried:
        yield Problem(
            where=rule.where,
            what=f'rule "{rule.id}": found no request to any project of the register in which it takes part',
            instead="look at its conditions",
        )
        return
    why = "what it permits is permitted or denied anyway"
    if rule.effect is not Effect.PERMIT:
        why = "what it locks is denied, or locked as well, anyway"
    but = ", except that pairs wait where a fact is unknown" if waits else ""
    yield Problem(
        where=rule.where,
        what=f'rule "{rule.id}": can never matter{but}: without it, all {tried} requests that were tried come out the same',
        instead=why,
    )


def _overlaps(grid: Grid, rules: list[Rule]) -> Iterator[Problem]:
    """Two permits that are open together and ask for different approvals: all of them are needed."""
    permits = [rule for rule in rules if rule.effect is Effect.PERMIT]
    for one, other in combinations(permits, 2):
        if merge(one.requirement) == merge(other.requirement):
            continue
        case = next(grid.together(one, other), None)
        if case is not None:
            needed = in_words(merge(one.requirement, other.requirement))
            yield Problem(
                where=other.where,
                what=f'rules "{one.id}" and "{other.id}" are both open for {_shown(case)}: together they need {needed}',
                instead="permits add up; keep them apart by a condition or an unless",
            )


def _nobody_left(policy: Policy, grid: Grid) -> Iterator[Problem]:
    """Rules that together ask for more than the people listed can give."""
    voters = StaticVoters(groups=policy.groups)
    seen: set[tuple[str, ...]] = set()
    for case in grid.cases(MAX_CASES):
        verdict = judge(policy, case.ask)
        if verdict.outcome is not Outcome.NEEDS_APPROVALS or verdict.rules in seen:
            continue
        seen.add(verdict.rules)
        if not voters.could_meet(verdict.requirement):
            ids = " and ".join(f'"{rule}"' for rule in verdict.rules)
            yield Problem(
                where=next(rule.where for rule in policy.rules if rule.id == verdict.rules[0]),
                what=f"nobody can approve {_shown(case)}: {ids} together need {in_words(verdict.requirement)}",
                instead="list more people; one person fills one slot",
            )


def _shown(case: Case) -> str:
    return f"{case.ask.action} {'to' if case.ask.action is Action.SHARE else 'from'} {case.ask.project.name} ({case.words})"
