"""How fast the bot speaks: within Slack's tiers, and never before it may."""

from __future__ import annotations

import pytest

from bot.adapters.slack.pacing import PACES, Pacer
from bot.domain.errors import ChatBusyError


class Time:
    """A clock whose sleep moves it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(time: Time) -> Pacer:
    return Pacer(sleep=time.sleep, monotonic=time)


async def test_a_burst_passes_and_then_one_a_second(time: Time, pacer: Pacer) -> None:
    """chat.postMessage: about one a second in a channel, bursts tolerated."""
    for _ in range(PACES["chat.postMessage"].burst + 3):
        await pacer.turn("chat.postMessage", "C1")

    assert time.slept == pytest.approx([1.0, 1.0, 1.0])


async def test_channels_do_not_wait_for_each_other_but_updates_do(time: Time, pacer: Pacer) -> None:
    """Posts are limited by channel, updates by workspace."""
    for channel in range(40):
        await pacer.turn("chat.postMessage", f"C{channel}")
    assert time.slept == []
    for channel in range(PACES["chat.update"].burst + 1):
        await pacer.turn("chat.update", f"C{channel}")

    assert time.slept == pytest.approx([1.2])


async def test_updates_stay_below_fifty_a_minute_in_the_long_run(time: Time, pacer: Pacer) -> None:
    """Tier 3."""
    began = time.now
    for _ in range(200):
        await pacer.turn("chat.update", "C1")

    assert 200 - PACES["chat.update"].burst <= (time.now - began) * 50 / 60 + 1


async def test_a_long_queue_is_told_to_come_back(time: Time) -> None:
    """Waiting inside the call would hold a worker; the row is postponed instead, and no token is taken for
    it."""
    stuck = Pacer(sleep=Time().sleep, monotonic=time, patience=3.0)
    for _ in range(PACES["chat.postMessage"].burst + 3):
        await stuck.turn("chat.postMessage", "C1")
    for _ in range(2):
        with pytest.raises(ChatBusyError) as caught:
            await stuck.turn("chat.postMessage", "C1")
        assert caught.value.retry_after == pytest.approx(4.0)


async def test_what_slack_asked_to_wait_is_waited(time: Time, pacer: Pacer) -> None:
    """And the longer of two counts."""
    pacer.rest("chat.update", "C1", 30)
    pacer.rest("chat.update", "C1", 5)
    time.now += 29
    with pytest.raises(ChatBusyError) as caught:
        await pacer.turn("chat.update", "C2")
    time.now += 1.5
    await pacer.turn("chat.update", "C2")

    assert caught.value.retry_after == pytest.approx(1.0)


async def test_other_methods_pass_at_once(time: Time, pacer: Pacer) -> None:
    """A rest of one is no rest of another."""
    pacer.rest("chat.update", "C1", 30)
    for _ in range(100):
        await pacer.turn("views.open", "")

    assert time.slept == []


async def test_idle_channels_are_forgotten(time: Time) -> None:
    """A bot that runs for years writes to many people."""
    pacer = Pacer(sleep=time.sleep, monotonic=time, remembered=10)
    for number in range(100):
        await pacer.turn("chat.postMessage", f"D{number}")
        time.now += 10

    assert len(pacer._buckets) <= 10
