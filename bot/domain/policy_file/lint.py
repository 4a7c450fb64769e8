"""Warnings about a policy that is valid and yet, likely, not what somebody meant."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.errors import Problem
from bot.domain.model import NO_REQUIREMENT, Action, Actor, ImageFacts, ImageId, Person, ProjectFacts
from bot.domain.policy import Clause, Effect, Operator, Policy, Rule, StaticVoters, groups_of
from bot.domain.policy.clauses import NEGATIVE
from bot.domain.policy.facts import ABSENT, Ask, Reading
from bot.domain.policy_file.examples import WEDNESDAY_NOON
from bot.domain.policy_file.lint_rules import lint_rules


def lint(policy: Policy) -> tuple[Problem, ...]:
    """Each doubtful thing with its place, what it means, and what may have been meant. Empty for a clean
    policy."""
    found = [
        *_unreachable_projects(policy),
        *_unused_groups(policy),
        *_lonely_approvers(policy),
        *_lonely_reviewers(policy),
        *_open_doors(policy),
        *_words_no_project_has(policy),
        *_absent_counts_as_different(policy),
        *lint_rules(policy),
    ]
    return tuple(found)


def _readings(policy: Policy) -> tuple[tuple[ProjectFacts, Reading], ...]:
    nobody = Actor(person=Person("", ""))
    image = ImageFacts(id=ImageId(""))
    return tuple(
        (
            project,
            Reading(
                Ask(action=Action.SHARE, requester=nobody, image=image, project=project, at=WEDNESDAY_NOON),
                policy.zone,
            ),
        )
        for project in policy.projects
    )


def _of_project(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    return tuple(clause for clause in clauses if clause.fact.startswith("project."))


def _unreachable_projects(policy: Policy) -> Iterator[Problem]:
    permits = policy.rules_of(Effect.PERMIT, Action.SHARE)
    forbids = policy.rules_of(Effect.FORBID, Action.SHARE)
    for project, reading in _readings(policy):
        where = policy.places.get(f"project {project.name}", "projects")
        if not any(all(clause.holds(reading) for clause in _of_project(rule.when)) for rule in permits):
            yield Problem(
                where=where,
                what=f'no permit can ever open project "{project.name}"',
                instead="add a permit, or remove it",
            )
            continue
        for rule in forbids:
            only_projects = len(_of_project(rule.when)) == len(rule.when) and not rule.unless
            if only_projects and rule.applies(reading):
                yield Problem(
                    where=where, what=f'rule "{rule.id}" forbids everything to project "{project.name}"'
                )
                break


def _unused_groups(policy: Policy) -> Iterator[Problem]:
    used: set[str] = set()
    if policy.break_glass is not None:
        used |= policy.break_glass.by | groups_of(policy.break_glass.review)
    for rule in policy.rules:
        used |= groups_of(rule.requirement) | rule.notify
        used |= {name for step in rule.escalate for name in step.to}
        for clause in (*rule.when, *(clause for exception in rule.unless for clause in exception)):
            if clause.fact == "requester.groups" and isinstance(clause.wanted, tuple):
                used |= {str(name) for name in clause.wanted}
    for name in policy.groups:
        if name not in used:
            where = policy.places.get(f"group {name}", "groups")
            yield Problem(where=where, what=f'group "{name}" is used by no rule')


def _lonely_approvers(policy: Policy) -> Iterator[Problem]:
    """A listed approver who asks for something themselves, and then nobody else is left."""
    voters = StaticVoters(groups=policy.groups)
    for rule in policy.rules:
        if rule.self_approval or rule.requirement == NO_REQUIREMENT:
            continue
        listed = sorted(voters.listed(groups_of(rule.requirement)))
        lonely = [user for user in listed if not voters.could_meet(rule.requirement, without=user)]
        if lonely:
            yield Problem(
                where=rule.where,
                what=f'rule "{rule.id}": when {" or ".join(lonely)} asks, nobody can approve',
                instead="list more people, or use a Slack user group",
            )


def _lonely_reviewers(policy: Policy) -> Iterator[Problem]:
    """Somebody who breaks the glass and would be the only one to review it."""
    glass, voters = policy.break_glass, StaticVoters(groups=policy.groups)
    if glass is None:
        return
    listed = sorted(voters.listed(glass.by))
    lonely = [user for user in listed if not voters.could_meet(glass.review, without=user)]
    if lonely:
        yield Problem(
            where=policy.places.get("break_glass", "break_glass"),
            what=f"break_glass: when {' or '.join(lonely)} breaks the glass, nobody else can review it",
            instead="list more people, or use a Slack user group",
        )


def _open_doors(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        if rule.effect is Effect.PERMIT and not rule.when and rule.requirement == NO_REQUIREMENT:
            yield Problem(
                where=rule.where,
                what=f'rule "{rule.id}" lets everybody do this with everything, without approval',
                instead="add conditions, or approvals",
            )


def _project_clauses(policy: Policy) -> Iterator[tuple[Rule, Clause]]:
    for rule in policy.rules:
        for clause in _of_project(
            (*rule.when, *(clause for exception in rule.unless for clause in exception))
        ):
            yield rule, clause


def _words_no_project_has(policy: Policy) -> Iterator[Problem]:
    readings = _readings(policy)
    for rule, clause in _project_clauses(policy):
        wanted = clause.wanted if isinstance(clause.wanted, tuple) else (clause.wanted,)
        if clause.operator not in (Operator.EQ, Operator.IN, *NEGATIVE):
            continue
        there = {reading.value(clause.meaning) for _, reading in readings}
        for word in wanted:
            if word not in there:
                yield Problem(
                    where=rule.where, what=f'rule "{rule.id}": no project has {clause.fact} "{word}"'
                )


def _absent_counts_as_different(policy: Policy) -> Iterator[Problem]:
    readings = _readings(policy)
    for rule, clause in _project_clauses(policy):
        if clause.operator not in NEGATIVE:
            continue
        without = [project.name for project, reading in readings if reading.value(clause.meaning) is ABSENT]
        if without:
            yield Problem(
                where=rule.where,
                what=f'rule "{rule.id}": {clause.fact} {clause.operator} also matches '
                f"{', '.join(without)}: no {clause.fact} there",
                instead="give it one, or add exists: true",
            )
