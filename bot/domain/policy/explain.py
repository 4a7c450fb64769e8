"""Every rule and clause with its answer, for `imagebot policy explain`. Judges nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.model import GroupDef, GroupName, Person, Verdict
from bot.domain.policy.clauses import Clause, value_in_words
from bot.domain.policy.facts import Ask, Reading
from bot.domain.policy.permits import read_permit
from bot.domain.policy.requirement import groups_of
from bot.domain.policy.rules import Effect, Mode, Policy, Rule


@dataclass(frozen=True, kw_only=True)
class ClauseTrace:
    fact: str
    operator: str
    wanted: str
    """In words."""
    actual: str
    """In words; "unknown" or "absent" where there is no value."""
    holds: bool | None
    """None: unknown."""


@dataclass(frozen=True, kw_only=True)
class RuleTrace:
    """One rule that was asked, or that speaks of another action."""

    rule: str
    effect: Effect
    where: str
    """file:line:column."""
    speaks: bool
    """Whether it speaks of this action at all."""
    applies: bool | None
    """Whether it has its effect here: its conditions hold, and a permit is open. None: hangs on an unknown
    fact."""
    when: tuple[ClauseTrace, ...]
    unless: tuple[tuple[ClauseTrace, ...], ...]
    on_trial: bool = False
    """Judged without effect (`mode: warn`)."""
    notes: tuple[str, ...] = ()
    """What else stands in the way, in words: the reason's form, the time asked for."""


def explain(policy: Policy, ask: Ask) -> tuple[RuleTrace, ...]:
    """A trace of each rule, in the order of the file. Every clause is answered, also those the judge need not
    look at."""
    reading = Reading(ask, policy.zone)
    return tuple(_trace(rule, reading) for rule in policy.rules)


def _trace(rule: Rule, reading: Reading) -> RuleTrace:
    speaks = reading.ask.action in rule.actions
    applies = rule.applies(reading) if speaks else False
    notes: tuple[str, ...] = ()
    if speaks and rule.effect is Effect.PERMIT:
        permit = read_permit(rule, reading)
        applies, notes = permit.open, tuple(f"{what}: {hint}" for what, hint in permit.mendable)
    elif speaks and rule.reason is not None and not rule.reason.accepts(reading.ask.reason):
        notes = (f"denies without a better reason: {rule.reason.hint}",)
    return RuleTrace(
        rule=rule.id,
        effect=rule.effect,
        where=rule.where,
        speaks=speaks,
        applies=applies,
        when=_traces(rule.when, reading),
        unless=tuple(_traces(exception, reading) for exception in rule.unless),
        on_trial=rule.mode is Mode.WARN,
        notes=notes,
    )


@dataclass(frozen=True, kw_only=True)
class Approvers:
    """The people of one group who could approve."""

    group: GroupName
    slack_users: tuple[str, ...]
    """Member ids the file lists, without the requester where their own approval does not count."""
    slack_usergroup: str | None
    """Id of the Slack user group, whose people only Slack knows."""


def who_could_approve(policy: Policy, verdict: Verdict, requester: Person) -> tuple[Approvers, ...]:
    """For each group the verdict asks approvals of; empty when none is needed."""
    found = []
    for name in sorted(groups_of(verdict.requirement)):
        group = policy.groups.get(name, GroupDef(name=name))
        users = (user for user in group.slack_users if verdict.self_approval or user != requester.user)
        found.append(Approvers(group=name, slack_users=tuple(users), slack_usergroup=group.slack_usergroup))
    return tuple(found)


def _traces(clauses: tuple[Clause, ...], reading: Reading) -> tuple[ClauseTrace, ...]:
    return tuple(
        ClauseTrace(
            fact=clause.fact,
            operator=str(clause.operator),
            wanted=value_in_words(clause.wanted),
            actual=value_in_words(reading.value(clause.meaning)),
            holds=clause.holds(reading),
        )
        for clause in clauses
    )
