"""What the policy means, a second time: slow, naive, and written from the words of docs/policy.md alone. It shares
nothing with the engine but the values that go in. Truth tables instead of short cuts, every seating of people instead
of a matching. Whoever changes the meaning changes it here by hand, too.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from itertools import permutations, product
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.model import Action, Actor, AllOf, AnyOf, GroupName, Need, Outcome, Person, Requirement
from bot.domain.policy import Ask, BreakGlass, Clause, Effect, Mode, Policy, Rule, Vote

Truth = bool | None
"""None: unknown."""
UNKNOWN, ABSENT = "?", "-"
"""In place of the value of a fact. Facts have their values in a tuple, so that no text can be taken for these."""
LONGEST_TEXT = 256

# -- three truth values, as tables -------------------------------------------------------------

AND: dict[tuple[Truth, Truth], Truth] = {
    (True, True): True, (True, False): False, (True, None): None,
    (False, True): False, (False, False): False, (False, None): False,
    (None, True): None, (None, False): False, (None, None): None,
}  # fmt: skip
OR: dict[tuple[Truth, Truth], Truth] = {
    (True, True): True, (True, False): True, (True, None): True,
    (False, True): True, (False, False): False, (False, None): None,
    (None, True): True, (None, False): None, (None, None): None,
}  # fmt: skip
NOT: dict[Truth, Truth] = {True: False, False: True, None: None}


def all_true(truths: Sequence[Truth]) -> Truth:
    answer: Truth = True
    for truth in truths:
        answer = AND[answer, truth]
    return answer


def some_true(truths: Sequence[Truth]) -> Truth:
    answer: Truth = False
    for truth in truths:
        answer = OR[answer, truth]
    return answer


# -- facts -------------------------------------------------------------------------------------


def fact(ask: Ask, name: str, zone: tzinfo) -> Any:
    """UNKNOWN, ABSENT, or a tuple with the one value. Sets are not read here."""
    room, _, rest = name.partition(".")
    if room == "image":
        return _image_fact(ask, rest)
    if room == "project":
        label = rest.removeprefix("labels.")
        text = ask.project.labels.get(label) if label != rest else getattr(ask.project, rest)
        return (text,) if text else ABSENT
    if name == "requester.id":
        return (ask.requester.person.user,)
    if name == "requester.is_guest":
        return _known(ask.requester.is_guest)
    return _request_fact(ask, rest, zone)


def _known(value: Any) -> Any:
    return UNKNOWN if value is None or value == "" else (value,)


def _image_fact(ask: Ask, name: str) -> Any:
    image = ask.image
    if name == "age_days":
        if image.created_at is None or ask.at is None:
            return UNKNOWN
        return (max(0.0, (ask.at - image.created_at).total_seconds() / 86_400),)
    if name == "shared_count":
        return UNKNOWN if image.shared_with is None else (len(image.shared_with),)
    if name == "kind":
        return UNKNOWN if image.kind is None else (image.kind.value,)
    return _known(getattr(image, name))


def _request_fact(ask: Ask, name: str, zone: tzinfo) -> Any:
    if name in ("pairs", "images", "projects"):
        return (getattr(ask, name),)
    if name in ("reason", "channel"):
        return (getattr(ask, name),) if getattr(ask, name) else ABSENT
    if name == "duration_days":
        return (math.inf if ask.duration is None else ask.duration.total_seconds() / 86_400,)
    if ask.at is None:
        return UNKNOWN
    local = ask.at.astimezone(UTC).astimezone(zone)
    if name == "hour":
        return (int(local.strftime("%H")),)
    return (("mon", "tue", "wed", "thu", "fri", "sat", "sun")[datetime.isoweekday(local) - 1],)


# -- conditions --------------------------------------------------------------------------------

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "in": lambda value, wanted: any(value == one for one in wanted),
    "not_in": lambda value, wanted: all(value != one for one in wanted),
    "glob": lambda value, wanted: fnmatchcase(value, wanted),
    "regex": lambda value, wanted: re.search(wanted, value) is not None,
}  # fmt: skip
OF_A_SET: dict[str, Callable[[set[str], Any], bool]] = {
    "any": lambda words, wanted: any(word in words for word in wanted),
    "all": lambda words, wanted: all(word in words for word in wanted),
    "none": lambda words, wanted: not any(word in words for word in wanted),
    "exists": lambda words, wanted: (len(words) > 0) == wanted,
}


def condition(clause: Clause, ask: Ask, zone: tzinfo) -> Truth:
    kind = str(clause.operator)
    if clause.fact in ("requester.groups", "image.tags"):
        return _of_every_completion(clause, ask, OF_A_SET[kind])
    value = fact(ask, clause.fact, zone)
    if value == UNKNOWN:
        return None
    if kind == "exists":
        return (value not in (ABSENT, (math.inf,))) == clause.wanted
    if value == ABSENT:
        return kind in ("ne", "not_in")
    if kind in ("glob", "regex") and len(value[0]) > LONGEST_TEXT:
        return None
    return COMPARE[kind](value[0], clause.wanted)


def _of_every_completion(clause: Clause, ask: Ask, holds: Callable[[set[str], Any], bool]) -> Truth:
    """Groups that could not be read: true or false when it is so however they turn out, else unknown."""
    tags = clause.fact == "image.tags"
    known: set[str] = set(ask.image.tags if tags else ask.requester.groups)
    unread = [] if tags else sorted(ask.requester.unknown_groups)
    answers = {
        holds(known | {name for name, joins in zip(unread, turn, strict=True) if joins}, clause.wanted)
        for turn in product((True, False), repeat=len(unread))
    }
    return answers.pop() if len(answers) == 1 else None


def applies(rule: Rule, ask: Ask, zone: tzinfo) -> Truth:
    """All of `when`, and none of the exceptions; an exception is all of its conditions."""
    when = all_true([condition(clause, ask, zone) for clause in rule.when])
    exceptions = [all_true([condition(clause, ask, zone) for clause in one]) for one in rule.unless]
    return AND[when, NOT[some_true(exceptions)]]


def reason_fits(rule: Rule, ask: Ask) -> bool:
    return rule.reason is None or re.search(rule.reason.pattern, ask.reason[:LONGEST_TEXT]) is not None


def time_fits(rule: Rule, ask: Ask) -> bool:
    """No longer than the permit allows. What has no typed time lasts as long as the permit says, which fits."""
    limited = rule.share_for is not None and ask.action is Action.SHARE and ask.duration is not None
    return not limited or bool(rule.share_for and ask.duration and ask.duration <= rule.share_for.max)


def opens(rule: Rule, ask: Ask, zone: tzinfo) -> Truth:
    """Whether a permit is open."""
    return all_true([applies(rule, ask, zone), reason_fits(rule, ask), time_fits(rule, ask)])


# -- the verdict -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A verdict, its approvals as the rules wrote them: all of them are needed."""

    outcome: Outcome
    rules: frozenset[str] = frozenset()
    parts: tuple[Requirement, ...] = ()
    self_approval: bool = False
    share_for: timedelta | None = None


