"""Every arrow of the state tables and every stored word, written down a second time."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from bot.domain.states import (
    FINAL_LANE_STATES,
    INITIAL_LANE_STATES,
    JOB_TABLE,
    LANE_TABLE,
    RUNNING_STATES,
    JobEvent,
    LaneEvent,
    LaneState,
    MemberOutcome,
    RequestState,
)

LANES = """
holding still_unknown holding
holding planned_again_needs_approval awaiting_approval
holding planned_again_allow approved
holding planned_again_deny denied
holding planned_again_nothing_to_do succeeded
holding deadline_passed expired
holding cancelled cancelled
awaiting_approval decision_recorded awaiting_approval
awaiting_approval approval_reached approved
awaiting_approval glass_broken approved
awaiting_approval reviewed succeeded
awaiting_approval refused rejected
awaiting_approval deadline_passed expired
awaiting_approval cancelled cancelled
awaiting_approval policy_now_forbids denied
approved claimed submitting
approved policy_now_forbids denied
approved approval_no_longer_enough awaiting_approval
approved nothing_left_to_do succeeded
approved deadline_passed expired
approved cancelled cancelled
approved some_succeeded partly_succeeded
approved none_succeeded failed
submitting throttled approved
submitting claimed submitting
submitting job_accepted running
submitting answer_lost unknown
submitting job_ended verifying
submitting cannot_tell stuck
submitting all_succeeded succeeded
submitting some_succeeded partly_succeeded
submitting none_succeeded failed
unknown throttled approved
unknown claimed submitting
unknown job_accepted running
unknown answer_lost unknown
unknown job_ended verifying
unknown cannot_tell stuck
unknown all_succeeded succeeded
unknown some_succeeded partly_succeeded
unknown none_succeeded failed
running throttled approved
running claimed submitting
running job_accepted running
running answer_lost unknown
running job_ended verifying
running cannot_tell stuck
running all_succeeded succeeded
running some_succeeded partly_succeeded
running none_succeeded failed
verifying throttled approved
verifying claimed submitting
verifying job_accepted running
verifying answer_lost unknown
verifying job_ended verifying
verifying cannot_tell stuck
verifying all_succeeded succeeded
verifying some_succeeded partly_succeeded
verifying none_succeeded failed
stuck operator_resumed unknown
stuck all_succeeded succeeded
stuck some_succeeded partly_succeeded
stuck none_succeeded failed
succeeded ends
partly_succeeded ends
failed ends
rejected ends
expired ends
cancelled ends
denied ends
"""
JOBS = """
queued claimed submitting
queued withdrawn done
submitting job_accepted running
submitting refused_by_cloud verifying
submitting throttled queued
submitting answer_lost unknown
running job_ended verifying
running job_lost unknown
verifying members_read done
verifying cannot_tell stuck
unknown members_read done
unknown cannot_tell stuck
stuck operator_resumed unknown
done ends
"""


def _lines(table: Mapping[Any, Mapping[Any, Any]]) -> list[str]:
    found = []
    for state, row in table.items():
        found += [f"{state.value} {event.value} {after.value}" for event, after in row.items()] or [
            f"{state.value} ends"
        ]
    return found


@pytest.mark.parametrize(("table", "told"), [(LANE_TABLE, LANES), (JOB_TABLE, JOBS)], ids=["lane", "job"])
def test_the_table_has_exactly_these_arrows(table: Mapping[Any, Mapping[Any, Any]], told: str) -> None:
    """Other tests are made from the tables: an arrow that vanishes takes them with it, and only a second copy notices."""
    assert sorted(_lines(table)) == sorted(told.split("\n")[1:-1])


def test_a_lane_begins_in_exactly_these_states() -> None:
    """What a plan gives birth to: to be decided, held, free to go, refused, or already so."""
    assert sorted(INITIAL_LANE_STATES) == ["approved", "awaiting_approval", "denied", "holding", "succeeded"]
    assert sorted(FINAL_LANE_STATES) == [
        "cancelled", "denied", "expired", "failed", "partly_succeeded", "rejected", "succeeded",
    ]  # fmt: skip
    assert list(RUNNING_STATES) == ["submitting", "running", "verifying", "unknown", "stuck"]


STORED: dict[type[StrEnum], str] = {
    RequestState: "planning planned refused expired cancelled ended",
    LaneState: (
        "holding awaiting_approval approved submitting unknown running verifying stuck succeeded "
        "partly_succeeded failed rejected expired cancelled denied"
    ),
    MemberOutcome: "pending done nothing_to_do failed not_run",
    LaneEvent: (
        "planned_again_allow planned_again_needs_approval planned_again_deny planned_again_nothing_to_do "
        "still_unknown decision_recorded approval_reached refused deadline_passed cancelled "
        "approval_no_longer_enough policy_now_forbids nothing_left_to_do glass_broken reviewed claimed "
        "throttled job_accepted answer_lost job_ended cannot_tell operator_resumed all_succeeded "
        "some_succeeded none_succeeded"
    ),
    JobEvent: (
        "claimed throttled job_accepted refused_by_cloud answer_lost job_ended job_lost members_read "
        "cannot_tell operator_resumed withdrawn"
    ),
}


@pytest.mark.parametrize("words", STORED, ids=lambda words: words.__name__)
def test_a_stored_word_never_changes(words: type[StrEnum]) -> None:
    """Each stands in databases, buttons and audit logs that outlive this version."""
    assert [member.value for member in words] == STORED[words].split()
    assert [member.name.lower() for member in words] == STORED[words].split()
