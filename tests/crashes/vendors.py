"""Small stories in which the cloud or Slack does not do what it is asked, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.crashes.acts import ONE, Act, End, Setup, only
from tests.crashes.people import PATIENCE, People
from tests.journeys.cast import ALICE, BOB, CHANNEL, DEV, LEA, OPS, PROD
from tests.journeys.stage import Stage

ALWAYS = 1_000_000
CALL, LISTS, IMAGES = "POST /v1/cloudimages/members", "/members", "GET /v2/cloudimages"
A_MINUTE = 75.0
"""Seconds of patience with a story in which somebody is asked again after a minute."""


async def _goes(p: People, *, also: tuple[str, ...] = (), audit: tuple[str, ...] = ()) -> End:
    """A share that nobody has to approve, and that goes well in the end."""
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={p.stage.images.ubuntu: only(DEV)}, audit=(*ONE, *audit),
        says=("Done and verified: base-ubuntu-24 shared with shop-dev", *also),
    )  # fmt: skip


# -- the cloud ------------------------------------------------------------------------------------------------


async def takes_its_time(p: People) -> End:
    """A job that is asked about more than once."""
    return await _goes(p)


async def job_is_forgotten(p: People) -> End:
    """The cloud does not know the job it has done."""
    return await _goes(p)


async def no_job_was_known(stage: Stage) -> None:
    stage.ims.fault("job_absent", times=ALWAYS)


async def cloud_is_busy(p: People) -> End:
    """The call is put back once."""
    return await _goes(p)


async def one_call_too_many(stage: Stage) -> None:
    stage.ims.fault("429", match=CALL, retry_after=1)


async def answer_is_lost(p: People) -> End:
    """Carried out, and nobody heard of it."""
    return await _goes(p)


async def one_answer_lost(stage: Stage) -> None:
    stage.ims.fault("lose_answer_after", match=CALL)


async def key_is_refused(p: People) -> End:
    """The operator is told, mends the key, and starts the bot anew; after a minute it is tried again."""
    end = await _goes(p)
    async with asyncio.timeout(PATIENCE):
        while "job_put_back" not in await p.stage.kinds(end.request):
            await asyncio.sleep(0.05)
    p.stage.ims.clear_faults()
    p.restart.set()
    return end


async def every_key_refused(stage: Stage) -> None:
    stage.ims.fault("401", match=CALL, times=ALWAYS)


async def call_is_refused(p: People) -> End:
    """For a reason that somebody mends; then it is tried again, by command."""
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    await p.stage.until(lambda: p.stage.button("Retry Failed", f"{n}.1"), PATIENCE)
    p.stage.ims.clear_faults()
    await p.command(ALICE, f"retry #{n}")
    return End(
        request=n, lanes={f"{n}.1": "failed", f"{n}.2": "succeeded"}, shared={p.stage.images.ubuntu: only(DEV)},
        says=("Failed: none of 1 pair", "asked to try", "Done and verified: base-ubuntu-24 shared with shop-dev"),
        audit=(*ONE, "lane_retried"),
    )  # fmt: skip


async def every_call_refused(stage: Stage) -> None:
    stage.ims.fault("refuse:IMG.0067", match=CALL, times=ALWAYS)


async def is_stuck(p: People) -> End:
    """The member list cannot be read, until somebody presses Check Again."""
    image = p.stage.images.debian
    n = await p.asks(BOB, "share base-debian-12 to shop-prod because CHG-30")
    await p.stage.until(lambda: p.stage.button("Approve", f"{n}.1"), PATIENCE)
    p.stage.ims.fault("403", match=LISTS, times=ALWAYS)
    await p.press(LEA, "Approve", f"{n}.1")
    await p.stage.until(lambda: p.stage.button("Check Again", f"{n}.1"), PATIENCE)
    p.stage.ims.clear_faults()
    await p.press(LEA, "Check Again", f"{n}.1")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, decisions=1, shared={image: only(PROD)},
        says=("Stuck:", "Done and verified: base-debian-12 shared with shop-prod"), audit=(*ONE, "lane_resumed"),
    )  # fmt: skip


async def is_cancelled_while_planned(p: People) -> End:
    """The cloud is away, so nothing is known of it yet."""
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    said = await p.command(ALICE, f"cancel #{n}")
    p.stage.ims.clear_faults()
    return End(
        request=n, private=((ALICE, "is cancelled"),) if not said else (), audit=(*ONE, "request_cancelled")
    )


async def the_cloud_away(stage: Stage) -> None:
    stage.ims.fault("503", match=IMAGES, times=ALWAYS)


async def is_cancelled_in_the_queue(p: People) -> tuple[End, ...]:
    """Approved, and waiting for another call for the same pair."""
    image = p.stage.images.ubuntu
    first = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    await p.stage.until(lambda: p.stage.ims.jobs, PATIENCE)
    second = await p.asks(BOB, "share base-ubuntu-24 to shop-dev, shop-test")
    await p.stage.in_state("approved", f"{second}.1", PATIENCE)
    await p.command(BOB, f"cancel #{second}")
    return (
        End(request=first, lanes={f"{first}.1": "succeeded"}, shared={image: only(DEV)}, audit=ONE,
            says=("Done and verified: base-ubuntu-24 shared with shop-dev",)),
        End(request=second, lanes={f"{second}.1": "cancelled"}, audit=ONE, says=("cancelled this part",)),
    )  # fmt: skip


async def facts_stay_unknown(p: People) -> End:
    """From the approval on: after forty tries it is over."""
    n = await p.asks(BOB, "share base-debian-12 to shop-prod because CHG-31")
    await p.stage.until(lambda: p.stage.button("Approve", f"{n}.1"), PATIENCE)
    p.stage.ims.fault("503", match=IMAGES, times=ALWAYS)
    await p.press(LEA, "Approve", f"{n}.1")
    return End(
        request=n, lanes={f"{n}.1": "expired"}, decisions=1, shared={p.stage.images.debian: only()},
        says=("Expired:",), audit=(*ONE, "lane_expired"),
    )  # fmt: skip


# -- Slack ----------------------------------------------------------------------------------------------------


async def slack_is_busy(p: People) -> End:
    """The first message has to wait."""
    return await _goes(p)


async def one_message_too_many(stage: Stage) -> None:
    stage.slack.fault("chat.postMessage", "429")


async def token_is_refused(p: People) -> End:
    """Once; after a minute it is tried again."""
    return await _goes(p)


async def one_token_refused(stage: Stage) -> None:
    stage.slack.fault("chat.postMessage", "invalid_auth")


async def bot_is_not_invited(p: People) -> End:
    """Its requester is told how to, and a minute later the card is there."""
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    await p.stage.told(ALICE, "I cannot post its card in this channel", PATIENCE)
    p.stage.slack.invite_bot(CHANNEL)
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={p.stage.images.ubuntu: only(DEV)}, audit=ONE,
        says=("Done and verified: base-ubuntu-24 shared with shop-dev",),
    )  # fmt: skip


async def nobody_invited_it(stage: Stage) -> None:
    stage.slack.kick_bot(CHANNEL)


async def ops_channel_is_gone(p: People) -> End:
    """What was for it is given up, and nothing else."""
    end = await _goes(p)
    return End(request=end.request, lanes=end.lanes, shared=end.shared, says=end.says, audit=ONE, given_up=1)


VENDORS: Mapping[Act, Setup] = {
    takes_its_time: Setup(job_seconds=2.5),
    job_is_forgotten: Setup(prepare=no_job_was_known),
    cloud_is_busy: Setup(prepare=one_call_too_many),
    answer_is_lost: Setup(prepare=one_answer_lost),
    call_is_refused: Setup(prepare=every_call_refused),
    is_stuck: Setup(),
    is_cancelled_while_planned: Setup(prepare=the_cloud_away),
    is_cancelled_in_the_queue: Setup(job_seconds=8.0),
    facts_stay_unknown: Setup(settings={"retry_delay": 0.0001, "facts_age": 0.0001}, patience=45.0),
    slack_is_busy: Setup(prepare=one_message_too_many),
    ops_channel_is_gone: Setup(settings={"ops_channel": "C0NOWHERE"}),
    key_is_refused: Setup(prepare=every_key_refused, settings={"ops_channel": OPS}, patience=A_MINUTE),
    token_is_refused: Setup(prepare=one_token_refused, patience=A_MINUTE),
    bot_is_not_invited: Setup(prepare=nobody_invited_it, patience=A_MINUTE),
}
