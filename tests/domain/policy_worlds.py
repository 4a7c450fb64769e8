"""Made-up worlds: a policy, an ask and some voters, drawn from a few values each, so that rules often speak of
what is asked. One generator serves both the seeded volume and hypothesis, which hands in a `Random` it can shrink.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st

from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    Actor,
    AllOf,
    AnyOf,
    GroupName,
    ImageFacts,
    ImageId,
    ImageKind,
    Need,
    Person,
    ProjectFacts,
    ProjectId,
    Requirement,
)
from bot.domain.policy import (
    Ask,
    Clause,
    Defaults,
    Effect,
    Mode,
    Operator,
    Policy,
    PolicyLimits,
    ReasonRule,
    Rule,
    ShareFor,
    Vote,
)

GROUPS = tuple(GroupName(name) for name in ("engineers", "leads", "security", "owners"))
HOME = "T0HOME"
REQUESTER = Person(HOME, "U0REQUESTER")
OWNER, DEV, PROD = (ProjectId(digit * 32) for digit in "5ab")
TOO_LONG = "base-" + "x" * 300
AT = (
    datetime(2026, 3, 4, 12, tzinfo=UTC),
    datetime(2026, 3, 7, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 2, 0, tzinfo=UTC),
)
"""A Wednesday's noon, a Saturday's last half hour, a Monday's first moment."""
MADE = (datetime(2026, 2, 22, 12, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))
SLOW_SEED = 1_000_000
"""Seeds of the volume begin here; the fast run uses others."""
UNKNOWN_ONE_IN = 14
"""How rarely a fact is unknown."""