def meaning(policy: Policy, ask: Ask) -> Meaning:
    """The five steps of "How a pair is judged" in docs/policy.md, one after the other."""
    zone = ZoneInfo(policy.defaults.time_zone)
    in_effect = [rule for rule in policy.rules if rule.mode is not Mode.WARN]
    speaking = [rule for rule in in_effect if ask.action in rule.actions]
    forbids = {r.id: applies(r, ask, zone) for r in speaking if r.effect is Effect.FORBID}
    requires = {r.id: applies(r, ask, zone) for r in speaking if r.effect is Effect.REQUIRE}
    permits = {r.id: opens(r, ask, zone) for r in speaking if r.effect is Effect.PERMIT}
    by_id = {rule.id: rule for rule in speaking}
    if any(truth is True for truth in cloud_refusals(ask)):
        return _deny("built-in")
    if beyond_the_limits(policy, ask):
        return _deny("limits")
    if forbidding := [id for id, truth in forbids.items() if truth is True]:
        return _deny(*forbidding)
    badly = [id for id, truth in requires.items() if truth is True and not reason_fits(by_id[id], ask)]
    if badly:
        return _deny(min(badly))
    if all(truth is False for truth in permits.values()):
        return _deny(*nearest([by_id[id] for id in permits], ask, zone))
    doubtful = [id for id, truth in (forbids | requires | permits).items() if truth is None]
    if must_be_known_and_is_not(ask):
        doubtful.append("built-in")
    if doubtful:
        return Meaning(outcome=Outcome.HOLD, rules=frozenset(doubtful))
    matching = [by_id[id] for id, truth in (requires | permits).items() if truth is True]
    return _opened(matching, ask, policy.limits.max_duration)


def _deny(*ids: str) -> Meaning:
    return Meaning(outcome=Outcome.DENY, rules=frozenset(ids))


def _opened(matching: list[Rule], ask: Ask, longest: timedelta | None) -> Meaning:
    asking = [rule for rule in matching if ways((rule.requirement,)) != [{}]]
    spans = [rule.share_for.default for rule in matching if rule.share_for is not None]
    spans += [longest] if longest is not None else []
    lasting = ask.duration if ask.duration is not None else min(spans, default=None)
    return Meaning(
        outcome=Outcome.NEEDS_APPROVALS if asking else Outcome.ALLOW,
        rules=frozenset(rule.id for rule in matching),
        parts=tuple(rule.requirement for rule in asking),
        self_approval=bool(asking) and all(rule.self_approval for rule in asking),
        share_for=lasting if ask.action is Action.SHARE else None,
    )


