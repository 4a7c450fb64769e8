"""Many results in one minute in one channel, in counted time: what people see, how soon, and with how many calls (goal G9)."""

from __future__ import annotations

import pytest

from bench.flood import Sizes
from bench.slack_output import LATENCY, Outcome, flooded, one_flood
from tests.fakes.memory_store import MemoryStore
from tests.judge.blocks import problems


def nothing_is_amiss(seen: Outcome, sizes: Sizes) -> None:
    """What must be so however many there are."""
    assert seen.results == sizes.requests * sizes.lanes
    assert (seen.refused, seen.forbidden) == (0, 0)
    assert seen.true_cards == seen.cards == sizes.requests
    assert [problems(message) for message in seen.digests if problems(message)] == []


async def test_a_small_flood_is_said_in_time_and_within_what_slack_takes() -> None:
    """The same as below, small enough for every run."""
    sizes = Sizes(requests=20, lanes=4, seconds=6)
    seen = await flooded(MemoryStore(), sizes)

    nothing_is_amiss(seen, sizes)
    assert seen.posts <= 12
    assert seen.visible[-1] <= 4


async def test_results_that_all_come_in_one_moment_are_said_in_a_few_seconds() -> None:
    """A region comes back, and everything that waited ends at once."""
    sizes = Sizes(requests=60, lanes=1, seconds=0.001)
    seen = await flooded(MemoryStore(), sizes)

    nothing_is_amiss(seen, sizes)
    assert seen.posts <= 4
    assert seen.visible[-1] <= 3 + LATENCY


@pytest.mark.slow
async def test_a_thousand_results_in_a_minute() -> None:
    """G9: said within two seconds, in at most 80 calls, every card true within three minutes, nothing refused by Slack."""
    sizes = Sizes(requests=125, lanes=8)
    seen = await one_flood(sizes)

    nothing_is_amiss(seen, sizes)
    assert seen.p99 <= 2.0
    assert seen.posts <= 80
    assert seen.last_card <= 180


@pytest.mark.slow
async def test_a_thousand_results_of_a_thousand_requests() -> None:
    """They are said just as soon. A thousand cards take Slack's fifty updates a minute, and the digest is true meanwhile."""
    sizes = Sizes(requests=1000, lanes=1)
    seen = await one_flood(sizes)

    nothing_is_amiss(seen, sizes)
    assert seen.p99 <= 2.0
    assert seen.posts <= 80
    assert seen.updates == 1000