IMAGE_VALUES: dict[str, tuple[Any, ...]] = {
    "name": ("base-ubuntu", "base-x", "other", TOO_LONG),
    "kind": tuple(ImageKind),
    "encrypted": (True, False),
    "windows": (True, False),
    "os": ("Ubuntu 24.04 server 64bit", "Windows Server 2022"),
    "status": ("active",) * 24 + ("queued",),
    "owner": (OWNER,) * 24 + (PROD,),
    "owned": (True,) * 24 + (False,),
    "public": (False,) * 24 + (True,),
    "marketplace": (False,) * 24 + (True,),
    "size_gb": (1.0, 40.0, 500.0),
    "created_at": MADE,
    "shared_with": (frozenset(), frozenset({DEV}), frozenset({DEV, PROD})),
}
"""What each fact of an image can be when it is known."""
UNKNOWN_IMAGE: dict[str, Any] = {name: "" if name == "name" else None for name in IMAGE_VALUES}
GUARDS_WITHOUT_A_HOLD = ("owner",)
"""Facts of the cloud's own refusals that need not be known: see docs/policy-meaning.md."""
PROJECTS = (
    ProjectFacts(id=DEV, name="shop-dev", env="dev", tenant="self", labels={"tier": "gold"}),
    ProjectFacts(id=PROD, name="shop-prod", env="prod", tenant="self", labels={"tier": ""}),
    ProjectFacts(id=ProjectId("c" * 32), name="acme-lab", tenant="acme"),
)
TEXTS: dict[str, tuple[str, ...]] = {
    "requester.id": (REQUESTER.user, "U0OTHER"),
    "image.id": ("i1", "i2"),
    "image.name": ("base-ubuntu", "base-x", "other"),
    "image.kind": ("system", "data", "full-ecs"),
    "image.os": ("Ubuntu 24.04 server 64bit", "Windows Server 2022"),
    "image.owner": (OWNER, PROD),
    "project.id": (DEV, PROD),
    "project.name": ("shop-dev", "shop-prod", "acme-lab"),
    "project.env": ("dev", "prod"),
    "project.tenant": ("self", "acme"),
    "project.labels.tier": ("gold", "silver"),
    "request.reason": ("CHG-1", "please"),
    "request.channel": ("C1", "C2"),
    "request.weekday": ("wed", "sat", "sun", "mon"),
}
NUMBERS: dict[str, tuple[float, ...]] = {
    "image.size_gb": (1, 40, 100),
    "image.age_days": (10, 30, 365),
    "image.shared_count": (0, 1, 2),
    "request.pairs": (1, 4, 10),
    "request.images": (1, 2),
    "request.projects": (1, 2),
    "request.duration_days": (1, 7, 30),
    "request.hour": (0, 8, 12, 18),
}
FLAGS = ("image.encrypted", "image.windows", "image.owned", "requester.is_guest")
SETS: dict[str, tuple[str, ...]] = {"requester.groups": GROUPS, "image.tags": ("hardened", "reviewed")}
GLOBS = ("base-*", "*x*", "?????-*", "[bo]*", "*")
REGEXES = ("^base-", "u", "^(CHG|INC)-[0-9]+", "(?i)^S", "^$")
SPANS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
O = Operator  # noqa: E741


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything one verdict and the votes under it depend on."""

    policy: Policy
    ask: Ask
    votes: tuple[Vote, ...]


def world(chance: Random) -> World:
    return World(policy=a_policy(chance), ask=an_ask(chance), votes=some_votes(chance))


def worlds_of(first_seed: int, count: int) -> Iterator[tuple[int, World]]:
    """`count` worlds, each with the seed that makes it again."""
    for seed in range(first_seed, first_seed + count):
        yield seed, world(Random(seed))


def drawn(make: Any) -> st.SearchStrategy[Any]:
    """A strategy of what `make` makes of chance."""
    return st.randoms(use_true_random=False).map(make)


def shards(fast: int, slow: int, count: int = 1) -> pytest.MarkDecorator:
    """The test takes (first seed, how many): `count` shards in every run, eight larger ones when there is time."""
    every = [pytest.param(shard * fast, fast, id=f"fast{shard}") for shard in range(count)]
    volume = [
        pytest.param(SLOW_SEED + shard * slow, slow, id=f"slow{shard}", marks=pytest.mark.slow)
        for shard in range(8)
    ]
    return pytest.mark.parametrize(("first", "count"), every + volume)


def some_of(votes: Sequence[Vote]) -> Iterator[tuple[Vote, ...]]:
    """Every subset of the votes."""
    for size in range(len(votes) + 1):
        yield from combinations(votes, size)


# -- the ask -----------------------------------------------------------------------------------


def an_ask(chance: Random) -> Ask:
    names = [name for name in GROUPS if chance.random() < 0.5]
    unread = [name for name in GROUPS if chance.random() < 0.08]
    requester = Actor(
        person=REQUESTER,
        groups=frozenset(names),
        unknown_groups=frozenset(unread) - frozenset(names),
        is_guest=chance.choice((False, False, False, True, None)),
    )
    return Ask(
        action=chance.choice((Action.SHARE,) * 5 + (Action.UNSHARE,)),
        requester=requester,
        image=an_image(chance),
        project=chance.choice(PROJECTS),
        pairs=chance.choice((1, 4, 10)),
        images=chance.choice((1, 2)),
        projects=chance.choice((1, 2, 5)),
        duration=chance.choice((None, None, *SPANS)),
        reason=chance.choice(("CHG-1", "INC-22 please", "please", "")),
        channel=chance.choice(("C1", "C2", "")),
        at=chance.choice((*AT, *AT, None)),
    )


def an_image(chance: Random) -> ImageFacts:
    values = {
        name: UNKNOWN_IMAGE[name] if chance.randrange(UNKNOWN_ONE_IN) == 0 else chance.choice(known)
        for name, known in IMAGE_VALUES.items()
    }
    tags = frozenset(tag for tag in SETS["image.tags"] if chance.random() < 0.5)
    return ImageFacts(id=ImageId(chance.choice(("i1", "i2"))), tags=tags, **values)


def completions(ask: Ask) -> Iterator[Ask]:
    """The ask with every unknown fact that a rule can ask about made known, in every way. The facts of the cloud's
    own refusals that need not be known stay as they are."""
    image = [
        [(name, value) for value in sorted(set(values), key=repr)]
        for name, values in IMAGE_VALUES.items()
        if getattr(ask.image, name) == UNKNOWN_IMAGE[name] and name not in GUARDS_WITHOUT_A_HOLD
    ]
    unread = sorted(ask.requester.unknown_groups)
    guest = (True, False) if ask.requester.is_guest is None else (ask.requester.is_guest,)
    moments = AT[:2] if ask.at is None else (ask.at,)
    for facts, members, is_guest, at in product(
        product(*image), product((True, False), repeat=len(unread)), guest, moments
    ):
        joined = {name for name, member in zip(unread, members, strict=True) if member}
        known = replace(
            ask.requester,
            groups=ask.requester.groups | joined,
            unknown_groups=frozenset(),
            is_guest=is_guest,
        )
        yield replace(ask, image=replace(ask.image, **dict(facts)), requester=known, at=at)


def forget(chance: Random, ask: Ask) -> Ask:
    """The ask with some known facts made unknown; those of the cloud's own refusals that need not be known stay."""
    lost = [name for name in IMAGE_VALUES if name not in GUARDS_WITHOUT_A_HOLD and chance.random() < 0.15]
    image = replace(ask.image, **{name: UNKNOWN_IMAGE[name] for name in lost})
    unread = frozenset(name for name in GROUPS if chance.random() < 0.2)
    requester = replace(
        ask.requester,
        groups=ask.requester.groups - unread,
        unknown_groups=ask.requester.unknown_groups | unread,
        is_guest=None if chance.random() < 0.2 else ask.requester.is_guest,
    )
    return replace(ask, image=image, requester=requester, at=None if chance.random() < 0.1 else ask.at)


