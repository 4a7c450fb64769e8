"""A few of the rounds of `python -m tests.crashes`, and its judge on trial."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crashes.acts import goes_at_once
from tests.crashes.judging import judged
from tests.crashes.lives import alive, cradle
from tests.crashes.rounds import Plan, run_round
from tests.crashes.trouble import scene
from tests.journeys.cast import CHANNEL


async def test_killed_at_random_nothing_is_lost_and_nothing_is_double(tmp_path: Path) -> None:
    """Promise 2, by the hand of chance."""
    async with cradle() as here:
        outcome = await run_round(Plan.of(1003), here, length=2.5, keep=tmp_path)
    assert outcome.deaths
    assert outcome.verdict.good, outcome


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 1000, 1001, 1002, 1004, 1005, 1006, 1007])
async def test_more_of_the_same(seed: int, tmp_path: Path) -> None:
    """The seed of a failure names it."""
    async with cradle() as here:
        outcome = await run_round(Plan.of(seed), here, length=2.5, keep=tmp_path)
    assert outcome.verdict.good, outcome


def test_a_seed_is_always_the_same_round() -> None:
    """Else a failure could not be looked at again."""
    assert [Plan.of(seed) for seed in range(50)] == [Plan.of(seed) for seed in range(50)]
    assert len({Plan.of(seed).kills for seed in range(50)}) == 50


@pytest.mark.slow
async def test_the_judge_finds_what_is_lost_double_and_broken() -> None:
    """A judge that cannot say no proves nothing."""
    async with scene() as s, alive(s.cradle, s.stage) as life:
        end = await goes_at_once(s.people)
        await s.settled(end)
        await life.terminate()
        reply = next(m for m in s.stage.slack.messages(CHANNEL) if m.thread_ts)
        s.stage.slack.ws.messages[CHANNEL].append(reply)
        s.stage.ims.drop_member(s.stage.images.ubuntu, next(iter(end.shared[s.stage.images.ubuntu])))
        with closing(sqlite3.connect(s.stage.database)) as db:
            db.execute("UPDATE notices SET state = 'pending' WHERE kind = 'thread'")
            db.execute("PRAGMA writable_schema = ON")
            db.execute("DELETE FROM sqlite_master WHERE name LIKE 'events_are%'")
            db.commit()
        with closing(sqlite3.connect(s.stage.database)) as db:
            db.execute("UPDATE events SET data = '{}' WHERE kind = 'request_received'")
            db.commit()
        verdict = await judged(s.people, [end])
        assert any("is pending" in one for one in verdict.lost), verdict
        assert any("is shared with []" in one for one in verdict.lost), verdict
        assert any("said 2 times" in one for one in verdict.double), verdict
        assert any("audit log" in one for one in verdict.broken), verdict
