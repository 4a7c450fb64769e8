"""The policy as values: what the file says, checked and compiled. Reading the file is policy_file's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.model import NO_REQUIREMENT, Action, GroupDef, GroupName, ProjectFacts, Requirement
from bot.domain.policy.break_glass import BreakGlass
from bot.domain.policy.clauses import Clause, all_hold
from bot.domain.policy.facts import Reading
from bot.domain.policy.patterns import MAX_TEXT, found

BUILT_IN = "built-in"
"""In place of a rule's id, where the cloud itself leaves no choice."""
LIMITS = "limits"
"""In place of a rule's id, where the file's own `limits` are passed."""


class Effect(StrEnum):
    FORBID = "forbid"
    """Absolute: a matching forbid denies, whatever else permits."""
    PERMIT = "permit"
    """Opens a pair, with or without approvals."""
    REQUIRE = "require"
    """Only adds approvals to what a permit opens."""


class Mode(StrEnum):
    ENFORCE = "enforce"
    WARN = "warn"
    """On trial: judged and told of, without effect."""


@dataclass(frozen=True, kw_only=True)
class Defaults:
    self_approval: bool = False
    expires_after: timedelta = timedelta(hours=24)
    """After this an undecided or holding lane expires."""
    remind: tuple[timedelta, ...] = ()
    """After the start, soonest first."""
    channel: str | None = None
    """Id of the channel for all cards; None: where the command was typed."""
    time_zone: str = "UTC"
    """IANA name, for request.hour and request.weekday."""


@dataclass(frozen=True, kw_only=True)
class PolicyLimits:
    max_pairs: int = 500
    """Of one request, as are images and projects."""
    max_open_per_requester: int = 5
    max_images: int | None = None
    max_projects: int | None = None
    max_duration: timedelta | None = None
    """The longest a share may last; one without an end ends then. None: as the rules say."""


@dataclass(frozen=True, kw_only=True)
class ReasonRule:
    """What the typed reason has to look like. Only its first MAX_TEXT characters are looked at."""

    pattern: str
    hint: str

    def accepts(self, reason: str) -> bool:
        return found(self.pattern, reason[:MAX_TEXT]) is True


@dataclass(frozen=True, kw_only=True)
class ShareFor:
    """How long a share may last, and how long it does when nothing was asked."""

    max: timedelta
    default: timedelta


@dataclass(frozen=True, kw_only=True)
class Escalation:
    """Whom to tell of a lane that still waits for approvals after a time. Silence never approves: it gives nobody a vote."""

    after: timedelta
    to: frozenset[GroupName]


@dataclass(frozen=True, kw_only=True)
class Rule:
    id: str
    effect: Effect
    actions: frozenset[Action] = frozenset({Action.SHARE})
    when: tuple[Clause, ...] = ()
    """All must be true."""
    unless: tuple[tuple[Clause, ...], ...] = ()
    """Exceptions: it does not apply when all clauses of one of them are true."""
    requirement: Requirement = NO_REQUIREMENT
    message: str = ""
    reason: ReasonRule | None = None
    share_for: ShareFor | None = None
    self_approval: bool = False
    """As the rule says, else as the defaults say."""
    notify: frozenset[GroupName] = frozenset()
    """Groups to tell of a lane; empty: those who can approve."""
    mode: Mode = Mode.ENFORCE
    escalate: tuple[Escalation, ...] = ()
    """Soonest first."""
    where: str = field(default="", compare=False)
    """file:line:column."""

    def applies(self, reading: Reading) -> bool | None:
        """Whether the conditions hold; None when that hangs on an unknown fact. Looks at neither action nor
        reason."""
        answer = all_hold(self.when, reading)
        if answer is False:
            return False
        for exception in self.unless:
            excepted = all_hold(exception, reading)
            if excepted:
                return False
            if excepted is None:
                answer = None
        return answer


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The whole file, in force. Rules have no order."""

    version: int = 1
    digest: str = ""
    """sha256 of the file's text, in hex."""
    groups: Mapping[GroupName, GroupDef] = field(default_factory=dict)
    projects: tuple[ProjectFacts, ...] = ()
    defaults: Defaults = Defaults()
    limits: PolicyLimits = PolicyLimits()
    break_glass: BreakGlass | None = None
    """None: in an emergency there is no way around approvals."""
    rules: tuple[Rule, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where "group NAME" and "project NAME" stand, as file:line:column."""
    zone: tzinfo = field(init=False, compare=False, repr=False)
    _sorted: Mapping[tuple[Effect, Action], tuple[Rule, ...]] = field(init=False, compare=False, repr=False)
    _on_trial: Mapping[Action, tuple[Rule, ...]] = field(init=False, compare=False, repr=False)
    _by_ref: Mapping[str, ProjectFacts] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        rules = sorted(self.rules, key=lambda rule: rule.id)
        by_kind = {
            (effect, action): tuple(
                rule
                for rule in rules
                if rule.effect is effect and action in rule.actions and rule.mode is Mode.ENFORCE
            )
            for effect in Effect
            for action in Action
        }
        by_name = {project.name.casefold(): project for project in reversed(self.projects)}
        by_id = {project.id.casefold(): project for project in reversed(self.projects)}
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))
        object.__setattr__(self, "zone", ZoneInfo(self.defaults.time_zone))
        object.__setattr__(self, "_sorted", by_kind)
        object.__setattr__(self, "_on_trial", _on_trial(rules))
        object.__setattr__(self, "_by_ref", by_name | by_id)

    def rules_of(self, effect: Effect, action: Action) -> tuple[Rule, ...]:
        """The rules of this effect that speak of `action`, sorted by id; without those on trial."""
        return self._sorted[effect, action]

    def rules_on_trial(self, action: Action) -> tuple[Rule, ...]:
        """The rules with `mode: warn` that speak of `action`, sorted by id."""
        return self._on_trial[action]

    def project(self, ref: str) -> ProjectFacts | None:
        """By id, or by name whatever its case; None when the register has no such project."""
        return self._by_ref.get(ref.strip().casefold())

    def project_names(self) -> tuple[str, ...]:
        """In the order of the register."""
        return tuple(project.name for project in self.projects)

    def groups_to_tell(self, rules: tuple[str, ...], approvers: frozenset[GroupName]) -> frozenset[GroupName]:
        """Whom to tell of a lane made by `rules` (ids): those the rules say, else the `approvers`."""
        told = frozenset(name for rule in self.rules if rule.id in rules for name in rule.notify)
        return told or approvers

    def escalations_of(self, rules: tuple[str, ...]) -> tuple[Escalation, ...]:
        """Whom to tell, and when, while a lane made by `rules` (ids) waits: soonest first, one for each time."""
        groups: dict[timedelta, frozenset[GroupName]] = {}
        for rule in self.rules:
            if rule.id in rules and rule.mode is Mode.ENFORCE:
                for step in rule.escalate:
                    groups[step.after] = groups.get(step.after, frozenset()) | step.to
        return tuple(Escalation(after=after, to=groups[after]) for after in sorted(groups))


def _on_trial(rules: list[Rule]) -> dict[Action, tuple[Rule, ...]]:
    return {
        action: tuple(rule for rule in rules if action in rule.actions and rule.mode is Mode.WARN)
        for action in Action
    }