def cloud_refusals(ask: Ask) -> list[Truth]:
    """What can never be shared. Taking a share back is not refused."""
    if ask.action is not Action.SHARE:
        return []
    image = ask.image
    return [
        NOT[image.owned],
        image.public,
        image.marketplace,
        None if image.status is None else image.status != "active",
        None if not image.owner else image.owner == ask.project.id,
    ]


def beyond_the_limits(policy: Policy, ask: Ask) -> bool:
    """The file's own limits on the whole request, and on how long a share may last."""
    limits = policy.limits
    too_many_images = limits.max_images is not None and ask.images > limits.max_images
    too_many_projects = limits.max_projects is not None and ask.projects > limits.max_projects
    unlimited = ask.duration is None or limits.max_duration is None or ask.action is not Action.SHARE
    too_long = not unlimited and bool(
        ask.duration and limits.max_duration and ask.duration > limits.max_duration
    )
    return too_many_images or too_many_projects or too_long


def must_be_known_and_is_not(ask: Ask) -> bool:
    facts = (ask.image.owned, ask.image.status, ask.image.public, ask.image.marketplace)
    return ask.action is Action.SHARE and None in facts


def nearest(permits: list[Rule], ask: Ask, zone: tzinfo) -> list[str]:
    """The permit that is closed for its reason or time alone: the one with less to mend, the first by name."""
    mends = [
        ((not reason_fits(rule, ask)) + (not time_fits(rule, ask)), rule.id)
        for rule in permits
        if applies(rule, ask, zone) is not False
    ]
    return [min(mends)[1]] if mends else []


# -- votes -------------------------------------------------------------------------------------


def ways(parts: Sequence[Requirement]) -> list[dict[frozenset[GroupName], int]]:
    """Every way to meet all of the parts: an option of each any_of; how many people of which groups. The same groups
    are asked once, for the larger count."""
    merged = []
    for chosen in product(*(list(_choices(part)) for part in parts)):
        way: dict[frozenset[GroupName], int] = {}
        for need in (need for needs in chosen for need in needs):
            way[need.groups] = max(way.get(need.groups, 0), need.count)
        if way not in merged:
            merged.append(way)
    return merged


def _choices(part: Requirement) -> Iterator[tuple[Need, ...]]:
    if isinstance(part, Need):
        yield (part,)
    elif isinstance(part, AnyOf):
        for item in part.items:
            yield from _choices(item)
    else:
        assert isinstance(part, AllOf)
        for chosen in product(*(list(_choices(item)) for item in part.items)):
            yield tuple(need for needs in chosen for need in needs)


def met(some_ways: Sequence[dict[frozenset[GroupName], int]], votes: Sequence[Vote]) -> bool:
    """Whether in some way every slot can be given a person of its own: by trying every seating."""
    people: dict[Person, frozenset[GroupName]] = {}
    for vote in votes:
        people[vote.person] = people.get(vote.person, frozenset()) | vote.groups
    return any(_seated(way, list(people.values())) for way in some_ways)


def _seated(way: dict[frozenset[GroupName], int], people: list[frozenset[GroupName]]) -> bool:
    slots = [groups for groups, count in way.items() for _ in range(count)]
    return any(
        all(slot & person for slot, person in zip(slots, seated, strict=True))
        for seated in permutations(people, len(slots))
    )


def counts(actor: Actor, wanted: frozenset[GroupName], *, requester: Person, self_approval: bool) -> bool:
    """Whether this person's vote counts: a full member surely, in a wanted group surely, and not the requester
    unless that is allowed."""
    surely_plain = all(
        flag is False for flag in (actor.is_guest, actor.is_bot, actor.is_deactivated, actor.is_foreign)
    )
    in_a_group = any(name in wanted for name in actor.groups)
    return surely_plain and in_a_group and (self_approval or actor.person != requester)


def may_break_glass(
    glass: BreakGlass | None, actor: Actor, outcome: Outcome, reason: str, pairs: int
) -> bool:
    """Whether they may go ahead without approvals: named for it, surely a full member, few pairs, a long reason, and
    only in place of approvals."""
    if glass is None or outcome is not Outcome.NEEDS_APPROVALS:
        return False
    named = counts(actor, glass.by, requester=actor.person, self_approval=True)
    return named and pairs <= glass.max_pairs and len(reason.strip()) >= glass.min_reason
