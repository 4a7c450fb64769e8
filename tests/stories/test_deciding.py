"""Clicks: who counts, what a click does, and what everybody else is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.model import ClickKind, Person
from bot.domain.states import LaneState, MemberOutcome
from tests.fakes.memory_people import Profile
from tests.stories.world import ALICE, EVE, LEA, LEO, POLICY, PROD, SEC, TEAM, World


async def waiting(policy: str = POLICY, target: str = "shop-prod") -> World:
    """A world with one lane that waits for approval."""
    world = World(policy)
    world.cloud.put_image("base")
    await world.types(ALICE, f"share base to {target}")
    await world.works()
    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    return world


async def test_a_lead_approves_and_it_is_shared_and_verified() -> None:
    """The main job."""
    world = await waiting()
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    (member,) = await world.members()
    assert world.cloud.members_of(member.image.id) == {PROD: "pending"}
    assert "Done and verified" in world.thread()[-1]


async def test_nothing_is_sent_before_the_approval() -> None:
    """Silence never approves."""
    world = await waiting()
    await world.passes(hours=23)

    assert world.cloud.submitted == []


@pytest.mark.parametrize(
    ("user", "profile", "word"),
    [
        (EVE, Profile(), "leads"),
        (ALICE, Profile(), "yourself"),
        (LEA, Profile(guest=True), "guest"),
        (LEA, Profile(bot=True), "bot"),
        (LEA, Profile(deactivated=True), "deactivated"),
        (LEA, Profile(foreign=True), "workspace"),
    ],
)
async def test_a_click_that_does_not_count_is_answered_privately_and_does_nothing(
    user: str, profile: Profile, word: str
) -> None:
    """Anyone who sees a card can press its buttons."""
    world = await waiting()
    world.people.profiles[user] = profile
    await world.presses(user, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert world.cloud.submitted == []
    assert word in world.told()[-1].lower()
    assert "click_refused" in await world.kinds()


async def test_a_clicker_of_another_workspace_never_counts_even_with_a_leads_user_id() -> None:
    """Keyed by team and user: ids are unique only within a workspace."""
    world = await waiting()
    await world.presses(LEA, ClickKind.APPROVE, team="T0OTHER")
    await world.works()

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert "workspace" in world.told()[-1]


async def test_a_group_that_cannot_be_read_at_the_click_counts_nobody() -> None:
    """Fails closed, and says: try again."""
    world = await waiting()
    world.people.break_usergroup("S0LEADS")
    await world.presses(LEA, ClickKind.APPROVE)
    await world.works()

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert "try again" in world.told()[-1].lower()


async def test_two_different_groups_need_two_different_people() -> None:
    """A person fills one slot even when in both groups."""
    world = await waiting(target="acme-lab")
    world.people.join("S0SEC", LEA)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.works()
    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    await world.presses(LEA, ClickKind.APPROVE)
    await world.works()
    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert "already decided" in world.told()[-1]

    await world.presses(SEC, ClickKind.APPROVE)
    await world.passes(seconds=30)
    assert (await world.lane()).state is LaneState.SUCCEEDED


async def test_one_eligible_rejection_ends_it_with_its_reason() -> None:
    """And nothing is sent."""
    world = await waiting()
    await world.presses(LEA, ClickKind.REJECT, reason="wrong quarter")
    await world.presses(LEO, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.REJECTED
    assert world.cloud.submitted == []
    assert any("wrong quarter" in text for text in world.thread())
    assert "rejected" in world.told()[-1]
    assert [m.outcome for m in await world.members()] == [MemberOutcome.NOT_RUN]


@pytest.mark.parametrize("click", [ClickKind.APPROVE, ClickKind.REJECT])
async def test_a_lane_that_has_ended_waits_for_no_deadline_and_no_reminder(click: ClickKind) -> None:
    """The rows of what is over would be looked at again a day later, and fill the agenda until then."""
    world = await waiting()
    await world.presses(LEA, click, reason="wrong quarter" if click is ClickKind.REJECT else "")
    await world.passes(seconds=30)

    assert (await world.lane()).ended_at is not None
    assert await world.store.read(lambda view: view.next_due()) is None


async def test_a_double_click_is_one_decision_and_one_call() -> None:
    """Two deliveries of one press, and a second press."""
    world = await waiting()
    assert await world.presses(LEA, ClickKind.APPROVE, key="same") is True
    assert await world.presses(LEA, ClickKind.APPROVE, key="same") is False
    await world.presses(LEA, ClickKind.APPROVE)
    await world.presses(LEO, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert len(world.cloud.submitted) == 1
    assert [d.person for d in await world.store.read(lambda v: v.decisions((v.lanes(1)[0]).id))] == [
        Person(TEAM, LEA)
    ]


async def test_a_stale_card_is_told_to_be_out_of_date() -> None:
    """An approval is for exactly one plan."""
    world = await waiting()
    await world.presses(LEA, ClickKind.APPROVE, plan_hash="0" * 32)
    await world.works()

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert "out of date" in world.told()[-1]


async def test_an_approval_after_the_deadline_does_not_count() -> None:
    """Compared at the click, whether the deadline's own row ran or not."""
    world = await waiting()
    world.clock.time += timedelta(hours=24, seconds=1)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.EXPIRED
    assert world.cloud.submitted == []


