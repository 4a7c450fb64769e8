"""A store that watches every step: whatever changes its state must leave an event in the same step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any, TypeVar

from bot.domain.model import AuditEvent
from bot.ports import Transaction
from tests.fakes.memory_store import MemoryStore
from tests.fakes.memory_tables import Tables

T = TypeVar("T")

UNEXPLAINED: list[str] = []
"""What changed without an event, in any story since it was last emptied."""


class WitnessedStore(MemoryStore):
    """The memory store, and a comparison of its rows with its events after each step."""

    async def write(self, step: Callable[[Transaction], T]) -> T:
        before = self._tables
        result = await super().write(step)
        last, events = next(reversed(before.events), 0), self._tables.events
        new = [events[id] for id in takewhile(lambda id: id > last, reversed(events))]
        UNEXPLAINED.extend(unexplained(before, self._tables, new))
        return result


def unexplained(before: Tables, after: Tables, events: list[AuditEvent]) -> Iterator[str]:
    """Every change of a request, lane, job or member that none of these events tells."""
    kinds = [event.kind for event in events]
    for id, request in after.requests.items():
        if _state(before.requests.get(id)) != request.state and id not in {e.request for e in events}:
            yield f"request {id} became {request.state} with {kinds}"
    for lane_id, lane in after.lanes.items():
        told = [e for e in events if e.lane == lane_id or lane_id in _strings(e.data)]
        if _state(before.lanes.get(lane_id)) != lane.state and not any(
            e.data.get("state") == lane.state.value or e.lane != lane_id for e in told
        ):
            yield f"lane {lane_id} became {lane.state} with {kinds}"
    for job_id, job in after.jobs.items():
        told = [e for e in events if e.lane == job.lane and job_id in _numbers(e.data)]
        if _state(before.jobs.get(job_id)) != job.state and not told:
            yield f"job {job_id} became {job.state} with {kinds}"
    yield from _members(before, after, events)


def _members(before: Tables, after: Tables, events: list[AuditEvent]) -> Iterator[str]:
    for key, member in after.members.items():
        there = before.members.get(key)
        if there is None or there.outcome == member.outcome:
            continue
        told = [*member.pair, member.outcome.value]
        said: list[Any] = [m for e in events if e.lane == member.lane for m in e.data.get("members", ())]  # type: ignore[attr-defined]
        if not any(one[:3] == told for one in said):
            yield f"member {key} became {member.outcome} with {[e.kind for e in events]}"


def _state(row: Any) -> Any:
    return None if row is None else row.state


def _strings(data: Any) -> set[str]:
    return {value for value in data.values() if isinstance(value, str)}


def _numbers(data: Any) -> set[int]:
    one = {value for key, value in data.items() if key == "job" and isinstance(value, int)}
    return one | {number for number in data.get("jobs", ()) if isinstance(number, int)}
