"""The state tables, whatever their rows: nothing is forgotten, nothing leads nowhere, and nothing else is possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import chdir
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from cogapp import Cog

from bot.domain.errors import IllegalStepError
from bot.domain.states import (
    FINAL_LANE_STATES,
    FINAL_REQUEST_STATES,
    INITIAL_LANE_STATES,
    JOB_TABLE,
    LANE_TABLE,
    RUNNING_STATES,
    JobEvent,
    JobState,
    LaneEvent,
    LaneState,
    RequestState,
    follow,
    mermaid,
)

Table = Mapping[Any, Mapping[Any, Any]]
TABLES: dict[str, tuple[Table, type[StrEnum], type[StrEnum], Iterable[StrEnum], Iterable[StrEnum]]] = {
    "lane": (LANE_TABLE, LaneState, LaneEvent, INITIAL_LANE_STATES, FINAL_LANE_STATES),
    "job": (JOB_TABLE, JobState, JobEvent, {JobState.QUEUED}, {JobState.DONE}),
}
each = pytest.mark.parametrize(("table", "states", "events", "initial", "final"), TABLES.values(), ids=TABLES)
IMPOSSIBLE = [
    pytest.param(table, state, event, id=f"{name}-{state}-{event}")
    for name, (table, states, events, _, _) in TABLES.items()
    for state in states
    for event in events
    if event not in table[state]
]


def _reachable(table: Table, start: Iterable[Any]) -> set[Any]:
    seen, todo = set(), list(start)
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += table[state].values()
    return seen


@each
def test_every_state_has_a_row(table: Table, states: Any, events: Any, initial: Any, final: Any) -> None:
    """A state without a row could never be left, and nobody would notice."""
    assert set(table) == set(states)


@each
def test_every_event_is_used(table: Table, states: Any, events: Any, initial: Any, final: Any) -> None:
    """An event nobody waits for is a bug at its sender."""
    assert {event for row in table.values() for event in row} == set(events)


@each
def test_the_final_states_are_those_nothing_leads_out_of(
    table: Table, states: Any, events: Any, initial: Any, final: Any
) -> None:
    """What is over stays over."""
    assert {state for state, row in table.items() if not row} == set(final)


@each
def test_every_state_can_be_reached(table: Table, states: Any, events: Any, initial: Any, final: Any) -> None:
    """A state nothing leads to is dead code."""
    assert _reachable(table, initial) == set(states)


@each
def test_every_state_can_come_to_an_end(
    table: Table, states: Any, events: Any, initial: Any, final: Any
) -> None:
    """Every lane reaches a final state, or can be helped there."""
    assert all(_reachable(table, [state]) & set(final) for state in states)


@each
def test_a_step_of_the_table_is_followed(
    table: Table, states: Any, events: Any, initial: Any, final: Any
) -> None:
    """The function does what the table says, and only that."""
    for state, row in table.items():
        for event, after in row.items():
            assert follow(table, state, event) is after


@pytest.mark.parametrize(("table", "state", "event"), IMPOSSIBLE)
def test_a_step_not_in_the_table_is_illegal(table: Table, state: StrEnum, event: StrEnum) -> None:
    """It raises with the facts as fields, and the table is as before."""
    before = {key: dict(row) for key, row in table.items()}

    with pytest.raises(IllegalStepError) as caught:
        follow(table, state, event)

    assert (caught.value.state, caught.value.event) == (state.value, event.value)
    assert {key: dict(row) for key, row in table.items()} == before


def test_a_final_request_is_never_open() -> None:
    """Final and open are two halves of all states."""
    assert set(RequestState) - FINAL_REQUEST_STATES == {RequestState.PLANNING, RequestState.PLANNED}


def test_no_running_lane_is_final_or_undecided() -> None:
    """Their state follows from their jobs; nobody may approve or reject them any more."""
    before = {LaneState.HOLDING, LaneState.AWAITING_APPROVAL, LaneState.APPROVED}

    assert set(RUNNING_STATES) | before | FINAL_LANE_STATES == set(LaneState)
    assert not set(RUNNING_STATES) & FINAL_LANE_STATES
    for state in RUNNING_STATES:
        assert not {LaneEvent.APPROVAL_REACHED, LaneEvent.REFUSED, LaneEvent.CANCELLED} & set(
            LANE_TABLE[state]
        )


@each
def test_the_diagram_has_every_arrow(
    table: Table, states: Any, events: Any, initial: Any, final: Any
) -> None:
    """One line each, and an end for each final state."""
    lines = mermaid(table).splitlines()

    arrows = {f"{state} --> {after}: {event}" for state, row in table.items() for event, after in row.items()}
    assert {line.strip() for line in lines[1:]} == arrows | {f"{state} --> [*]" for state in final}


def test_the_documented_states_are_those_of_the_tables() -> None:
    """The page is made from the tables; whoever changes one runs `cog -r docs/states.md`."""
    with chdir(Path(__file__).parents[2]):
        assert Cog().main(["cog", "--check", "docs/states.md"]) == 0
