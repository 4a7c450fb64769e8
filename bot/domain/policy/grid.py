"""A bounded set of asks, made of the rules of one or two policies, that shows how they judge: for every rule a case in
which it takes part, and everything that lies one step beside it. What it does not show may still exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from bot.domain.model import Action, Actor, ImageFacts, ImageId, Person, ProjectFacts, ProjectId
from bot.domain.policy.clauses import Clause, all_hold, value_in_words
from bot.domain.policy.facts import Ask, Reading
from bot.domain.policy.permits import read_permit
from bot.domain.policy.probes import ORDINARY, Values, dimension, probe
from bot.domain.policy.rules import Effect, Policy, Rule
from bot.domain.policy.spans import span_in_words

MAX_CASES = 4000
_OTHER_PROJECT = "f" * 24


@dataclass(frozen=True, kw_only=True)
class Case:
    """One ask that is tried."""

    ask: Ask
    words: str
    """What is out of the ordinary about it, such as "by somebody in engineers, image.encrypted unknown"."""


class Grid:
    """What is worth trying for some policies: the one in force, or an old and a new one."""

    def __init__(self, *policies: Policy) -> None:
        self._policies = policies
        self._values: Values = probe(policies)
        self._projects = {p.id: p for policy in reversed(policies) for p in policy.projects}
        self.alike = self._alike()
        """Projects that no rule tells apart, by id of the first of them."""

    def cases(self, most: int = MAX_CASES) -> Iterator[Case]:
        """At most `most` distinct cases: first one for each rule and project, then their neighbours, then mixtures."""
        seen: set[tuple[Any, ...]] = set()
        for values in self._assignments():
            key = tuple(
                sorted((name, repr(value)) for name, value in values.items() if value != ORDINARY.get(name))
            )
            if key in seen:
                continue
            seen.add(key)
            yield self._case(values)
            if len(seen) >= most:
                return

    def around(self, rule: Rule) -> Iterator[Case]:
        """Cases in which this rule takes part, alone and together with each permit; then all their neighbours."""
        permits = [r for policy in self._policies for r in policy.rules if r.effect is Effect.PERMIT]
        seeds: list[dict[str, Any]] = []
        for project in self.alike:
            for action in sorted(rule.actions):
                if self.solve([rule], project, action) is None:
                    continue
                for rules in ([rule], *([rule, other] for other in permits if other is not rule)):
                    seed = self.solve(rules, project, action)
                    if seed is not None:
                        seeds.append(seed)
                        yield self._case(seed)
        for seed in seeds:
            yield from (self._case(values) for values in self._star(seed))

    def together(self, one: Rule, other: Rule) -> Iterator[Case]:
        """A case in which both apply, for each kind of project where there is one."""
        for project in self.alike:
            for action in sorted(one.actions & other.actions):
                seed = self.solve([one, other], project, action)
                if seed is not None:
                    yield self._case(seed)

    def solve(self, rules: Sequence[Rule], project: ProjectId, action: Action) -> dict[str, Any] | None:
        """Values with which all the rules apply; None when there are none, or none was found."""
        if any(action not in rule.actions for rule in rules):
            return None
        values: dict[str, Any] = {"project": project, "action": action}
        wanted: dict[str, list[Clause]] = {}
        for rule in rules:
            for clause in rule.when:
                wanted.setdefault(dimension(clause.fact), []).append(clause)
        # The project first: it is given, so a rule that is not about it is out at once.
        for name, clauses in sorted(wanted.items(), key=lambda entry: entry[0] != "project"):
            if not self._settle(values, name, tuple(clauses)):
                return None
        for rule in rules:
            for exception in rule.unless:
                if all_hold(exception, self._reading(values)) is not False:
                    self._avoid(values, exception, wanted)
            if rule.reason is not None:
                accepted = (text for text in self._values["request.reason"] if rule.reason.accepts(text))
                values["request.reason"] = next(accepted, "")
        reading = self._reading(values)
        applies = (
            read_permit(rule, reading).open if rule.effect is Effect.PERMIT else rule.applies(reading)
            for rule in rules
        )
        return values if all(applies) else None

    # -- assignments ---------------------------------------------------------------------------

    def _settle(self, values: dict[str, Any], name: str, clauses: tuple[Clause, ...]) -> bool:
        if name == "project":
            return bool(all_hold(clauses, self._reading(values)))
        for value in self._values[name]:
            if all_hold(clauses, self._reading(values | {name: value})):
                values[name] = value
                return True
        return False

    def _avoid(
        self, values: dict[str, Any], exception: tuple[Clause, ...], wanted: Mapping[str, list[Clause]]
    ) -> None:
        for name in dict.fromkeys(dimension(clause.fact) for clause in exception):
            for value in self._values.get(name, ()):
                tried = values | {name: value}
                reading = self._reading(tried)
                if all_hold(exception, reading) is False and all_hold(tuple(wanted.get(name, ())), reading):
                    values[name] = value
                    return

    def _assignments(self) -> Iterator[dict[str, Any]]:
        seeds: list[dict[str, Any]] = []
        for rules in self._combinations():
            for project in self.alike:
                for action in self._values["action"]:
                    seed = self.solve(rules, project, action)
                    if seed is not None:
                        seeds.append(seed)
                        yield seed
        yield from (
            {"project": project, "action": action}
            for project in self.alike
            for action in self._values["action"]
        )
        for seed in seeds:
            yield from self._star(seed)
        yield from self._mixtures()

    def _combinations(self) -> Iterator[list[Rule]]:
        for policy in self._policies:
            permits = [rule for rule in policy.rules if rule.effect is Effect.PERMIT]
            yield from ([rule] for rule in permits)
            yield from ([permit, rule] for rule in policy.rules for permit in permits if rule != permit)

    def _star(self, seed: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The seed, and all that differ from it in one thing."""
        yield seed
        for name, values in self._values.items():
            if name != "action":
                yield from (seed | {name: value} for value in values)

    def _mixtures(self) -> Iterator[dict[str, Any]]:
        """The whole product, in strides, so that its beginning is as mixed as its end."""
        names = ["project", *self._values]
        choices: list[Sequence[Any]] = [tuple(self.alike), *self._values.values()]
        total = 1
        for values in choices:
            total *= len(values)
        if total <= MAX_CASES:
            yield from (dict(zip(names, chosen, strict=True)) for chosen in product(*choices))
            return
        stride = total * 382 // 1000 | 1
        for step in range(MAX_CASES):
            index, chosen = step * stride % total, {}
            for name, values in zip(names, choices, strict=True):
                index, at = divmod(index, len(values))
                chosen[name] = values[at]
            yield chosen

    # -- asks ----------------------------------------------------------------------------------

    def _alike(self) -> dict[ProjectId, tuple[ProjectFacts, ...]]:
        clauses = [
            clause
            for policy in self._policies
            for rule in policy.rules
            for part in (rule.when, *rule.unless)
            for clause in part
            if clause.fact.startswith("project.")
        ]
        groups: dict[tuple[Any, ...], list[ProjectFacts]] = {}
        for project in self._projects.values():
            mark: list[Any] = []
            for policy in self._policies:
                there = policy.project(project.id)
                reading = Reading(self._ask({"project": project.id}, there or project), policy.zone)
                mark += [there is not None, *(clause.holds(reading) for clause in clauses)]
            groups.setdefault(tuple(mark), []).append(project)
        return {projects[0].id: tuple(projects) for projects in groups.values()}

    def _reading(self, values: Mapping[str, Any]) -> Reading:
        return Reading(self._ask(values), self._policies[-1].zone)

    def _ask(self, values: Mapping[str, Any], project: ProjectFacts | None = None) -> Ask:
        get = {**ORDINARY, **values}
        return Ask(
            action=get["action"],
            requester=_requester(get),
            image=_image(get),
            project=project or self._projects[get["project"]],
            pairs=max(get["request.pairs"], get["request.images"], get["request.projects"]),
            images=get["request.images"],
            projects=get["request.projects"],
            duration=get["request.duration_days"],
            reason=get["request.reason"],
            channel=get["request.channel"],
            at=get["at"],
        )

    def _case(self, values: Mapping[str, Any]) -> Case:
        odd = (
            _in_words(name, value)
            for name, value in sorted(values.items(), reverse=True)
            if name not in ("project", "action") and value != ORDINARY[name]
        )
        return Case(
            ask=self._ask(values), words=", ".join(odd) or "an ordinary image, asked by somebody in no group"
        )


