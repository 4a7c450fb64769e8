"""What the audit log says of each step: who, what, why; and that nothing changes behind its back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import AuditEvent, ClickKind, Person
from bot.domain.states import LaneState
from bot.usecases.receive_click import Clicked, receive_click
from tests.stories import witness
from tests.stories.world import ALICE, BOB, EVE, LEA, TEAM, World

ASKED = "share base to shop-prod because CHG-1"


async def asked() -> World:
    """A request for production that waits for a lead."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, ASKED)
    await world.works()
    return world


async def events(world: World, kind: str) -> list[AuditEvent]:
    return [event for event in await world.store.read(lambda view: view.events()) if event.kind == kind]


async def test_a_change_without_an_event_is_noticed() -> None:
    """The witness of all other stories must be able to fail."""
    world = await asked()
    lane = await world.lane()
    (member,) = await world.members()
    await world.store.write(
        lambda tx: tx.save_lane(replace(lane, state=LaneState.CANCELLED, ended_at=world.clock.now()))
    )
    await world.store.write(lambda tx: tx.save_members([replace(member, outcome=type(member.outcome).DONE)]))

    told = [line.split(" with")[0] for line in witness.UNEXPLAINED]
    witness.UNEXPLAINED.clear()
    assert [line.split(" ")[0] for line in told] == ["lane", "member"]


async def test_a_whole_story_is_told_with_its_people_and_reasons() -> None:
    """An auditor reads who asked, who approved and why, what was called and what it showed, pair by pair."""
    world = await asked()
    await world.presses(LEA, ClickKind.APPROVE, reason="looks right")
    await world.passes(minutes=5)
    (received,) = await events(world, "request_received")
    (approved,) = await events(world, "lane_approved_by")
    (queued,) = await events(world, "job_queued")
    (proved,) = await events(world, "members_proved")

    assert (received.actor, received.data["text"]) == (Person(TEAM, ALICE), ASKED)
    assert (approved.actor, approved.data["reason"]) == (Person(TEAM, LEA), "looks right")
    assert (queued.actor, queued.data["images"], queued.data["submits"]) == (
        None,
        [(await world.members())[0].image.id],
        0,
    )
    (member,) = await world.members()
    assert proved.data["members"] == [[*member.pair, "done", ""]]


@pytest.mark.parametrize(
    ("who", "click", "why"),
    [(BOB, ClickKind.APPROVE, "not"), (ALICE, ClickKind.APPROVE, ""), (BOB, ClickKind.CANCEL, "person who asked"),
     (BOB, ClickKind.RETRY, "person who asked"), (BOB, ClickKind.BREAK_GLASS, "person who asked")],
)  # fmt: skip
async def test_every_refused_click_is_an_event_with_its_maker_and_reason(
    who: str, click: ClickKind, why: str
) -> None:
    """Promise 9: attempts are evidence."""
    world = await asked()
    await world.presses(who, click)
    await world.works()
    (refused,) = await events(world, "click_refused")

    assert refused.actor == Person(TEAM, who)
    assert refused.data["click"] == click.value
    assert refused.data["why"]
    assert why in str(refused.data["why"])
    assert (refused.request, refused.lane) == (1, "1.1")


async def test_a_stale_click_and_one_on_nothing_are_events_too() -> None:
    """Somebody tried: with an old card, or with a lane that does not exist."""
    world = await asked()
    await world.presses(LEA, ClickKind.APPROVE, plan_hash="old")
    clicked = Clicked(
        person=Person(TEAM, EVE), channel="C0IMAGES", click=ClickKind.APPROVE, lane="77.1", plan_hash="h", dedupe_key="k"
    )  # fmt: skip
    await receive_click(world.outside, clicked)
    await world.works()
    stale, nothing = await events(world, "click_refused")

    assert "out of date" in str(stale.data["why"])
    assert (nothing.actor, nothing.lane) == (Person(TEAM, EVE), None)
    assert "does not exist" in str(nothing.data["why"])


async def test_commands_the_limits_refuse_are_events() -> None:
    """Whoever hammers on the limits is seen."""
    world = World()
    for _ in range(6):
        await world.types(ALICE, ASKED)
    (refused,) = await events(world, "command_refused")

    assert refused.actor == Person(TEAM, ALICE)
    assert refused.data == {"why": "5 requests are open already", "text": ASKED, "channel": "C0IMAGES"}


async def test_refused_cancelling_and_retrying_by_command_are_events() -> None:
    """The typed way is no way around."""
    world = await asked()
    await world.types(BOB, "cancel #1")
    await world.types(BOB, "retry #1")

    for kind in ("cancel_refused", "retry_refused"):
        (refused,) = await events(world, kind)
        assert (refused.actor, bool(refused.data["why"])) == (Person(TEAM, BOB), True)
