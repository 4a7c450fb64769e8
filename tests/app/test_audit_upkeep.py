"""The head of the audit log is noted outside once a day, however often the process starts; old events go behind a seal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog

from bot.app.audit_archive import add_to_archive
from bot.app.audit_exports import read_export
from bot.app.audit_retention import PORTION, Order, retain
from bot.app.audit_upkeep import AuditUpkeep, Rounds
from bot.app.logs import set_up_log
from bot.domain.audit import RETAINED, Anchor, Start, anchors_in, verify
from bot.domain.errors import BotError, OperatorError, StoreBrokenError, StoreBusyError
from bot.domain.model import AuditEvent, ClickKind
from bot.ports import View
from tests.stories.witness import WitnessedStore
from tests.stories.world import ALICE, LEA, World

T = TypeVar("T")
DAY = timedelta(days=1)


class Round:
    """A world with its upkeep, and what it logs and complains about."""

    def __init__(self, world: World, channel: str | None = "C0OPS", **rounds: Any) -> None:
        self.world, self.troubles = world, list[OperatorError]()
        given = {"anchor_every": DAY} | rounds
        self.upkeep = AuditUpkeep(world.outside, Rounds(**given), channel, self.troubles.append)

    async def turn(self) -> list[dict[str, Any]]:
        """What one turn logs."""
        with structlog.testing.capture_logs() as lines:
            await self.upkeep.turn()
        return [dict(line) for line in lines]


async def log_of(world: World) -> tuple[AuditEvent, ...]:
    return await world.store.read(lambda view: view.events(limit=10_000))


async def test_the_head_is_noted_once_a_day_however_often_the_process_starts() -> None:
    """The last time stands in the log itself, not in the process."""
    world = World()
    noted = 0
    for _ in range(72):
        noted += len(await Round(world).turn())
        world.clock.time += timedelta(hours=1)

    assert noted == 3
    assert await world.kinds() == ["head_anchored"] * 3


async def test_what_is_noted_leads_back_to_the_log() -> None:
    """The line of the log and the message in the channel are what an auditor brings along."""
    world = World()
    await world.store.write(lambda tx: tx.record("bot_started", at=world.clock.now()))
    (line,) = await Round(world).turn()
    await world.works()
    (event,) = [e for e in await log_of(world) if e.kind == "head_anchored"]
    (message,) = world.chat.messages("C0OPS")

    assert (line["event"], line["id"], line["count"], line["hash"]) == ("audit_head", 2, 2, event.hash)
    assert f"imagebot audit verify --head {event.hash} --count 2" in message.message.text
    anchors = anchors_in([json.dumps(line)], "log")
    assert verify(await log_of(world), anchors=anchors) is None
    forged = [Anchor(id=2, hash="0" * 64)]
    assert verify(await log_of(world), anchors=forged) is not None


async def test_the_noted_hash_survives_the_log_that_hides_secrets() -> None:
    """A hidden hash would prove nothing."""
    world, out = World(), io.StringIO()
    set_up_log("info", out)
    try:
        await Round(world).upkeep.turn()
        await Round(world).upkeep.say_head()
    finally:
        structlog.reset_defaults()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]

    assert [line["hash"] for line in lines] == [(await log_of(world))[0].hash] * 2
    assert len(anchors_in(out.getvalue().splitlines(), "log")) == 2


@pytest.mark.parametrize("trouble", [StoreBusyError, StoreBrokenError])
async def test_a_store_that_cannot_be_read_does_not_keep_the_bot_from_stopping(
    trouble: type[BotError],
) -> None:
    """An exit code of 1 after SIGTERM would make a supervisor start it again."""

    class Locked(WitnessedStore):
        async def read(self, query: Callable[[View], T]) -> T:
            raise trouble

    world = World()
    world.outside = replace(world.outside, store=Locked())
    with structlog.testing.capture_logs() as lines:
        await Round(world).upkeep.say_head()

    assert [line["event"] for line in lines] == ["audit_head_not_said"]
    assert lines[0]["why"]


async def test_without_a_channel_the_log_alone_is_told() -> None:
    """Not everybody has an ops channel."""
    world = World()
    assert len(await Round(world, None).turn()) == 1
    await world.works()

    assert world.chat.messages() == []
    assert (await log_of(world))[0].data == {"told": ["log"]}


async def test_a_clock_that_was_set_back_does_not_silence_the_notes() -> None:
    """Else whoever sets the clock a year ahead for a minute has a year of peace."""
    world = World()
    world.clock.time += timedelta(days=365)
    await Round(world).turn()
    world.clock.time -= timedelta(days=365)

    assert len(await Round(world).turn()) == 1


# -- retention -----------------------------------------------------------------------------------------------------


async def an_old_story(world: World) -> int:
    """A request that ended, a month of quiet, and one that is open; how many events the first one left."""
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=5)
    ended = len(await log_of(world))
    world.clock.time += 30 * DAY
    await world.types(ALICE, "share base to shop-prod because CHG-1")
    await world.works()
    return ended


async def test_old_events_are_archived_sealed_and_removed(tmp_path: Path) -> None:
    """What is kept is unbroken from the seal on, and with the archive from the beginning."""
    world = World()
    ended = await an_old_story(world)
    before, archive = await log_of(world), tmp_path / "archive.jsonl"
    lines = await Round(world, None, keep=10 * DAY, archive=archive).turn()
    kept = await log_of(world)
    seal = kept[-1]

    assert [line["event"] for line in lines] == ["audit_head", "audit_retained"]
    assert tuple(read_export(archive)) == before[:ended]
    assert kept[: len(before) - ended] == before[ended:]
    assert seal.kind == RETAINED
    assert seal.data["first_kept"] == ended + 1
    assert seal.data["by"] == "the bot, by IMAGEBOT_AUDIT_KEEP"
    assert verify(kept, start=Start(after=ended, previous=before[ended - 1].hash)) is None
    assert verify([*read_export(archive), *kept]) is None
    assert archive.stat().st_mode & 0o777 == 0o600


async def test_events_of_an_open_request_stay_and_all_that_came_after_them() -> None:
    """Only a beginning can go: nothing is taken out of the middle."""
    world = World()
    ended = await an_old_story(world)
    world.clock.time += 300 * DAY
    done = await retain(world.store, Order(keep=10 * DAY, by="me"), world.clock.now)

    assert (done.removed, done.first_kept, done.held_by) == (ended, ended + 1, 2)


async def test_a_trial_changes_nothing_and_says_the_same() -> None:
    """An operator looks first."""
    world = World()
    await an_old_story(world)
    before = await log_of(world)
    dry = await retain(world.store, Order(keep=10 * DAY, by="me"), world.clock.now, dry=True)

    assert await log_of(world) == before
    assert dry == await retain(world.store, Order(keep=10 * DAY, by="me"), world.clock.now)


async def test_nothing_is_removed_when_the_archive_cannot_be_written(tmp_path: Path) -> None:
    """What is gone and nowhere else is gone."""
    world = World()
    await an_old_story(world)
    round = Round(world, None, keep=10 * DAY, archive=tmp_path / "no-folder" / "archive.jsonl")
    before = len(await log_of(world))
    lines = await round.turn()

    assert lines[-1]["event"] == "audit_upkeep_failed"
    assert "cannot be written" in round.troubles[0].message
    assert len(await log_of(world)) == before + 1
    assert RETAINED not in await world.kinds()


async def test_a_long_log_goes_in_portions_with_a_seal_each(tmp_path: Path) -> None:
    """Nobody waits for a million rows; and a crash between two portions leaves a sound log."""
    world, archive = World(), tmp_path / "archive.jsonl"
    count = PORTION * 2 + 100
    await world.store.write(
        lambda tx: [tx.record("event", at=world.clock.now(), data={"n": n}) for n in range(count)]
    )
    world.clock.time += 20 * DAY
    await world.store.write(lambda tx: tx.record("event", at=world.clock.now()))
    done = await retain(world.store, Order(keep=10 * DAY, by="me", archive=archive), world.clock.now)

    assert (done.removed, done.first_kept) == (count, count + 1)
    assert [e.kind for e in await log_of(world)] == ["event", *[RETAINED] * 3]
    assert verify([*read_export(archive), *await log_of(world)]) is None


async def test_retention_runs_once_a_day_even_when_the_process_starts_every_hour(tmp_path: Path) -> None:
    """Each run leaves a seal; twenty-four a day would be noise."""
    world = World()
    for _ in range(96):
        await world.store.write(lambda tx: tx.record("event", at=world.clock.now()))
        world.clock.time += timedelta(hours=1)
        await Round(world, None, keep=DAY, anchor_every=3650 * DAY).turn()

    assert (await world.kinds()).count(RETAINED) <= 3


async def test_a_request_that_is_opened_again_meanwhile_keeps_its_events(tmp_path: Path) -> None:
    """`retry` may come between the look and the removal."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod because CHG-1")
    await world.works()
    await world.presses(LEA, ClickKind.APPROVE)
    await world.works()
    world.clock.time += 400 * DAY
    done = await retain(world.store, Order(keep=10 * DAY, by="me"), world.clock.now)

    assert (done.removed, done.held_by) == (0, 1)


