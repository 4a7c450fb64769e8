"""How fast the bot speaks: within Slack's tiers, and never before it may."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.slack.pacing import DISTANCE, PACES, Pacer
from bot.domain.errors import ChatBusyError
from bot.ports import Way


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

    assert time.slept == pytest.approx([1 / PACES["chat.update"].per_second])


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


# -- turns ---------------------------------------------------------------------------------------------------


def ask(pacer: Pacer, ticket: int, rank: float = 0.0, *, steady: bool = False, channel: str = "C1") -> float:
    return pacer.ask(Way.POST, channel, ticket=ticket, rank=rank, steady=steady)


def used_up(pacer: Pacer) -> None:
    for ticket in range(PACES["chat.postMessage"].burst):
        assert ask(pacer, -1 - ticket) == 0


def test_those_who_wait_are_told_times_of_their_own(pacer: Pacer) -> None:
    """A thousand who all come back together would be asked and refused a thousand times a second."""
    used_up(pacer)

    assert [ask(pacer, ticket, rank=ticket) for ticket in range(4)] == pytest.approx([1, 2, 3, 4])


def test_the_more_urgent_and_the_older_come_first(time: Time, pacer: Pacer) -> None:
    """A card that waits for a decision stands before a report, an older report before a younger."""
    used_up(pacer)
    ask(pacer, 1, rank=20)
    ask(pacer, 2, rank=10)
    time.now += 1

    assert ask(pacer, 1, rank=20) > 0
    assert ask(pacer, 3, rank=5) == 0
    time.now += 1
    assert ask(pacer, 1, rank=20) > 0
    assert ask(pacer, 2, rank=10) == 0
    time.now += 1
    assert ask(pacer, 1, rank=20) == 0


def test_nobody_waits_for_ever(time: Time, pacer: Pacer) -> None:
    """Rank is age: what has waited long enough stands before everything that came later, however urgent."""
    used_up(pacer)
    served = []
    waiting: dict[int, float] = {0: 60.0}
    for second in range(1, 200):
        time.now += 1
        waiting[second] = float(second)  # urgent ones, one a second, with a head start of a minute
        for ticket, rank in sorted(waiting.items(), key=lambda item: item[1]):
            if ask(pacer, ticket, rank) == 0:
                served.append(ticket)
                del waiting[ticket]
                break

    assert 0 in served


def test_one_who_does_not_come_back_does_not_hold_up_the_others(time: Time, pacer: Pacer) -> None:
    """A report that a digest has said, or a process that has ended."""
    used_up(pacer)
    ask(pacer, 1, rank=1)
    ask(pacer, 2, rank=2)
    pacer.leave(1)
    time.now += 1
    assert ask(pacer, 2, rank=2) == 0

    used_up_again = ask(pacer, 3, rank=3)
    assert used_up_again > 0
    ask(pacer, 4, rank=4)
    time.now += 30
    assert ask(pacer, 4, rank=4) == 0


def test_a_steady_one_leaves_the_burst_to_others(time: Time, pacer: Pacer) -> None:
    """Reports keep one a second from the first on, so that an answer to a person finds a token."""
    assert ask(pacer, 1, steady=True) == 0
    assert ask(pacer, 2, steady=True) == pytest.approx(DISTANCE)
    assert ask(pacer, 3, rank=-1) == 0
    time.now += DISTANCE
    assert ask(pacer, 2, steady=True) == 0


async def test_a_granted_turn_is_that_of_the_next_call(time: Time, pacer: Pacer) -> None:
    """It costs one token, not two."""
    used_up(pacer)
    for _ in range(PACES["chat.postMessage"].burst):
        await pacer.turn("chat.postMessage", "C1")
    assert time.slept == []
    await pacer.turn("chat.postMessage", "C1")

    assert time.slept == pytest.approx([1.0])


async def test_a_rest_holds_up_its_own_method_and_channel_alone(time: Time, pacer: Pacer) -> None:
    """A 429 of one channel's posts says nothing of another's, nor of updates."""
    pacer.rest("chat.postMessage", "C1", 30)

    assert ask(pacer, 1) == pytest.approx(30)
    assert ask(pacer, 2, channel="C2") == 0
    assert pacer.ask(Way.UPDATE, "C1", ticket=3, rank=0) == 0
    time.now += 30
    assert ask(pacer, 1) == 0


async def test_after_a_rest_there_are_no_bursts_for_a_while(time: Time, pacer: Pacer) -> None:
    """Slack has said that it takes less than we thought."""
    pacer.rest("chat.postMessage", "C1", 1)
    time.now += 60
    assert [ask(pacer, 1) == 0, ask(pacer, 2) == 0] == [True, False]
    time.now += 600
    used_up(pacer)


async def test_while_a_call_is_under_way_no_other_of_its_kind_begins(pacer: Pacer) -> None:
    """Its answer may forbid the next."""
    order = []
    patient = Pacer()

    async def call(name: str) -> None:
        async with patient.calling("chat.update", "C1"):
            order.append(f"{name} begins")
            await asyncio.sleep(0.01)
            order.append(f"{name} ends")

    await asyncio.gather(call("one"), call("two"))

    assert order == ["one begins", "one ends", "two begins", "two ends"]


def test_the_paces_stay_within_what_slack_promises() -> None:
    """For any one minute: the burst and what follows it."""
    tiers = {
        "chat.update": 50,
        "chat.postEphemeral": 100,
        "conversations.history": 50,
        "conversations.replies": 50,
    }
    for method, most in tiers.items():
        assert PACES[method].burst + 60 * PACES[method].per_second <= most
