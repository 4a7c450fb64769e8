"""SIGTERM: what is in hand is finished or left to the next life, the exit code is 0, and who asks twice is in a hurry."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.crashes.acts import ACTS, End, goes_at_once
from tests.crashes.lives import alive
from tests.crashes.trouble import said_plainly, scene


@pytest.mark.slow
@pytest.mark.parametrize("act", ["goes_at_once", "waits_for_a_lead", "is_taken_back", "asks_who"])
async def test_sigterm_again_and_again_in_a_story_changes_nothing_of_its_end(act: str) -> None:
    """Five deployments in the middle of a story."""
    async with scene() as s:
        story = asyncio.create_task(ACTS[act](s.people))
        for seconds in (0.0, 0.05, 0.1, 0.4, 1.0):
            async with alive(s.cradle, s.stage) as life:
                await asyncio.sleep(seconds)
                assert await life.terminate() == 0
        async with alive(s.cradle, s.stage) as life:
            end = await story
            assert isinstance(end, End)
            await s.stage.quiet(60)
            await s.settled(*([end] if end.request else []))
            assert await life.terminate() == 0


@pytest.mark.slow
async def test_who_asks_twice_is_not_kept_waiting() -> None:
    """A cloud that does not answer holds up the first SIGTERM, not the second; the row goes on in the next life."""
    async with scene(shutdown_timeout=60) as s:
        s.stage.ims.fault("hang_before", match="GET /v2/cloudimages", times=9)
        async with alive(
            s.cradle, s.stage, environ={"IMAGEBOT_HTTP_TIMEOUT": "50", "IMAGEBOT_LEASE": "60"}
        ) as life:
            story = asyncio.create_task(goes_at_once(s.people))
            await s.stage.until(
                lambda: any(c.path == "/v2/cloudimages" and "name" in c.query for c in s.stage.ims.calls)
            )
            life.ask_to_stop()
            await s.stage.until(lambda: '"stopping"' in life.said())
            life.send(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await life.code == 0
        s.stage.ims.clear_faults()
        async with alive(s.cradle, s.stage) as life:
            await s.settled(await story)


@pytest.mark.parametrize("seconds", [0.0, 0.03, 0.06, 0.1, 0.2])
@pytest.mark.slow
async def test_sigterm_during_the_start_ends_it_in_good_order(seconds: float) -> None:
    """A deployment that was taken back at once."""
    async with scene() as s:
        life = await s.cradle.bear(s.stage)
        await asyncio.sleep(seconds)
        code = await life.terminate()
        assert code in (0, -signal.SIGTERM)
        assert said_plainly(life) == ""
        async with alive(s.cradle, s.stage):
            await s.settled(await goes_at_once(s.people))


async def test_sigterm_while_slack_does_not_answer_the_start_ends_it() -> None:
    """Until it serves there is nothing to lose, and nothing to wait for."""
    async with scene() as s:
        s.stage.slack.fault("auth.test", "hang", times=9)
        life = await s.cradle.bear(s.stage)
        await s.stage.until(lambda: s.stage.database.exists())
        await asyncio.sleep(0.3)
        code = await life.terminate(10)
        assert code in (0, -signal.SIGTERM)
        assert "Traceback" not in life.said()
        s.stage.slack.clear_faults()