async def test_an_undecided_lane_reminds_and_expires() -> None:
    """Reminded once, then ended with words."""
    world = await waiting()
    await world.passes(hours=3)
    assert any("Still waiting" in text for text in world.thread())
    await world.passes(hours=22)

    assert (await world.lane()).state is LaneState.EXPIRED
    assert any("Expired" in text for text in world.thread())


async def test_a_policy_that_turned_against_it_is_felt_at_the_click() -> None:
    """Judged at the click with the policy of the click."""
    world = await waiting()
    world.policy = World(POLICY.replace("env: {eq: prod}", "env: {eq: nowhere}")).policy
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.DENIED
    detail = (await world.members())[0].detail
    assert detail.startswith("the policy no longer allows it: ")
    assert len(detail) > len("the policy no longer allows it: ")
    assert world.cloud.submitted == []


async def test_a_policy_that_turned_against_it_is_felt_at_execution() -> None:
    """Checked at submit and bypassed at execution is a complaint against a peer."""
    world = await waiting()
    await world.presses(LEA, ClickKind.APPROVE)
    world.policy = World(POLICY.replace("env: {eq: prod}", "env: {eq: nowhere}")).policy
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.DENIED
    assert world.cloud.submitted == []


async def test_a_requirement_that_grew_after_the_approval_asks_for_more() -> None:
    """In force at execution is the merge of the pinned requirement and today's."""
    world = await waiting()
    await world.presses(LEA, ClickKind.APPROVE)
    stricter = POLICY.replace(
        "require: {count: 1, from: [leads]}\n  - id: partner",
        "require: {all_of: [{count: 1, from: [leads]}, {count: 1, from: [security]}]}\n  - id: partner",
    )
    for crew in world.crews[:1]:
        await crew.turn()
    world.policy = World(stricter).policy
    await world.passes(seconds=30)
    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert world.cloud.submitted == []

    await world.presses(SEC, ClickKind.APPROVE)
    await world.passes(seconds=30)
    assert (await world.lane()).state is LaneState.SUCCEEDED


async def test_a_requirement_that_shrank_does_not_loosen_what_was_asked() -> None:
    """The pinned requirement can only grow."""
    world = await waiting(target="acme-lab")
    world.policy = World(
        POLICY.replace(
            "require: {all_of: [{count: 1, from: [leads]}, {count: 1, from: [security]}]}",
            "require: {count: 1, from: [leads]}",
        )
    ).policy
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL


async def test_a_requester_who_left_the_group_gets_nothing_more() -> None:
    """Rights are those of the moment of execution."""
    world = await waiting()
    world.people.leave("S0ENG", ALICE)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=2)

    assert world.cloud.submitted == []
    assert (await world.lane()).state is LaneState.DENIED


