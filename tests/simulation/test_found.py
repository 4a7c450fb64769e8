"""What the simulation has found, each as the shortest story that shows it."""

from __future__ import annotations

from tests.stories.world import ALICE, World


async def test_a_message_that_slack_surely_refused_is_not_marked_as_a_repetition() -> None:
    """A refused token left the card as being sent, so that later it said it might stand there twice (found by seed 174)."""
    world = World()
    world.cloud.put_image("base")
    world.chat.fail("auth", method="post")
    await world.types(ALICE, "share base to shop-dev")

    await world.passes(minutes=3)

    assert [root.mark for root in world.roots()] == [""]
