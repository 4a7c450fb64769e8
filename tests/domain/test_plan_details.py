"""What is asked of the policy about a request, and which pairs go together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    ImageFacts,
    ImageId,
    ImageKind,
    Limits,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    Request,
    RequestId,
)
from bot.domain.plan import (
    ALREADY,
    Group,
    Pair,
    Question,
    ask_of,
    group_pairs,
    question,
)
from bot.domain.policy import Policy
from bot.domain.states import RequestState
from tests.domain.policy_builders import IMAGE, NOON, REQUESTER, actor, need, policy

DEV = ProjectFacts(id=ProjectId("p-dev"), name="shop-dev", env="dev")
PROD = ProjectFacts(id=ProjectId("p-prod"), name="shop-prod", env="prod")
LAB = ProjectFacts(id=ProjectId("p-lab"), name="acme-lab")
RULES = """
id: dev, effect: permit, action: any, when: {project.env: {eq: dev}}, require: none
id: prod, effect: permit, action: any, when: {project.env: {eq: prod}}, require: {count: 1, from: [leads]}
id: lab, effect: permit, action: share, when: {image.encrypted: {eq: false}, project.name: {eq: acme-lab}}, require: none
"""
ASKED = Request(
    id=RequestId(7), action=Action.SHARE, requester=REQUESTER, channel="C1", text="share", image_refs=(), project_refs=(),
    reason="CHG-1", duration=timedelta(days=30), state=RequestState.PLANNING, created_at=NOON, dedupe_key="k",
)  # fmt: skip


def asked(pairs: list[Pair], request: Request = ASKED, limits: Limits | None = None) -> Question:
    return question(request, actor("engineers"), NOON, limits or Limits(), pairs)


def grouped(
    *pairs: Pair, rules: Policy | None = None, request: Request = ASKED, limits: Limits | None = None
) -> list[Group]:
    return list(group_pairs(rules or policy(RULES), asked(list(pairs), request, limits), pairs))


def image(number: int, **more: object) -> ImageFacts:
    return replace(IMAGE, id=ImageId(f"i{number}"), name=f"image-{number}", **more)  # type: ignore[arg-type]


def many_rules(count: int) -> Policy:
    """A rule for each of so many images, all with the same approvals."""
    when = "when: {{image.name: {{eq: image-{}}}}}, require: {{count: 1, from: [leads]}}"
    return policy(
        "\n".join(f"id: r{n}, effect: permit, action: share, {when.format(n)}" for n in range(count))
    )


def test_a_question_counts_pairs_and_distinct_images_and_projects() -> None:
    """They are facts a rule can ask for."""
    pairs = [(image(1), DEV), (image(1), PROD), (image(1), LAB), (image(2), DEV)]

    found = asked(pairs)

    assert (found.pairs, found.images, found.projects) == (4, 2, 3)
    assert (found.request, found.requester, found.at, found.limits) == (
        ASKED,
        actor("engineers"),
        NOON,
        Limits(),
    )


def test_the_policy_is_asked_about_a_pair_with_all_that_is_known() -> None:
    """A fact that is lost on the way would be judged as absent."""
    ask = ask_of(asked([(IMAGE, DEV), (IMAGE, PROD)]), (IMAGE, PROD))

    assert (ask.action, ask.requester, ask.image, ask.project) == (
        Action.SHARE,
        actor("engineers"),
        IMAGE,
        PROD,
    )
    assert (ask.pairs, ask.images, ask.projects) == (2, 1, 2)
    assert (ask.duration, ask.reason, ask.channel, ask.at) == (timedelta(days=30), "CHG-1", "C1", NOON)


def test_groups_come_in_the_order_go_wait_hold_refuse_nothing_to_do_within_each() -> None:
    """The card shows first what happens first."""
    shared = replace(IMAGE, shared_with=frozenset({DEV.id}))
    unknown = image(3, encrypted=None)
    groups = grouped(
        (image(4), replace(LAB, name="other")), (unknown, LAB), (shared, DEV), (IMAGE, PROD), (image(2), DEV)
    )

    found = [(group.verdict.outcome, group.nothing_to_do) for group in groups]

    assert found == [
        (Outcome.ALLOW, False),
        (Outcome.ALLOW, True),
        (Outcome.NEEDS_APPROVALS, False),
        (Outcome.HOLD, False),
        (Outcome.DENY, False),
    ]
    assert groups[1].pairs == ((shared, DEV),)
    assert groups[1].verdict == ALREADY


def test_pairs_with_the_same_needs_share_a_lane_that_names_the_rules_of_all() -> None:
    """One card for one decision; each reason once."""
    rules = policy("""
