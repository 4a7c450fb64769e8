"""The fake store keeps the same promises as the real one; else the use cases would be tested against a fiction."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.ports import Store
from tests.contracts.store_contract import StoreContract
from tests.fakes.memory_store import MemoryStore


class TestMemoryStore(StoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = MemoryStore()
        yield store
        await store.close()