def _requester(get: Mapping[str, Any]) -> Actor:
    groups, unknown = get["requester.groups"]
    return Actor(
        person=Person("T0SOMEBODY", get["requester.id"]),
        groups=groups,
        unknown_groups=unknown,
        is_guest=get["requester.is_guest"],
        is_bot=False,
        is_deactivated=False,
        is_foreign=False,
    )


def _image(get: Mapping[str, Any]) -> ImageFacts:
    age, shared = get["image.age_days"], get["image.shared_count"]
    return ImageFacts(
        id=ImageId(get["image.id"]), name=get["image.name"], kind=get["image.kind"], encrypted=get["image.encrypted"],
        windows=get["image.windows"], os=get["image.os"], owner=get["image.owner"], owned=get["image.owned"],
        size_gb=get["image.size_gb"], tags=get["image.tags"], status="active", public=False, marketplace=False,
        created_at=None if age is None else get["at"] - timedelta(days=age),
        shared_with=None if shared is None else frozenset(ProjectId(f"{_OTHER_PROJECT}{n:08x}") for n in range(shared)),
    )  # fmt: skip


def _in_words(name: str, value: Any) -> str:
    if name == "requester.groups":
        known, unknown = value
        if unknown:
            return f"by somebody of whom nobody knows whether they are in {', '.join(sorted(unknown))}"
        return f"by somebody in {' and '.join(sorted(known))}"
    if isinstance(value, timedelta):
        return f"for {span_in_words(value)}"
    if isinstance(value, datetime):
        return f"on {value:%a %H:%M} {value.tzname()}"
    if isinstance(value, frozenset):
        return f"{name} {', '.join(sorted(value))}"
    if name == "request.reason":
        return f'because "{value_in_words(value)}"'
    return f"{name} {value_in_words(value) or 'unknown'}"
