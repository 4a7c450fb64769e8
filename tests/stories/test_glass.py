"""Breaking the glass: without approvals in an emergency, said at once, reviewed afterwards, never past a forbid."""

from __future__ import annotations

import pytest

from bot.domain.model import ClickKind, Glass
from bot.domain.notices import Choice
from bot.domain.states import LaneState, RequestState
from tests.stories.world import ALICE, BOB, CHANNEL, LEA, LEO, POLICY, PROD, World

GLASS = POLICY.replace(
    "rules:\n",
    "break_glass: {by: [leads], reason: {min_length: 20}, max_pairs: 2, review_within: 24h, review: {count: 1, from: [leads]}}\n"
    "rules:\n",
    1,
)
REASON = "INC-99 production is down and no lead answers"


async def asked(
    who: str = LEA, text: str = f"share base to shop-prod --break-glass because {REASON}"
) -> World:
    world = World(GLASS)
    world.cloud.put_image("base")
    await world.types(who, text)
    await world.works()
    return world


def labels(world: World) -> list[str]:
    parts = [part for part in world.card().message.parts if part.type == "buttons"]
    return [choice.label for part in parts for choice in part.choices if isinstance(choice, Choice)]


async def test_asking_for_it_does_nothing_by_itself() -> None:
    """The second confirmation is a press of its own."""
    world = await asked()
    await world.passes(hours=1)

    assert (await world.lane()).verdict.glass is Glass.OFFERED
    assert world.cloud.submitted == []
    assert "Break Glass" in labels(world)


async def test_broken_it_goes_at_once_is_announced_and_waits_for_its_review() -> None:
    """And stays on the card for ever."""
    world = await asked()
    await world.presses(LEA, ClickKind.BREAK_GLASS)
    await world.passes(minutes=2)

    (member,) = await world.members()
    assert world.cloud.members_of(member.image.id) == {PROD: "pending"}
    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert (await world.lane("1.2")).state is LaneState.AWAITING_APPROVAL
    assert (await world.request()).state is RequestState.PLANNED
    announced = [m for m in world.roots() if "broke the glass" in m.message.text]
    assert len(announced) == 1
    assert announced[0].ref.channel == CHANNEL
    assert any("broke the glass" in text for text in world.thread())
    assert "glass_broken" in await world.kinds()
    assert "Glass broken, no approval" in str(world.card().message.parts)


async def test_somebody_else_reviews_it_and_the_request_ends() -> None:
    """The one who broke it cannot."""
    world = await asked()
    await world.presses(LEA, ClickKind.BREAK_GLASS)
    await world.passes(minutes=2)
    await world.presses(LEA, ClickKind.APPROVE, "1.2")
    await world.works()
    assert (await world.lane("1.2")).state is LaneState.AWAITING_APPROVAL
    await world.presses(LEO, ClickKind.APPROVE, "1.2")
    await world.passes(minutes=2)

    assert (await world.lane("1.2")).state is LaneState.SUCCEEDED
    assert (await world.request()).state is RequestState.ENDED
    assert len(world.cloud.submitted) == 1
    assert any("finds it right" in text for text in world.thread())


async def test_an_objection_is_said_and_takes_nothing_back_by_itself() -> None:
    """People decide what follows."""
    world = await asked()
    await world.presses(LEA, ClickKind.BREAK_GLASS)
    await world.passes(minutes=2)
    await world.presses(LEO, ClickKind.REJECT, "1.2", reason="a lead was there")
    await world.passes(minutes=2)

    assert (await world.lane("1.2")).state is LaneState.REJECTED
    assert any("objects" in text and "a lead was there" in text for text in world.thread())
    assert len(world.cloud.effects) == 1


async def test_a_review_that_nobody_makes_is_said_to_be_missing() -> None:
    """Within the time the policy gives."""
    world = await asked()
    await world.presses(LEA, ClickKind.BREAK_GLASS)
    await world.passes(hours=25)

    assert (await world.lane("1.2")).state is LaneState.EXPIRED
    assert any("Nobody has reviewed" in text for text in world.thread())
    assert any("still waits for its review" in text for text in world.thread())


@pytest.mark.parametrize(
    ("who", "text", "word"),
    [
        (ALICE, f"share base to shop-prod --break-glass because {REASON}", "Only people of leads"),
        (LEA, "share base to shop-prod --break-glass because short", "at least 20 characters"),
        (LEA, "share base to shop-prod --break-glass", "at least 20 characters"),
    ],
)
async def test_who_may_not_is_told_on_the_card_and_has_no_button(who: str, text: str, word: str) -> None:
    """The usual way stays open."""
    world = await asked(who, text)

    assert (await world.lane()).verdict.glass is Glass.CLOSED
    assert "Break Glass" not in labels(world)
    assert word in str(world.card().message.parts)


async def test_more_pairs_than_the_cap_are_not_let_through() -> None:
    """A cap on pairs."""
    world = World(GLASS)
    for name in ("one", "two", "three"):
        world.cloud.put_image(name)
    await world.types(LEA, f"share one, two, three to shop-prod --break-glass because {REASON}")
    await world.works()

    assert (await world.lane()).verdict.glass is Glass.CLOSED


async def test_a_forbid_is_never_passed() -> None:
    """Not when it is there at the start, not when it comes later."""
    world = World(GLASS)
    image = world.cloud.put_image("base", encrypted=True)
    await world.types(LEA, f"share base to shop-prod --break-glass because {REASON}")
    await world.works()
    assert (await world.lane()).state is LaneState.DENIED

    world.cloud.edit_image(image, encrypted=False)
    await world.types(LEA, f"share base to shop-prod --break-glass because {REASON}")
    await world.works()
    world.clock.time = world.clock.time.replace(hour=11)
    world.cloud.edit_image(image, encrypted=True)
    await world.presses(LEA, ClickKind.BREAK_GLASS, "2.1")
    await world.passes(minutes=5)
    assert (await world.lane("2.1")).state is LaneState.DENIED
    assert world.cloud.submitted == []


async def test_only_the_one_who_asked_can_break_it() -> None:
    """Another lead approves or does not."""
    world = await asked()
    await world.presses(LEO, ClickKind.BREAK_GLASS)
    await world.presses(BOB, ClickKind.BREAK_GLASS)
    await world.works()

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert "Only the person who asked" in world.told()[-1]


async def test_a_policy_that_closed_the_glass_meanwhile_is_felt_at_the_press() -> None:
    """Judged at the press."""
    world = await asked()
    world.policy = World(POLICY).policy
    await world.presses(LEA, ClickKind.BREAK_GLASS)
    await world.passes(minutes=2)

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert world.cloud.submitted == []


async def test_a_wait_is_escalated_to_whom_the_rule_names() -> None:
    """escalate: after so long, so and so are told; nobody gets a vote by it."""
    policy = POLICY.replace("  - id: prod\n", "  - id: prod\n    escalate: [{after: 4h, to: [security]}]\n")
    world = World(policy)
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    await world.passes(hours=3)
    assert "security" not in str([m.message.parts for m in world.chat.thread(world.card().ref)])
    await world.passes(hours=2)

    assert "security" in str([m.message.parts for m in world.chat.thread(world.card().ref)])
    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL


async def test_a_rule_on_trial_warns_and_changes_nothing() -> None:
    """mode: warn."""
    policy = POLICY.replace(
        "rules:\n",
        "rules:\n  - {id: new-rule, effect: forbid, mode: warn, when: {project.env: {eq: dev}}, message: Soon forbidden.}\n",
        1,
    )
    world = World(policy)
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=2)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert "new-rule" in str(world.card().message.parts)
