"""How many calls to the cloud a request costs."""

from __future__ import annotations

import pytest

from bot.domain.states import LaneState
from tests.stories.world import ALICE, World

IMAGES = [f"image-{n:02}" for n in range(30)]


def policy(projects: int) -> str:
    rows = "\n".join(f"  - {{id: {n:032x}, name: p{n:03}, env: dev}}" for n in range(projects))
    return f"""
version: 1
groups:
  engineers: {{slack_usergroup: S0ENG}}
projects:
{rows}
limits: {{max_pairs: 5000}}
rules:
  - {{id: dev, effect: permit, when: {{requester.groups: {{any: [engineers]}}}}, require: none}}
"""


@pytest.mark.parametrize(("projects", "submits"), [(40, 3), (150, 6)])
async def test_a_lane_costs_a_call_per_rectangle_and_a_reading_per_image(projects: int, submits: int) -> None:
    """30 images of ten a call, projects of a hundred a call: not a reading more, however many jobs an image is in."""
    world = World(policy(projects))
    for name in IMAGES:
        world.cloud.put_image(name)
    targets = ", ".join(f"p{n:03}" for n in range(projects))
    await world.types(ALICE, f"share {', '.join(IMAGES)} to {targets} because CHG-1")
    await world.works()
    planned = {name: world.cloud.called(name) for name in ("find_images", "image_names", "members")}

    await world.passes(minutes=2)

    assert planned == {"find_images": 1, "image_names": 0, "members": 30}
    assert world.cloud.called("submit") == submits
    assert world.cloud.called("members") - planned["members"] == 30
    assert len(world.cloud.effects) == 30 * projects
    assert (await world.lane()).state is LaneState.SUCCEEDED


async def test_jobs_of_a_lane_are_proved_by_one_reading_only_where_it_shows_them_all() -> None:
    """What is missing of a job is looked at again by itself, and no job is called done for another's sake."""
    world = World(policy(150))
    image = world.cloud.put_image("base")
    world.cloud.end_next_job("success_but_missing")
    await world.types(ALICE, f"share base to {', '.join(f'p{n:03}' for n in range(150))} because CHG-1")
    await world.passes(minutes=5)

    shared = world.cloud.members_of(image)
    lane = await world.lane()
    assert lane.state is LaneState.PARTLY_SUCCEEDED
    assert {m.project.id for m in await world.members() if m.outcome.value == "done"} == set(shared)


async def test_names_for_suggestions_are_asked_for_once() -> None:
    """A request with ten mistyped names is one list of names, not ten."""
    world = World(policy(1))
    world.cloud.put_image("base")
    await world.types(ALICE, "share bas, bse, bae to p000 because CHG-1")
    await world.works()

    assert world.cloud.called("image_names") == 1
