"""A bot that is killed without warning has lost nothing it had answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore
from bot.domain import audit
from bot.domain.model import DueKind
from tests.contracts.store_builders import NOON

_ROOT = Path(__file__).parents[3]
_CHILD = """
import asyncio, sys
from bot.adapters.store import SqliteStore
from bot.domain.model import DueKind
from tests.contracts.store_builders import NOON, a_request

def step_of(key):
    def step(tx):
        request = tx.add_request(a_request(key))
        tx.record("request_received", at=NOON, request=request.id)
        tx.plan_work(DueKind.PLAN, str(request.id), NOON)
        return request.id
    return step

async def write(store, name):
    for n in range(10**6):
        id = await store.write(step_of(f"{name}-{n}"))
        print(id, flush=True)

async def main():
    store = SqliteStore(sys.argv[1], largest_log=200_000)
    await asyncio.gather(*[write(store, name) for name in range(16)])

asyncio.run(main())
"""


@pytest.mark.parametrize("answers", [1, 40, 700])
async def test_a_killed_bot_has_lost_nothing_it_had_answered(tmp_path: Path, answers: int) -> None:
    """Acknowledged means stored: request, audit event and due row, all of it or nothing."""
    path = str(tmp_path / "imagebot.db")
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, path], stdout=subprocess.PIPE, text=True, cwd=_ROOT, bufsize=1
    )
    assert child.stdout is not None
    answered = [int(child.stdout.readline()) for _ in range(answers)]
    child.kill()
    rest, _ = child.communicate(timeout=30)
    answered += [int(line) for line in rest.split("\n")[:-1]]

    store = SqliteStore(path)
    requests, events, counts = await store.read(
        lambda v: (v.requests("all", limit=10**6), v.events(limit=10**6), v.due_counts(NOON))
    )
    await store.close()

    stored = {request.id for request in requests}
    assert len(answered) >= answers
    assert set(answered) <= stored
    assert audit.verify(events) is None
    assert {event.request for event in events} == stored
    assert counts[DueKind.PLAN] == len(stored)