id: b, effect: permit, action: share, when: {project.env: {eq: dev}}, require: {count: 1, from: [leads]}
id: a, effect: permit, action: share, when: {project.env: {eq: prod}}, require: {count: 1, from: [leads]}
""")

    (group,) = grouped((IMAGE, DEV), (IMAGE, PROD), (image(2), DEV), rules=rules)
    many = grouped(*[(image(n), DEV) for n in range(9)], rules=many_rules(9))

    assert group.verdict.rules == ("a", "b")
    assert group.pairs == ((IMAGE, DEV), (IMAGE, PROD), (image(2), DEV))
    assert group.verdict.requirement == need(1, "leads")
    assert [each.verdict.rules for each in many] == [tuple(f"r{n}" for n in range(9))]


@pytest.mark.parametrize(
    "other",
    [
        "require: {count: 2, from: [leads]}",
        "require: {count: 1, from: [leads]}, self_approval: true",
        "require: {count: 1, from: [leads]}, share_for: {default: 10d, max: 60d}",
    ],
)
def test_pairs_with_other_needs_go_in_another_lane(other: str) -> None:
    """Whoever approves one has not approved the other."""
    rules = policy(f"""
id: one, effect: permit, action: share, when: {{project.env: {{eq: dev}}}}, require: {{count: 1, from: [leads]}}
id: two, effect: permit, action: share, when: {{project.env: {{eq: prod}}}}, {other}
""")

    request = replace(ASKED, duration=None)

    assert [group.pairs for group in grouped((IMAGE, DEV), (IMAGE, PROD), rules=rules, request=request)] == [
        ((IMAGE, DEV),),
        ((IMAGE, PROD),),
    ]


def test_refusals_for_different_reasons_are_told_apart() -> None:
    """Each refused pair is told its own reason."""
    rules = policy(RULES + "id: no, effect: forbid, action: share, when: {image.name: {eq: image-1}}")

    groups = grouped((image(0), LAB), (image(1), LAB), (image(2, encrypted=True), LAB), rules=rules)

    assert [group.pairs[0][0].name for group in groups if group.verdict.rules == ("no",)] == ["image-1"]
    assert [group.verdict.outcome for group in groups] == [Outcome.ALLOW, Outcome.DENY, Outcome.DENY]
    assert len({group.verdict.why for group in groups}) == 3


def test_refusals_by_no_rule_at_all_are_told_apart_by_their_reasons() -> None:
    """And those with the same reason by the rules behind it: each stands on its own card."""
    rules = policy(RULES + "id: a, effect: forbid, action: share, message: No., when: {image.windows: {eq: true}}\n"
                   "id: b, effect: forbid, action: share, when: {image.tags: {any: [old]}}")  # fmt: skip
    old, new = image(1, windows=True, tags=frozenset({"old"})), image(2, windows=True, tags=frozenset())

    unlike = grouped((image(3, encrypted=True), LAB), (image(3), replace(LAB, name="other")), rules=rules)
    alike = grouped((old, LAB), (new, LAB), rules=rules)

    assert [(len(group.pairs), group.verdict.rules) for group in unlike] == [(1, ()), (1, ())]
    assert [group.verdict.rules for group in alike] == [("a", "b"), ("a",)]
    assert len({group.verdict.why for group in alike}) == 1


def whys(count: int) -> str:
    """The reason of one lane whose pairs have so many reasons."""
    (group,) = grouped(*[(image(n), DEV) for n in range(count)], rules=many_rules(count))
    return group.verdict.why


def test_a_lane_says_at_most_three_reasons_and_how_many_more_there_are() -> None:
    """A card is short; what it leaves out it counts."""
    assert [f"r{n}" in whys(3) for n in range(3)] == [True, True, True]
    assert "more reasons" not in whys(3)
    assert [f"r{n}" in whys(5) for n in range(5)] == [True, True, True, False, False]
    assert whys(5).endswith(" (and 2 more reasons)")
    assert whys(4).endswith(" (and 1 more reasons)")


def test_what_rules_on_trial_say_is_said_once_for_a_lane() -> None:
    """Two pairs with the same warning are one warning."""
    rules = policy(
        RULES + "id: soon, effect: forbid, action: share, mode: warn, when: {project.env: {eq: dev}}"
    )

    (group,) = grouped((IMAGE, DEV), (image(2), DEV), rules=rules)

    assert len(group.verdict.warnings) == 1
    assert "soon" in group.verdict.warnings[0]


def test_a_requirement_nobody_can_meet_is_a_refusal_that_needs_nobody() -> None:
    """Not a card nobody can press; and nobody is asked for a vote on it."""
    rules = policy(
        "id: all, effect: permit, action: share, when: {project.env: {eq: dev}}, require: {count: 2, from: [owners]}"
    )
    alice = replace(ASKED, requester=Person("T0HOME", "U0ALICE"))

    (group,) = grouped((IMAGE, DEV), rules=rules, request=alice)

    assert (group.verdict.outcome, group.verdict.requirement) == (Outcome.DENY, NO_REQUIREMENT)
    assert "owners" in group.verdict.why


# -- the cloud's limit of tenants ---------------------------------------------------------------------------------


def full(members: int, kind: ImageKind = ImageKind.SYSTEM) -> ImageFacts:
    return image(1, kind=kind, shared_with=frozenset(ProjectId(f"m{n}") for n in range(members)))


LIMITS = Limits(max_tenants_per_image=5, max_tenants_full_ecs=3)


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (full(4), Outcome.ALLOW),
        (full(5), Outcome.DENY),
        (full(2, ImageKind.FULL_ECS), Outcome.ALLOW),
        (full(3, ImageKind.FULL_ECS), Outcome.DENY),
        (replace(full(0), shared_with=None), Outcome.ALLOW),
    ],
)
def test_an_image_may_have_as_many_members_as_the_cloud_allows_and_not_one_more(
    made: ImageFacts, outcome: Outcome
) -> None:
    """The cloud would refuse the whole call."""
    (group,) = grouped((made, DEV), limits=LIMITS)

    assert group.verdict.outcome is outcome


def test_a_full_image_says_how_full_it_would_be_and_what_would_still_fit() -> None:
    """The number that failed, the limit, and the way through."""
    others = [replace(DEV, id=ProjectId(f"d{n}")) for n in range(4)]
    (group,) = grouped(*[(full(3), project) for project in others], limits=LIMITS)

    assert group.verdict.rules == ("tenant-limit",)
    assert group.verdict.why == "image-1 would be shared with 7 projects; the cloud allows 5."
    assert group.verdict.nearest == "Ask for at most 2 projects, or take shares back first."


def test_an_image_without_a_name_that_is_over_the_limit_by_far_is_named_by_its_id() -> None:
    """And nobody is offered a negative number of projects."""
    (group,) = grouped((replace(full(9), name=""), DEV), limits=LIMITS)

    assert group.verdict.why.startswith("i1 would be shared with 10 projects")
    assert group.verdict.nearest.startswith("Ask for at most 0 projects")


def test_taking_back_is_never_over_the_limit() -> None:
    """It makes room."""
    crowded = replace(full(9), shared_with=full(9).shared_with | {DEV.id})  # type: ignore[operator]

    (group,) = grouped((crowded, DEV), request=replace(ASKED, action=Action.UNSHARE), limits=LIMITS)

    assert group.verdict.outcome is Outcome.ALLOW


def test_what_is_shared_already_takes_no_room() -> None:
    """Asking again for a full image's member is nothing to do, not a refusal."""
    made = image(1, shared_with=frozenset({DEV.id, *(ProjectId(f"m{n}") for n in range(4))}))

    assert [group.nothing_to_do for group in grouped((made, DEV), limits=LIMITS)] == [True]
    nearly = replace(made, shared_with=frozenset({DEV.id, *(ProjectId(f"m{n}") for n in range(3))}))
    both = grouped((nearly, DEV), (nearly, replace(DEV, id=ProjectId("d2"))), limits=LIMITS)
    assert [(group.verdict.outcome, group.nothing_to_do) for group in both] == [
        (Outcome.ALLOW, False),
        (Outcome.ALLOW, True),
    ]
