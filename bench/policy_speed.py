"""What it costs to judge a large request: 1,200 pairs by a policy of 100 rules, against a bare Python loop that asks
the same predicates of the same pairs in the same run, and knows neither unknown facts, nor requirements, nor words."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import translate
from re import compile as compiled
from typing import Any

from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    Actor,
    GroupName,
    ImageFacts,
    ImageId,
    ImageKind,
    Need,
    Person,
    ProjectFacts,
    ProjectId,
)  # fmt: skip
from bot.domain.policy import Ask, Clause, Effect, Operator, Policy, Rule, judge

IMAGES, PROJECTS, RULES = 30, 40, 100
ENVS = ("dev", "test", "stage", "prod")
GROUPS = tuple(GroupName(name) for name in ("engineers", "leads", "security", "owners", "data"))
MINE = frozenset(GROUPS[:2])
MOST, MOST_REFUSED = 18, 25
"""Times the loop's time: three truth values and words for people are not for nothing, but they have a price limit."""
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
Holds = Callable[[ImageFacts, ProjectFacts], bool]


@dataclass(frozen=True, kw_only=True)
class Both:
    """A rule, and the same as one Python function."""

    rule: Rule
    holds: Holds


def clauses(*asked: tuple[str, Operator, Any]) -> tuple[Clause, ...]:
    return tuple(Clause(fact=fact, operator=operator, wanted=wanted) for fact, operator, wanted in asked)


def a_forbid(number: int) -> Both:
    team = f"team{number % 20}"
    when = clauses(("project.labels.team", Operator.EQ, team), ("image.encrypted", Operator.EQ, True))
    return Both(
        rule=Rule(id=f"r{number:03}", effect=Effect.FORBID, when=when),
        holds=lambda image, project: project.labels.get("team") == team and image.encrypted is True,
    )


def a_permit(number: int) -> Both:
    group, env, glob = GROUPS[number // 5 % 5], ENVS[number // 5 % 4], f"base-{number % 3}*"
    looks_like = compiled(translate(glob)).match
    when = clauses(
        ("requester.groups", Operator.ANY, (group,)),
        ("project.env", Operator.IN, (env,)),
        ("image.name", Operator.GLOB, glob),
    )
    requirement = NO_REQUIREMENT if env == "dev" else Need(count=1, groups=frozenset({GROUPS[number % 3]}))
    return Both(
        rule=Rule(id=f"r{number:03}", effect=Effect.PERMIT, when=when, requirement=requirement),
        holds=lambda image, project: (
            not MINE.isdisjoint((group,)) and project.env in (env,) and looks_like(image.name) is not None
        ),
    )


def a_require(number: int) -> Both:
    size, env = 10 * (number % 30), ENVS[number % 4]
    when = clauses(("image.size_gb", Operator.GE, size), ("image.kind", Operator.EQ, "data"))
    unless = (clauses(("project.env", Operator.EQ, env)),)
    need = Need(count=1 + number % 2, groups=frozenset({GROUPS[number % 4]}))
    return Both(
        rule=Rule(id=f"r{number:03}", effect=Effect.REQUIRE, when=when, unless=unless, requirement=need),
        holds=lambda image, project: (
            (image.size_gb or 0) >= size and image.kind == "data" and project.env != env
        ),
    )


def hundred_rules() -> tuple[Both, ...]:
    """A fifth forbids, a fifth requires, the rest permits."""
    make = (a_forbid, a_permit, a_permit, a_require, a_permit)
    return tuple(make[number % 5](number) for number in range(RULES))


def pairs(kind: str) -> tuple[tuple[ImageFacts, ProjectFacts], ...]:
    images = [
        ImageFacts(
            id=ImageId(f"i{number}"), name=f"{kind}-{number % 3}-ubuntu", kind=ImageKind.DATA if number % 3 else ImageKind.SYSTEM,
            encrypted=number % 10 == 0, status="active", owned=True, public=False, marketplace=False, size_gb=10.0 * number,
        )
        for number in range(IMAGES)
    ]  # fmt: skip
    projects = [
        ProjectFacts(
            id=ProjectId(f"p{number}"),
            name=f"shop-{number}",
            env=ENVS[number % 4],
            labels={"team": f"team{number % 25}"},
        )
        for number in range(PROJECTS)
    ]
    return tuple((image, project) for image in images for project in projects)


def bare(rules: Sequence[Both], image: ImageFacts, project: ProjectFacts) -> tuple[str, ...]:
    """Ids of the rules that decide; empty when nothing permits."""
    forbid, opens, takes_part = [], False, []
    for both in rules:
        if both.holds(image, project):
            takes_part.append(both.rule.id)
            if both.rule.effect is Effect.FORBID:
                forbid.append(both.rule.id)
            opens = opens or both.rule.effect is Effect.PERMIT
    return tuple(forbid) or (tuple(takes_part) if opens else ())


def asks(of: Sequence[tuple[ImageFacts, ProjectFacts]]) -> tuple[Ask, ...]:
    """Each pair as it is asked; making them is not measured."""
    requester = Actor(
        person=Person("T1", "U1"),
        groups=MINE,
        is_guest=False,
        is_bot=False,
        is_deactivated=False,
        is_foreign=False,
    )
    return tuple(
        Ask(
            action=Action.SHARE, requester=requester, image=image, project=project, pairs=len(of), images=IMAGES,
            projects=PROJECTS, at=AT,
        )
        for image, project in of
    )  # fmt: skip


def measured(kind: str, rounds: int) -> tuple[float, float]:
    """Pairs a second of CPU, the loop's and ours: medians over `rounds`, taken in turns."""
    rules, all_pairs = hundred_rules(), pairs(kind)
    policy, all_asks = Policy(rules=tuple(both.rule for both in rules)), asks(all_pairs)
    for ask, (image, project) in zip(all_asks, all_pairs, strict=True):
        if judge(policy, ask).rules != bare(rules, image, project):
            raise AssertionError("the engine and the loop do not agree")
    floors, owns = [], []
    for _ in range(max(rounds, 1)):
        begun = time.process_time()
        for image, project in all_pairs:
            bare(rules, image, project)
        turned = time.process_time()
        for ask in all_asks:
            judge(policy, ask)
        floors.append(turned - begun)
        owns.append(time.process_time() - turned)
    return len(all_pairs) / statistics.median(floors), len(all_pairs) / statistics.median(owns)


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Two rows: a request most of whose pairs are permitted, and one that nothing permits, where the nearest permit
    has to be found and put into words for every pair."""
    rows = []
    for kind, words, most in (("base", "mostly permitted", MOST), ("other", "all refused", MOST_REFUSED)):
        floor, own = measured(kind, rounds)
        rows.append(
            {
                "goal": "policy",
                "what": f"{IMAGES * PROJECTS} pairs by {RULES} rules, {words}: pairs a second of CPU, against a bare loop",
                "floor": round(floor),
                "ours": round(own),
                "ratio": round(floor / own, 2),
                "goal_text": f"<= {most} x the loop's time",
                "ok": floor <= most * own,
            }
        )
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
