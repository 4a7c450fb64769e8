"""The SQLite store keeps every promise of the port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore
from bot.domain.errors import StoreBrokenError
from bot.domain.model import DueKind
from bot.ports import Store
from tests.contracts.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store = SqliteStore(str(tmp_path / "imagebot.db"))
        yield store
        await store.close()


async def test_claims_of_a_dead_process_are_free_at_the_next_start(tmp_path: Path) -> None:
    """Only one process may have the file, so no lease has to be waited out after a crash."""
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    path = str(tmp_path / "bot.db")
    dead = SqliteStore(path)
    await dead.write(lambda tx: tx.plan_work(DueKind.POLL, "7", now))
    far = now + timedelta(hours=1)
    kinds = (DueKind.POLL,)
    assert await dead.write(lambda tx: tx.claim_due(now, kinds=kinds, until=far, claim="dead", limit=9))
    await dead.close()

    alive = SqliteStore(path)
    claimed = await alive.write(lambda tx: tx.claim_due(now, kinds=kinds, until=far, claim="alive", limit=9))
    await alive.close()
    assert [due.subject for due in claimed] == ["7"]


async def test_without_migrating_an_absent_file_is_refused_and_not_made(tmp_path: Path) -> None:
    """IMAGEBOT_MIGRATE=no: the operator decides when the schema changes."""
    path = tmp_path / "bot.db"
    with pytest.raises(StoreBrokenError, match="imagebot migrate"):
        SqliteStore(str(path), migrate_first=False)
    assert not path.exists()


async def test_work_planned_while_a_process_died_over_it_is_not_lost(tmp_path: Path) -> None:
    """The claim is free, the row due at once, and once more at the time asked for meanwhile."""
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    path, far, kinds = str(tmp_path / "bot.db"), now + timedelta(hours=1), (DueKind.POLL,)
    dead = SqliteStore(path)
    await dead.write(lambda tx: tx.plan_work(DueKind.POLL, "7", now))
    await dead.write(lambda tx: tx.claim_due(now, kinds=kinds, until=far, claim="dead", limit=9))
    await dead.write(lambda tx: tx.plan_work(DueKind.POLL, "7", now + timedelta(minutes=5)))
    await dead.close()

    alive = SqliteStore(path)
    assert await alive.read(lambda v: v.next_due()) == now
    (due,) = await alive.write(lambda tx: tx.claim_due(now, kinds=kinds, until=far, claim="alive", limit=9))
    await alive.write(lambda tx: tx.finish(due))

    assert await alive.read(lambda v: v.next_due()) == now + timedelta(minutes=5)
    await alive.close()
