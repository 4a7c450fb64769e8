"""SIGKILL between any two steps, and a new start: the same end, nothing twice, nothing untold. And SIGTERM in good order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.simulator.slack import SimMessage
from tests.journeys.cast import ALICE, CHANNEL, LEA, PROD
from tests.journeys.process import Process, served
from tests.journeys.seats import words
from tests.journeys.stage import Stage, empty_stage

SHARE = "POST /v1/cloudimages/members"
TEXT = "share base-ubuntu-24 to shop-prod because CHG-1"
AGAIN = "it may stand here twice"
SOON: dict[str, Any] = {"http_timeout": 1.5, "lease": 3, "settle_delay": 0.3}

Step = Callable[[Stage], Awaitable[None]]


async def asked(s: Stage) -> None:
    """The command has been acknowledged."""
    await s.command(ALICE, TEXT)


async def asked_while_the_cloud_is_slow(s: Stage) -> None:
    """Acknowledged, and the look-up is under way."""
    s.ims.fault("hang_before", match="GET /v2/cloudimages", times=3)
    await s.command(ALICE, TEXT)
    await s.until(lambda: any(c.path == "/v2/cloudimages" and c.query.get("name") for c in s.ims.calls))


async def card_is_there(s: Stage) -> None:
    """Slack shows the card; whether the bot has noted where is open."""
    await s.command(ALICE, TEXT)
    await s.until(lambda: s.button("Approve", "1.1"))


async def card_is_there_unheard(s: Stage) -> None:
    """Slack shows the card and the answer was cut."""
    s.slack.fault("chat.postMessage", "cut_after")
    await card_is_there(s)


async def card_is_noted(s: Stage) -> None:
    await card_is_there(s)
    await s.quiet()


async def clicked(s: Stage) -> None:
    """The click has been acknowledged."""
    await card_is_noted(s)
    await s.press(LEA, "Approve")


async def share_received_not_done(s: Stage) -> None:
    """The cloud has the call before it and has not begun."""
    await card_is_noted(s)
    s.ims.fault("hang_before", match=SHARE)
    await s.press(LEA, "Approve")
    await s.until(lambda: s.ims.writes())


async def share_received_and_begun(s: Stage) -> None:
    """The cloud has carried out the call, and its answer never comes."""
    await card_is_noted(s)
    s.ims.fault("hang_after", match=SHARE)
    await s.press(LEA, "Approve")
    await s.until(lambda: s.ims.jobs)


async def job_runs(s: Stage) -> None:
    await card_is_noted(s)
    await s.press(LEA, "Approve")
    await s.in_state("running")


async def job_ended_not_read_back(s: Stage) -> None:
    """The bot knows that the job ended and has asked for the member list."""
    await job_runs(s)
    before = len(s.ims.calls)
    s.ims.fault("hang_before", match="/members", times=20)
    await s.until(lambda: any("members" in c.path and c.method == "GET" for c in s.ims.calls[before:]))


async def read_back_not_told(s: Stage) -> None:
    """The outcome is stored; its reply is on the way to a Slack that does not answer."""
    await job_runs(s)
    await s.says("approved")
    s.slack.fault("chat.postMessage", "hang", times=5)
    await s.in_state("succeeded")
    await s.until(lambda: [c for c in s.slack.calls if c.method == "chat.postMessage" and c.status == 0])


async def told_unheard(s: Stage) -> None:
    """The reply stands in the thread and its answer was cut."""
    await job_runs(s)
    await s.says("approved")
    s.slack.fault("chat.postMessage", "cut_after", times=1)
    await s.says("Done and verified")


async def over(s: Stage) -> None:
    await job_runs(s)
    await s.settled()


ALWAYS = (clicked, share_received_and_begun, job_runs, read_back_not_told)
STEPS: tuple[Step, ...] = (
    asked, asked_while_the_cloud_is_slow, card_is_there, card_is_there_unheard, card_is_noted, clicked,
    share_received_not_done, share_received_and_begun, job_runs, job_ended_not_read_back, read_back_not_told, told_unheard,
    over,
)  # fmt: skip


def chosen(steps: tuple[Step, ...]) -> list[Any]:
    marks = {step: () if step in ALWAYS else (pytest.mark.slow,) for step in steps}
    return [pytest.param(step, marks=marks[step], id=step.__name__) for step in steps]


@asynccontextmanager
async def crash_stage(mode: str) -> AsyncIterator[Stage]:
    async with empty_stage(mode, job_seconds=1.0, **SOON) as s:
        yield s
        await s.judged({})


async def carried_to_its_end(s: Stage) -> None:
    """Whatever is still to be done by people is done, and everything else by the bot alone."""
    await s.until(lambda: s.cards(), 30)
    if not (await s.lane()).get("decisions"):
        await s.quiet(30)
    lane = await s.lane()
    if lane["state"] == "awaiting_approval" and not lane["decisions"]:
        await s.press(LEA, "Approve", seconds=20)
    assert await s.settled(seconds=60) == "ended"


def marked(message: SimMessage) -> bool:
    """Whether it came with the words that it may be a repetition; a card loses them when it is drawn anew."""
    return any(AGAIN in words(version) for version in (message, *message.history))


def assert_once(s: Stage) -> None:
    """One effect; one card and one reply of each kind, or a repetition that says so."""
    assert s.added() == [(s.images.ubuntu, PROD)]
    assert s.shared(s.images.ubuntu) == {PROD}
    assert [marked(card) for card in s.cards()] in ([False], [True], [False, True])
    assert s.slack.buttons(CHANNEL, s.cards()[-1].ts) == []
    for part in ("Done and verified", "approved"):
        replies = [m for m in s.slack.messages(CHANNEL) if m.thread_ts and part in m.text]
        assert [marked(m) for m in replies] in ([False], [True], [False, True]), part


@pytest.mark.parametrize("step", chosen(STEPS))
async def test_a_crash_at_any_step_changes_nothing_in_the_end(step: Step) -> None:
    """Promise 2: whatever crashes, one effect and one visible answer."""
    async with crash_stage("socket") as s:
        async with served(s) as bot:
            await step(s)
            await bot.kill()
        s.ims.clear_faults()
        s.slack.clear_faults()
        async with served(s) as bot:
            await carried_to_its_end(s)
            assert await bot.terminate() == 0
        assert_once(s)


@pytest.mark.slow
@pytest.mark.parametrize("step", [clicked, share_received_and_begun, read_back_not_told])
async def test_a_crash_in_http_mode_is_no_other(step: Step) -> None:
    """The door is another, the rest is the same."""
    async with crash_stage("http") as s:
        async with served(s) as bot:
            await step(s)
            await bot.kill()
        s.ims.clear_faults()
        s.slack.clear_faults()
        async with served(s) as bot:
            await carried_to_its_end(s)
            assert await bot.terminate() == 0
        assert_once(s)


@pytest.mark.slow
async def test_a_bot_that_is_killed_again_and_again_still_comes_to_the_end() -> None:
    """A crash loop is not a reason to share twice."""
    async with crash_stage("socket") as s:
        async with served(s) as bot:
            await clicked(s)
            await bot.kill()
        for _ in range(4):
            async with served(s) as bot:
                await bot.kill()
        async with served(s) as bot:
            await carried_to_its_end(s)
            assert await bot.terminate() == 0
        assert_once(s)


async def stopped_in_time(bot: Process) -> None:
    assert await bot.terminate(10) == 0


@pytest.mark.parametrize("step", [asked, pytest.param(clicked, marks=pytest.mark.slow), share_received_and_begun,
                                  pytest.param(job_runs, marks=pytest.mark.slow)])  # fmt: skip
async def test_sigterm_with_work_in_flight_ends_in_time_and_loses_nothing(step: Step) -> None:
    """A deployment stops the bot in the middle of the day."""
    async with crash_stage("socket") as s:
        async with served(s) as bot:
            await step(s)
            await stopped_in_time(bot)
        s.ims.clear_faults()
        async with served(s) as bot:
            await carried_to_its_end(s)
            await stopped_in_time(bot)
        assert_once(s)
