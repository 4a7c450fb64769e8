"""Strategies for requirements, votes, rules and asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    AllOf,
    AnyOf,
    ImageKind,
    Requirement,
)
from bot.domain.policy import (
    Ask,
    Clause,
    Effect,
    Operator,
    Policy,
    ReasonRule,
    Rule,
    ShareFor,
)
from tests.domain.policy_builders import IMAGE, actor, ask, need, policy, vote

NAMES = ("engineers", "leads", "security")
REGISTER = policy("").projects

needs = st.builds(
    lambda count, names: need(count, *names),
    st.integers(1, 3),
    st.sets(st.sampled_from(NAMES), min_size=1, max_size=2),
)
requirements: st.SearchStrategy[Requirement] = st.recursive(
    needs | st.just(NO_REQUIREMENT),
    lambda inner: (
        st.lists(inner, max_size=3)
        .map(tuple)
        .flatmap(lambda items: st.sampled_from((AllOf(items=items), AnyOf(items=items))))
    ),
    max_leaves=4,
)
votes = st.lists(
    st.builds(
        lambda user, names: vote(user, *names),
        st.sampled_from(("U1", "U2", "U3", "U4")),
        st.sets(st.sampled_from(NAMES)),
    ),
    max_size=4,
)
clauses = st.one_of(
    st.builds(
        lambda operator, names: Clause(
            fact="requester.groups", operator=operator, wanted=tuple(sorted(names))
        ),
        st.sampled_from((Operator.ANY, Operator.ALL, Operator.NONE)),
        st.sets(st.sampled_from(NAMES), min_size=1),
    ),
    st.builds(lambda on: Clause(fact="image.encrypted", operator=Operator.EQ, wanted=on), st.booleans()),
    st.builds(
        lambda to: Clause(fact="project.env", operator=Operator.EQ, wanted=to),
        st.sampled_from(("dev", "prod")),
    ),
    st.builds(
        lambda to: Clause(fact="image.name", operator=Operator.GLOB, wanted=to),
        st.sampled_from(("base-*", "*x")),
    ),
)
conditions = st.lists(clauses, max_size=3).map(tuple)


@st.composite
def rules(draw: st.DrawFn, effects: tuple[Effect, ...] = tuple(Effect)) -> tuple[Rule, ...]:
    """Some rules of these effects with ids of their own."""
    made = []
    for number in range(draw(st.integers(0, 5))):
        effect = draw(st.sampled_from(effects))
        made.append(
            Rule(
                id=f"r{number}{effect}",
                effect=effect,
                actions=frozenset(draw(st.sets(st.sampled_from(Action), min_size=1))),
                when=draw(conditions),
                unless=tuple(draw(st.lists(conditions.filter(bool), max_size=2))),
                requirement=NO_REQUIREMENT if effect is Effect.FORBID else draw(requirements),
                reason=draw(st.sampled_from((None, ReasonRule(pattern="^CHG", hint="start with CHG")))),
                share_for=draw(st.sampled_from((None, ShareFor(max=timedelta(9), default=timedelta(3))))),
                self_approval=draw(st.booleans()),
            )
        )
    return tuple(made)


images = st.builds(
    lambda encrypted, owned, name, kind: replace(
        IMAGE, encrypted=encrypted, owned=owned, name=name, kind=kind
    ),
    st.sampled_from((True, False, None)),
    st.sampled_from((True, True, False, None)),
    st.sampled_from(("base-x", "other", "")),
    st.sampled_from((None, *ImageKind)),
)


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    known = draw(st.sets(st.sampled_from(NAMES)))
    unknown = draw(st.sets(st.sampled_from(NAMES)))
    return ask(
        Policy(projects=REGISTER),
        draw(st.sampled_from(("shop-dev", "shop-prod", "acme-lab"))),
        by=actor(*known, unknown=tuple(unknown - known)),
        image=draw(images),
        action=draw(st.sampled_from(Action)),
        reason=draw(st.sampled_from(("", "CHG-1", "please"))),
        duration=draw(st.sampled_from((None, timedelta(1), timedelta(99)))),
    )


def policy_of(made: tuple[Rule, ...]) -> Policy:
    return Policy(rules=made, projects=REGISTER)