# -- the archive ---------------------------------------------------------------------------------------------------


async def events_of(count: int) -> tuple[AuditEvent, ...]:
    world = World()
    await world.store.write(
        lambda tx: [tx.record("event", at=world.clock.now(), data={"n": n}) for n in range(count)]
    )
    return await log_of(world)


async def test_an_archive_is_only_added_to_and_never_holds_an_event_twice(tmp_path: Path) -> None:
    """Also after a crash between writing and removing, or in the middle of a line."""
    path, events = tmp_path / "archive.jsonl", await events_of(9)
    add_to_archive(path, events[:3])
    add_to_archive(path, events[:5])
    add_to_archive(path, events[2:4])
    with path.open("ab") as file:
        file.write(b'{"at": "2026-03')
    add_to_archive(path, events[4:])

    assert tuple(read_export(path)) == events


async def test_an_archive_that_does_not_fit_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A wrong name must not cost anybody their file, nor an event its only copy."""
    events, others = await events_of(9), (await events_of(9))
    notes = tmp_path / "notes.txt"
    notes.write_text("my notes")
    other = tmp_path / "other.jsonl"
    World()
    changed = [*others[:2], *(await _another_log())[2:9]]
    add_to_archive(other, changed)
    gap = tmp_path / "gap.jsonl"
    add_to_archive(gap, events[:2])
    for path, what in ((notes, "not an archive"), (other, "other events"), (gap, "does not continue")):
        content = path.read_bytes()
        with pytest.raises(OperatorError, match=what):
            add_to_archive(path, events[4:6])
        assert path.read_bytes() == content


async def _another_log() -> tuple[AuditEvent, ...]:
    world = World()
    await world.store.write(
        lambda tx: [tx.record("other", at=world.clock.now(), data={"n": n}) for n in range(9)]
    )
    return await log_of(world)