def is_known(ask: Ask) -> bool:
    """Whether nothing about it is unknown."""
    image_known = all(getattr(ask.image, name) != UNKNOWN_IMAGE[name] for name in IMAGE_VALUES)
    return (
        image_known
        and not ask.requester.unknown_groups
        and ask.requester.is_guest is not None
        and ask.at is not None
        and ask.image.name != TOO_LONG
    )


# -- the policy --------------------------------------------------------------------------------


def a_policy(chance: Random) -> Policy:
    effects = (Effect.PERMIT,) * 5 + (Effect.REQUIRE,) * 3 + (Effect.FORBID,)
    rules = tuple(a_rule(chance, f"r{number}", effects) for number in range(chance.randint(1, 6)))
    zone = chance.choice(("UTC", "Europe/Berlin", "America/New_York"))
    return replace(policy_of(rules, zone), limits=some_limits(chance))


def some_limits(chance: Random) -> PolicyLimits:
    """Usually none, as in most files."""
    return PolicyLimits(
        max_images=1 if chance.random() < 0.05 else None,
        max_projects=2 if chance.random() < 0.05 else None,
        max_duration=chance.choice(SPANS) if chance.random() < 0.15 else None,
    )


def policy_of(rules: tuple[Rule, ...], zone: str = "UTC") -> Policy:
    return Policy(rules=rules, projects=PROJECTS, defaults=Defaults(time_zone=zone))


def a_rule(chance: Random, id: str, effects: tuple[Effect, ...] = tuple(Effect)) -> Rule:
    effect = chance.choice(effects)
    least = 1 if effect is Effect.FORBID else 0
    asks = effect is not Effect.FORBID
    return Rule(
        id=id,
        effect=effect,
        actions=frozenset(
            chance.choice(((Action.SHARE,),) * 3 + ((Action.UNSHARE,), tuple(Action), tuple(Action)))
        ),
        when=conditions(chance, least, chance.choice((1, 1, 2))),
        unless=tuple(conditions(chance, 1, 2) for _ in range(chance.choice((0, 0, 0, 0, 1, 2)))),
        requirement=a_requirement(chance) if asks and chance.random() < 0.75 else NO_REQUIREMENT,
        reason=ReasonRule(pattern="^(CHG|INC)-[0-9]+", hint="a number")
        if asks and chance.random() < 0.15
        else None,
        share_for=a_limit(chance) if effect is Effect.PERMIT and chance.random() < 0.3 else None,
        self_approval=asks and chance.random() < 0.5,
        mode=Mode.WARN if chance.random() < 0.1 else Mode.ENFORCE,
    )


def a_limit(chance: Random) -> ShareFor:
    default, most = sorted((chance.choice(SPANS), chance.choice(SPANS)))
    return ShareFor(max=most, default=default)


