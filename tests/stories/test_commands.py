"""What a typed command is answered with, at once and privately."""

from __future__ import annotations

import pytest

from bot.domain.model import ClickKind
from bot.domain.states import LaneState, RequestState
from tests.stories.world import ALICE, BOB, DEV, LEA, World


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "share"),
        ("help", "unshare"),
        ("help share", "for 30d"),
        ("shaer base to shop-dev", "Did you mean share"),
        ("share", "Nothing was recorded"),
        ('share "base to shop-dev', "quote"),
        ("share base shop-dev", "Nothing was recorded"),
        ("status #99", "no request #99"),
        ("cancel #99", "no request #99"),
        ("retry #99", "no request #99"),
        ("list", "No requests"),
    ],
)
async def test_every_text_is_answered_and_nothing_is_stored(text: str, words: str) -> None:
    """A typo must not become a request."""
    world = World()
    answer = await world.types(ALICE, text)

    assert words in answer.text
    assert await world.kinds() == []


async def test_status_shows_the_card_without_buttons() -> None:
    """Anybody may look; only the card decides."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod because CHG-7")
    await world.works()
    answer = await world.types(BOB, "status #1")

    assert "CHG-7" in answer.text
    assert not [part for part in answer.parts if part.type == "buttons"]


async def test_lists_are_mine_open_or_all() -> None:
    """Newest first, one line a request."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=1)
    await world.types(BOB, "share base to shop-prod")
    await world.works()

    assert "#1" in (await world.types(ALICE, "list")).text
    assert "#2" not in (await world.types(ALICE, "list mine")).text
    opened = (await world.types(ALICE, "list open")).text
    assert "#2" in opened
    assert "#1" not in opened
    everything = (await world.types(ALICE, "list all")).text
    assert everything.index("#2") < everything.index("#1")


async def test_who_reads_the_clouds_list_and_names_the_register() -> None:
    """Projects not in the register are shown too: somebody shared behind the bot's back."""
    world = World()
    image = world.cloud.put_image("base")
    world.cloud.put_member(image, DEV, "accepted")
    world.cloud.put_member(image, "f" * 32, "pending")
    await world.types(ALICE, "who base")
    await world.works()

    assert "shop-dev" in world.told()[-1]
    assert "2 projects" in world.told()[-1]


async def test_who_answers_unknown_and_ambiguous_names() -> None:
    """With the nearest, or with the ids."""
    world = World()
    world.cloud.put_image("base-one")
    world.cloud.put_image("twin")
    world.cloud.put_image("twin")
    await world.types(ALICE, "who base-onee")
    await world.types(ALICE, "who twin")
    await world.works()

    assert "Did you mean base-one" in world.told()[0]
    assert "2 images" in world.told()[1]


async def test_cancel_takes_back_what_is_open_and_says_what_cannot_be_stopped() -> None:
    """One lane runs, the other waits."""
    world = World()
    world.cloud.put_image("base")
    world.cloud.polls_to_end = 100
    await world.types(ALICE, "share base to shop-dev, shop-prod")
    await world.passes(seconds=3)
    answer = await world.types(ALICE, "cancel #1")
    await world.works()

    assert "cannot be stopped" in answer.text
    assert [lane.state for lane in await world.lanes()] == [LaneState.RUNNING, LaneState.CANCELLED]


async def test_cancel_before_the_plan_is_there() -> None:
    """The look-up finds it cancelled and does nothing."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    answer = await world.types(ALICE, "cancel #1")
    await world.passes(minutes=1)

    assert "is cancelled" in answer.text
    assert (await world.request()).state is RequestState.CANCELLED
    assert world.roots() == []
    assert world.cloud.submitted == []


async def test_somebody_elses_request_cannot_be_cancelled_or_retried() -> None:
    """Said with the name of the one who can; kept in the audit log."""
    world = World()
    world.cloud.put_image("base")
    world.cloud.end_next_job("fail")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=2)

    assert "Only the person who asked" in (await world.types(BOB, "cancel #1")).text
    assert "Only the person who asked" in (await world.types(BOB, "retry #1")).text
    assert {"cancel_refused", "retry_refused"} <= set(await world.kinds())


async def test_an_approver_may_retry_what_they_approved() -> None:
    """The requester may be asleep."""
    world = World()
    world.cloud.put_image("base")
    world.cloud.end_next_job("fail")
    await world.types(ALICE, "share base to shop-prod")
    await world.works()
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=2)
    assert (await world.lane()).state is LaneState.FAILED
    assert "trying again" in (await world.types(LEA, "retry #1")).text
    await world.passes(minutes=2)

    assert (await world.lane("1.2")).state is LaneState.SUCCEEDED
    assert (await world.request()).state is RequestState.ENDED


async def test_a_request_with_nothing_to_retry_says_so() -> None:
    """Done is done."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=1)

    assert "nothing to retry" in (await world.types(ALICE, "retry #1")).text
    assert "nothing to cancel" in (await world.types(ALICE, "cancel #1")).text


@pytest.mark.parametrize(
    "text",
    [
        "share base, vault to shop-dev, shop-prod because CHG-1 --dry-run",
        "share base, vault to shop-dev, shop-prod --dry-run",
    ],
)
async def test_a_dry_run_shows_the_plan_to_the_requester_alone_and_does_nothing(text: str) -> None:
    """Look before you leap."""
    world = World()
    world.cloud.put_image("base")
    world.cloud.put_image("vault", encrypted=True)
    await world.types(ALICE, text)
    await world.passes(hours=1)

    assert "Dry run" in world.told()[-1]
    assert "Waiting for 1 of leads" in world.told()[-1]
    assert "Refused by the policy" in world.told()[-1]
    assert world.chat.messages() == []
    assert world.cloud.submitted == []
    assert await world.kinds() == []
    buttons = [part for part in world.chat.responses[-1].message.parts if part.type == "buttons"]
    assert buttons == []


async def test_a_dry_run_of_something_unknown_says_so() -> None:
    """The same help as for the real thing."""
    world = World()
    world.cloud.put_image("base-ubuntu")
    await world.types(ALICE, "share base-ubunut to shop-dev --dry-run")
    await world.works()

    assert "Did you mean base-ubuntu" in world.told()[-1]


async def test_why_shows_each_rule_with_the_values_of_its_conditions() -> None:
    """A policy that explains itself is asked less often."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    await world.works()
    await world.types(BOB, "why #1")
    await world.works()

    message = world.chat.responses[-1].message
    text = " ".join(
        span.text
        for part in message.parts
        if part.type == "bullets"
        for line in part.lines
        for span in line
        if span.type == "text"
    )
    assert "Why #1" in message.text
    assert "1 of leads" in message.text
    assert "project.env eq prod: is  prod" in text
    assert "encrypted-image" in text


async def test_why_of_an_unknown_request_says_so() -> None:
    """And tells nothing else."""
    world = World()
    await world.types(BOB, "why #77")
    await world.works()

    assert "no request #77" in world.told()[-1]