async def test_an_image_that_became_encrypted_after_the_approval_is_not_shared() -> None:
    """Old facts are looked up again before anything is sent."""
    world = await waiting()
    (member,) = await world.members()
    world.clock.time += timedelta(minutes=10)
    world.cloud.edit_image(member.image.id, encrypted=True)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=2)

    assert world.cloud.submitted == []
    assert (await world.lane()).state is LaneState.DENIED


async def test_only_the_requester_can_cancel_and_then_nothing_is_sent() -> None:
    """Somebody else is told why not."""
    world = await waiting()
    await world.presses(EVE, ClickKind.CANCEL)
    await world.works()
    assert "Only the person who asked" in world.told()[-1]
    await world.presses(ALICE, ClickKind.CANCEL)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=30)

    assert (await world.lane()).state is LaneState.CANCELLED
    assert world.cloud.submitted == []


async def test_a_click_on_something_that_never_was_is_answered() -> None:
    """A card of another installation, or a forged value."""
    world = await waiting()
    await world.presses(LEA, ClickKind.APPROVE, "1.1")
    from bot.usecases.receive_click import Clicked, receive_click

    forged = Clicked(
        person=Person(TEAM, EVE), channel="C0IMAGES", click=ClickKind.APPROVE, lane="99.7", plan_hash="x",
        dedupe_key="forged", response_url="https://hooks.example/forged",
    )  # fmt: skip
    await receive_click(world.outside, forged)
    await world.works()

    assert any("out of date" in text for text in world.told())


async def test_buttons_go_when_the_lane_is_settled() -> None:
    """Buttons left on a settled request invite clicks that do nothing."""
    world = await waiting()
    await world.presses(LEA, ClickKind.REJECT, reason="no")
    await world.works()

    assert not [part for part in world.card().message.parts if part.type == "buttons"]


async def test_groups_the_rule_wants_told_are_named_beside_those_that_may_approve() -> None:
    """notify: apart from who may approve."""
    policy = POLICY.replace("  - id: prod\n", "  - id: prod\n    notify: [security]\n")
    world = await waiting(policy)

    spans = [span for part in world.card().message.parts if part.type == "small" for span in part.line]
    assert any(span.type == "group" and span.name == "security" for span in spans)


async def test_the_requesters_own_vote_stops_counting_when_the_policy_says_so() -> None:
    """The requester's own vote counts only while a rule says so, whenever it was given."""
    two = "require: {count: 2, from: [leads]}\n    self_approval: true\n  - id: partner"
    lenient = POLICY.replace("require: {count: 1, from: [leads]}\n  - id: partner", two)
    world = World(lenient)
    world.cloud.put_image("base")
    await world.types(LEA, "share base to shop-prod")
    await world.works()
    await world.presses(LEA, ClickKind.APPROVE)
    await world.works()
    world.policy = World(lenient.replace("self_approval: true", "self_approval: false")).policy
    await world.presses(LEO, ClickKind.APPROVE)
    await world.passes(minutes=2)

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert world.cloud.submitted == []


async def test_a_time_limit_that_became_shorter_holds_for_what_is_not_shared_yet() -> None:
    """What is in force is the stricter of then and now."""
    world = await waiting(target="acme-lab")
    assert (await world.lane()).verdict.share_for == timedelta(days=30)
    world.policy = World(POLICY.replace("share_for: {max: 30d}", "share_for: {max: 2d}")).policy
    await world.presses(LEA, ClickKind.APPROVE)
    await world.presses(SEC, ClickKind.APPROVE)
    await world.passes(minutes=2)

    (member,) = await world.members()
    assert member.shared_until is not None
    assert member.shared_until - world.clock.now() < timedelta(days=2, seconds=1)


async def test_an_image_that_may_be_public_holds() -> None:
    """Unknown holds, for the cloud's own limits too."""
    world = World()
    world.cloud.put_image("base", public=None)
    await world.types(ALICE, "share base to shop-dev")
    await world.works()

    assert (await world.lane()).state is LaneState.HOLDING