def a_requirement(chance: Random, depth: int = 2) -> Requirement:
    """A need, or all or any of two or three, at most two deep."""
    kind = chance.random()
    if depth == 0 or kind < 0.55:
        names = chance.sample(GROUPS[:3], chance.choice((1, 1, 2)))
        return Need(count=chance.choice((1, 1, 2, 3)), groups=frozenset(names))
    items = tuple(a_requirement(chance, depth - 1) for _ in range(chance.choice((2, 2, 3))))
    return AllOf(items=items) if kind < 0.8 else AnyOf(items=items)


def conditions(chance: Random, least: int, most: int) -> tuple[Clause, ...]:
    return tuple(a_clause(chance) for _ in range(chance.randint(least, most)))


def a_clause(chance: Random) -> Clause:
    kind = chance.choice(
        ("groups", "groups", "set", "flag", "flag", "text", "text", "text", "number", "exists")
    )
    if kind in ("groups", "set"):
        fact = "requester.groups" if kind == "groups" else "image.tags"
        wanted = tuple(name for name in SETS[fact] if chance.random() < 0.5) or SETS[fact][:1]
        return Clause(fact=fact, operator=chance.choice((O.ANY, O.ANY, O.ALL, O.NONE)), wanted=wanted)
    if kind == "flag":
        fact = chance.choice(FLAGS)
        return Clause(fact=fact, operator=chance.choice((O.EQ, O.NE)), wanted=chance.random() < 0.5)
    if kind == "text":
        return a_text_clause(chance, chance.choice(tuple(TEXTS)))
    if kind == "number":
        return a_number_clause(chance, chance.choice(tuple(NUMBERS)))
    fact = chance.choice((*TEXTS, *NUMBERS, *FLAGS, *SETS))
    return Clause(fact=fact, operator=O.EXISTS, wanted=chance.random() < 0.5)


def a_text_clause(chance: Random, fact: str) -> Clause:
    operator = chance.choice((O.EQ, O.NE, O.IN, O.NOT_IN, O.GLOB, O.REGEX))
    values = TEXTS[fact]
    wanted: str | tuple[str, ...] = chance.choice(values)
    if operator in (O.IN, O.NOT_IN):
        wanted = tuple(value for value in values if chance.random() < 0.6) or values[:1]
    elif operator is O.GLOB:
        wanted = chance.choice(GLOBS)
    elif operator is O.REGEX:
        wanted = chance.choice(REGEXES)
    return Clause(fact=fact, operator=operator, wanted=wanted)


def a_number_clause(chance: Random, fact: str) -> Clause:
    operator = chance.choice((O.EQ, O.NE, O.IN, O.NOT_IN, O.LT, O.LE, O.GT, O.GE))
    values = NUMBERS[fact]
    wanted: float | tuple[float, ...] = chance.choice(values)
    if operator in (O.IN, O.NOT_IN):
        wanted = tuple(value for value in values if chance.random() < 0.6) or values[:1]
    return Clause(fact=fact, operator=operator, wanted=wanted)


# -- the people --------------------------------------------------------------------------------


def some_votes(chance: Random, people: int = 5) -> tuple[Vote, ...]:
    """Of up to `people` people, one of whom may vote twice with other groups."""
    votes = [a_vote(chance, f"U{number}") for number in range(chance.randint(1, people))]
    if chance.random() < 0.2:
        votes.append(a_vote(chance, "U0"))
    return tuple(votes)


def a_vote(chance: Random, user: str) -> Vote:
    names = frozenset(name for name in GROUPS[:3] if chance.random() < 0.5)
    return Vote(person=Person(HOME, user), groups=names)


def _actors() -> Iterator[Actor]:
    """Somebody of every mix of flags (true, false, unknown), sure of leads, unsure of security, or in neither."""
    for flags in product((True, False, None), repeat=4):
        named = dict(zip(("is_guest", "is_bot", "is_deactivated", "is_foreign"), flags, strict=True))
        for known, unread in ((("leads",), ()), ((), ("security",)), ((), ())):
            for person in (REQUESTER, Person(HOME, "U0OTHER"), Person("T0AWAY", REQUESTER.user)):
                yield Actor(
                    person=person,
                    groups=frozenset(GroupName(name) for name in known),
                    unknown_groups=frozenset(GroupName(name) for name in unread),
                    **named,
                )


ACTORS = tuple(_actors())
"""Everybody one can think of."""
