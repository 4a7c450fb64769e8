"""The values worth trying for each thing an ask is made of: those the rules name, those just beside them, and unknown.
Nothing of the real world: no image, no person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from bot.domain.model import Action, GroupName, ImageKind
from bot.domain.policy.clauses import Clause, Operator
from bot.domain.policy.facts import FACTS, WEEKDAYS, FactType
from bot.domain.policy.rules import Policy, Rule
from bot.domain.policy.samples import glob_sample, regex_sample

Values = dict[str, tuple[Any, ...]]
"""What to try, by the name of a fact; besides these "action", "project" (an id) and "at" (a moment)."""

ORDINARY: dict[str, Any] = {
    "requester.groups": (frozenset(), frozenset()),
    "requester.id": "U0SOMEBODY",
    "requester.is_guest": False,
    "image.id": "00000000-0000-4000-8000-000000000001",
    "image.name": "some-image",
    "image.kind": ImageKind.SYSTEM,
    "image.encrypted": False,
    "image.windows": False,
    "image.os": "Some Linux 64bit",
    "image.size_gb": 40,
    "image.tags": frozenset(),
    "image.owner": "0" * 31 + "1",
    "image.owned": True,
    "image.age_days": 1,
    "image.shared_count": 0,
    "request.pairs": 1,
    "request.images": 1,
    "request.projects": 1,
    "request.duration_days": None,
    "request.reason": "",
    "request.channel": "C0SOMEWHERE",
    "at": datetime(2025, 1, 1, 12, tzinfo=UTC),
    "action": Action.SHARE,
}
"""What holds where nothing else is tried. Groups are (in, unknown); a duration is a length of time."""
MAX_GROUP_SETS = 60
_COUNTED = frozenset({"image.shared_count", "request.pairs", "request.images", "request.projects"})
_MONDAY = datetime(2025, 1, 6, tzinfo=UTC)


def clauses_of(rule: Rule) -> tuple[Clause, ...]:
    """All of them, those of its exceptions too."""
    return (*rule.when, *(clause for exception in rule.unless for clause in exception))


def dimension(fact: str) -> str:
    """What has to be varied to vary this fact."""
    if fact.startswith("project."):
        return "project"
    return "at" if fact in ("request.hour", "request.weekday") else fact


def probe(policies: Sequence[Policy]) -> Values:
    """The values worth trying for what these policies ask about, the ordinary one first. Projects are not among them."""
    rules = [rule for policy in policies for rule in policy.rules]
    by_fact: dict[str, list[Clause]] = {}
    for rule in rules:
        for clause in clauses_of(rule):
            by_fact.setdefault(clause.fact, []).append(clause)
    values: Values = {"action": tuple(action for action in Action if any(action in r.actions for r in rules))}
    for fact, clauses in sorted(by_fact.items()):
        if dimension(fact) == fact:
            values[fact] = _distinct([ORDINARY[fact], *_worth_trying(fact, clauses)])
    if moments := list(_moments(policies, by_fact)):
        values["at"] = _distinct([ORDINARY["at"], *moments])
    reasons = [regex_sample(rule.reason.pattern) for rule in rules if rule.reason]
    if reasons:
        known = values.get("request.reason", ("",))
        values["request.reason"] = _distinct([*known, "because", *(text for text in reasons if text)])
    _add_spans(values, policies)
    for word, most in (("images", "max_images"), ("projects", "max_projects")):
        limits = [limit for policy in policies if (limit := getattr(policy.limits, most)) is not None]
        if limits:
            known = values.get(f"request.{word}", (1,))
            values[f"request.{word}"] = _distinct([*known, *(n + more for n in limits for more in (0, 1))])
    return values


def _add_spans(values: Values, policies: Sequence[Policy]) -> None:
    spans = [
        span
        for policy in policies
        for r in policy.rules
        if r.share_for
        for span in (r.share_for.max, r.share_for.default)
    ]
    spans += [policy.limits.max_duration for policy in policies if policy.limits.max_duration]
    if spans:
        known = values.get("request.duration_days", (None,))
        day = timedelta(days=1)
        values["request.duration_days"] = _distinct([*known, *spans, *(span + day for span in spans)])


def _distinct(values: Sequence[Any]) -> tuple[Any, ...]:
    """Without repetitions; True is not 1."""
    seen: dict[tuple[type, Any], Any] = {(type(value), value): value for value in reversed(values)}
    return tuple(reversed(seen.values()))


def _worth_trying(fact: str, clauses: list[Clause]) -> Iterator[Any]:
    if fact == "requester.groups":
        yield from _group_sets(clauses)
        return
    match FACTS[fact].type:
        case FactType.FLAG:
            yield from (True, False, None)
        case FactType.NUMBER:
            yield from _numbers(fact, clauses)
        case FactType.WORDS:
            yield from (frozenset(words) for words in _named(clauses))
            yield frozenset(word for words in _named(clauses) for word in words)
        case FactType.TEXT:
            yield from (ImageKind(word) if fact == "image.kind" else word for word in _texts(clauses))
            if fact == "image.kind":
                yield from ImageKind
            if fact.startswith("image.") and fact != "image.id":
                yield "" if fact == "image.name" else None


def _named(clauses: list[Clause]) -> list[tuple[str, ...]]:
    """The lists of words, each word alone, and each list whole."""
    lists = [clause.wanted for clause in clauses if isinstance(clause.wanted, tuple)]
    words = dict.fromkeys(str(word) for wanted in lists for word in wanted)
    return [(word,) for word in words] + [tuple(str(word) for word in wanted) for wanted in lists]


def _group_sets(clauses: list[Clause]) -> Iterator[tuple[frozenset[GroupName], frozenset[GroupName]]]:
    nobody: frozenset[GroupName] = frozenset()
    named = [frozenset(GroupName(word) for word in words) for words in _named(clauses)]
    singles = [words for words in dict.fromkeys(named) if len(words) == 1]
    yield from ((words, nobody) for words in named)
    yield from ((nobody, words) for words in singles)
    pairs = [one | other for one, other in combinations(singles, 2)]
    yield from ((words, nobody) for words in pairs[:MAX_GROUP_SETS])
    yield frozenset().union(*named), nobody


def _texts(clauses: list[Clause]) -> Iterator[str]:
    for clause in clauses:
        if clause.operator is Operator.GLOB:
            sample = glob_sample(str(clause.wanted))
        elif clause.operator is Operator.REGEX:
            sample = regex_sample(str(clause.wanted))
        elif isinstance(clause.wanted, tuple):
            yield from (str(word) for word in clause.wanted)
            continue
        else:
            sample = clause.wanted if isinstance(clause.wanted, str) else None
        if sample:
            yield sample


def _numbers(fact: str, clauses: list[Clause]) -> Iterator[Any]:
    named = [clause.wanted for clause in clauses if clause.operator is not Operator.EXISTS]
    flat = [n for wanted in named for n in (wanted if isinstance(wanted, tuple) else (wanted,))]
    least = 1 if fact.startswith("request.") else 0
    for number in dict.fromkeys(n for n in flat if isinstance(n, int | float)):
        for near in (number, number - 1, number + 1):
            if near < least:
                continue
            if fact == "request.duration_days":
                yield timedelta(days=near)
            else:
                yield int(near) if fact in _COUNTED else near
    if fact.startswith("image."):
        yield None


def _moments(policies: Sequence[Policy], by_fact: dict[str, list[Clause]]) -> Iterator[datetime]:
    """Each hour and each day of the week that is named, and those beside it, in the policies' time zones."""
    hours: set[int] = set()
    for near in _numbers("image.hour", by_fact.get("request.hour", [])):
        hours |= {int(near)} if near is not None and 0 <= near <= 23 else set()
    days = range(7) if "request.weekday" in by_fact else range(2, 3)
    if not hours and "request.weekday" not in by_fact:
        return
    for zone in dict.fromkeys(policy.zone for policy in policies):
        for day in days:
            for hour in sorted(hours or {12}):
                yield (_MONDAY + timedelta(days=day)).replace(hour=hour, tzinfo=zone)


assert tuple(WEEKDAYS)[_MONDAY.weekday()] == "mon"
