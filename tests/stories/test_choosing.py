"""Approving a part of a lane: exactly that part runs, the rest waits on."""

from __future__ import annotations

from bot.adapters.slack.blocks import drawn
from bot.domain.choosing import Selection
from bot.domain.model import ClickKind, Member, Person
from bot.domain.states import LaneState
from bot.usecases.receive_click import Clicked, receive_click
from tests.judge.blocks import problems
from tests.stories.world import ALICE, CHANNEL, LEA, LEO, PROD, SEC, TEAM, World


async def chooses(
    world: World, user: str, lane: str, members: list[Member], *, rectangle: bool = False
) -> None:
    stored = await world.lane(lane)
    if rectangle:
        selection = Selection(
            images=frozenset(m.image.id for m in members), projects=frozenset(m.project.id for m in members)
        )
    else:
        selection = Selection(pairs=frozenset(m.pair for m in members))
    clicked = Clicked(
        person=Person(TEAM, user), channel=CHANNEL, click=ClickKind.CHOOSE, lane=lane, plan_hash=stored.plan_hash,
        dedupe_key=f"choice-{user}-{lane}-{len(members)}", chosen=selection.as_text(),
        response_url="https://hooks.example/choice",
    )  # fmt: skip
    await receive_click(world.outside, clicked)


async def waiting(images: int = 3, target: str = "shop-prod") -> World:
    world = World()
    names = [f"image-{n}" for n in range(images)]
    for name in names:
        world.cloud.put_image(name)
    await world.types(ALICE, f"share {', '.join(names)} to {target}")
    await world.works()
    return world


async def test_exactly_the_chosen_pairs_are_shared_and_the_rest_waits() -> None:
    """No peer lets people approve part of a batch."""
    world = await waiting()
    members = list(await world.members())
    await chooses(world, LEA, "1.1", members[:1])
    await world.passes(minutes=2)

    assert (await world.lane("1.1")).state is LaneState.SUCCEEDED
    assert (await world.lane("1.2")).state is LaneState.AWAITING_APPROVAL
    assert [call.pairs for call in world.cloud.submitted] == [((members[0].image.id, PROD),)]
    assert any("approved only image-0" in text and "2 pairs wait on" in text for text in world.thread())


async def test_the_rest_can_be_approved_or_rejected_later_by_somebody_else() -> None:
    """Each part has its own end."""
    world = await waiting()
    members = list(await world.members())
    await chooses(world, LEA, "1.1", members[:1])
    await world.works()
    await chooses(world, LEO, "1.2", members[1:2])
    await world.works()
    await world.presses(LEA, ClickKind.REJECT, "1.3", reason="not that one")
    await world.passes(minutes=2)

    states = [lane.state for lane in await world.lanes()]
    assert states == [LaneState.SUCCEEDED, LaneState.SUCCEEDED, LaneState.REJECTED]
    assert {call.images[0] for call in world.cloud.submitted} == {members[0].image.id, members[1].image.id}


async def test_earlier_approvals_of_the_whole_count_for_each_part() -> None:
    """Removing members keeps approvals."""
    world = await waiting(images=2, target="acme-lab")
    members = list(await world.members())
    await world.presses(LEA, ClickKind.APPROVE)
    await world.works()
    await chooses(world, SEC, "1.1", members[:1])
    await world.passes(minutes=2)
    assert (await world.lane("1.1")).state is LaneState.SUCCEEDED
    await world.presses(SEC, ClickKind.APPROVE, "1.2")
    await world.passes(minutes=2)

    assert (await world.lane("1.2")).state is LaneState.SUCCEEDED


async def test_an_approval_of_a_part_does_not_count_for_the_rest() -> None:
    """Adding members never keeps approvals."""
    world = await waiting(images=2, target="acme-lab")
    members = list(await world.members())
    await chooses(world, LEA, "1.1", members[:1])
    await world.works()
    await world.presses(SEC, ClickKind.APPROVE, "1.2")
    await world.passes(minutes=2)

    assert (await world.lane("1.2")).state is LaneState.AWAITING_APPROVAL


async def test_choosing_all_is_approving_the_lane() -> None:
    """No empty rest."""
    world = await waiting()
    await chooses(world, LEA, "1.1", list(await world.members()), rectangle=True)
    await world.passes(minutes=2)

    assert [lane.state for lane in await world.lanes()] == [LaneState.SUCCEEDED]


async def test_choosing_what_is_not_there_does_nothing_and_says_so() -> None:
    """A forged or outdated form."""
    world = await waiting()
    await chooses(world, LEA, "1.1", [])
    await world.passes(minutes=1)

    assert (await world.lane()).state is LaneState.AWAITING_APPROVAL
    assert "Nothing was chosen" in world.told()[-1]


async def test_somebody_who_may_not_approve_parts_nothing() -> None:
    """The lane stays whole."""
    world = await waiting()
    await chooses(world, ALICE, "1.1", list(await world.members())[:1])
    await world.works()

    assert len(await world.lanes()) == 1
    assert "yourself" in world.told()[-1]


async def test_thirty_images_with_forty_projects_partly_approved_share_exactly_that() -> None:
    """The big one: plan, lanes, card, a rectangle approved, exactly it shared."""
    policy = big_policy()
    world = World(policy)
    names = [f"image-{n:02d}" for n in range(30)]
    for name in names:
        world.cloud.put_image(name)
    await world.types(ALICE, f"share {', '.join(names)} to {', '.join(f'p{n:02d}' for n in range(40))}")
    await world.works()
    lanes = await world.lanes()
    drawing = drawn(world.card().message)
    assert problems({"text": drawing.text, "blocks": drawing.blocks}) == []
    assert [block for block in drawing.blocks if block["type"] == "actions"]
    waiting_lane = next(lane for lane in lanes if lane.state is LaneState.AWAITING_APPROVAL)
    members = list(await world.members(waiting_lane.id))
    assert len(members) == 600
    images = {m.image.id for m in members[:20]}
    chosen = [
        m for m in members if m.image.id in sorted(images)[:7] and m.project.name in ("p20", "p21", "p39")
    ]
    await chooses(world, LEA, waiting_lane.id, chosen, rectangle=True)
    await world.passes(minutes=10)

    shared = {(image, project) for _, image, project in world.cloud.effects}
    free = {m.pair for lane in lanes if lane.id != waiting_lane.id for m in await world.members(lane.id)}
    assert shared == free | {m.pair for m in chosen}
    assert world.cloud.redundant == []


def big_policy() -> str:
    """40 projects: the first half goes by itself, the second half waits for a lead."""
    projects = "\n".join(
        f"  - {{id: {n + 1:032x}, name: p{n:02d}, env: {'dev' if n < 20 else 'prod'}, tenant: self}}"
        for n in range(40)
    )
    return f"""
version: 1
groups:
  engineers: {{slack_usergroup: S0ENG}}
  leads: {{slack_usergroup: S0LEADS}}
projects:
{projects}
limits: {{max_pairs: 2000}}
rules:
  - {{id: dev, effect: permit, when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: dev}}}}, require: none}}
  - id: prod
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: prod}}}}
    require: {{count: 1, from: [leads]}}
"""
