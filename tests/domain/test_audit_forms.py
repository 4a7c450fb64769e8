"""Events in the forms they leave the house in: rows of a table, and OCSF; and what an excerpt proves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import (
    Anchor,
    Broken,
    Excerpt,
    Harm,
    anchors_in,
    as_ocsf,
    as_plain,
    as_row,
    canonical,
    chain,
    from_ocsf,
    from_row,
    verify_part,
)
from bot.domain.errors import BugError
from bot.domain.model import AuditEvent, LaneId, Person
from tests.domain.test_audit import START, a_log, logs

SCHEMA = json.loads((Path(__file__).parents[1] / "samples" / "ocsf_entity_management_1_3_0.json").read_text())
KINDS = ("request_received", "lane_planned", "click_refused", "glass_broken", "policy_loaded", "policy_refused",
         "bot_started", "bot_stopped", "audit_exported", "audit_retained", "head_anchored", "lane_stuck")  # fmt: skip


def an_event(kind: str, **changes: object) -> AuditEvent:
    given: dict[str, object] = {"actor": None, "request": None, "lane": None, "data": {}} | changes
    return chain(None, id=1, at=START, kind=kind, **given)  # type: ignore[arg-type]


@given(logs, st.sampled_from(KINDS))
def test_every_event_is_a_valid_ocsf_event(log: list[AuditEvent], kind: str) -> None:
    """A lake refuses what does not fit its class, and nobody notices for months."""
    for event in [*log, an_event(kind, data={"reason": "CHG-1", "why": "no"})]:
        said = json.loads(json.dumps(as_ocsf(event)))
        jsonschema.validate(said, SCHEMA)
        assert said["type_uid"] == said["class_uid"] * 100 + said["activity_id"]
        assert from_ocsf(said) == event


def test_ocsf_says_who_did_what_to_what_and_how_it_ended() -> None:
    """What a rule in a security system is written against."""
    person = Person("T1", "U1")
    said = as_ocsf(
        an_event(
            "click_refused", actor=person, request=12, lane=LaneId("12.1"), data={"why": "not an approver"}
        )
    )

    assert said["actor"] == {"user": {"uid": "U1", "org": {"uid": "T1"}, "type": "User", "type_id": 1}}
    assert said["entity"] == {"name": "lane 12.1", "type": "lane", "type_id": 99, "uid": "12.1"}
    assert (said["status"], said["status_detail"], said["severity"]) == ("Failure", "not an approver", "Low")
    assert said["time"] == int(START.timestamp() * 1000)
    assert as_ocsf(an_event("bot_started"))["actor"] == {"app_name": "imagebot"}
    assert as_ocsf(an_event("bot_started"))["activity_name"] == "Activate"
    assert as_ocsf(an_event("glass_broken"))["severity"] == "High"


@pytest.mark.parametrize("key", ["time", "severity_id", "message", "actor", "entity", "unmapped"])
def test_an_ocsf_event_that_says_something_else_than_its_record_is_refused(key: str) -> None:
    """The outside is what people look at; the record inside is what is hashed."""
    said = as_ocsf(an_event("click_refused", actor=Person("T1", "U1")))

    with pytest.raises(BugError):
        from_ocsf({**said, key: {"name": "another"} if key in ("actor", "entity") else 1})


@given(logs)
def test_a_table_row_gives_the_event_back_byte_for_byte(log: list[AuditEvent]) -> None:
    """The mark against formulas must cost nothing."""
    assert [from_row(as_row(event)) for event in log] == log


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'", "''=", ""])
def test_no_cell_of_a_table_is_a_formula(start: str) -> None:
    """Whoever opens the export in a spreadsheet must not run what somebody typed.
    https://owasp.org/www-community/attacks/CSV_Injection"""
    text = f"{start}cmd|' /C calc'!A0" if start else ""
    event = an_event(text, actor=Person(text, text), lane=LaneId(text), data={"why": text})
    row = as_row(event)

    assert all(not cell or cell[0] not in "=+-@\t\r" for cell in row.values())
    assert from_row(row) == event


def test_an_excerpt_proves_each_event_and_says_that_it_is_one() -> None:
    """The events of one request, given to somebody who may see no other."""
    log = a_log(9)
    part = [log[1], log[2], log[5]]

    assert verify_part(part) == Excerpt(gaps=2, anchored=0)
    noted = (Anchor(id=3, hash=log[2].hash), Anchor(id=9, hash=log[8].hash))
    assert verify_part(part, noted) == Excerpt(gaps=2, anchored=1)


def test_whatever_is_done_to_an_excerpt_is_found() -> None:
    """Edited, moved, forged between neighbours, or another than the one that was noted."""
    log = a_log(9)
    forged = chain("f" * 64, id=3, at=START, kind="forged", actor=None, request=None, lane=None, data={})
    cases = (
        ([log[1], replace(log[2], kind="x")], (), 3, Harm.EDITED),
        ([log[2], log[1]], (), 2, Harm.MOVED),
        ([log[1], forged], (), 3, Harm.MISSING),
        ([log[0], forged], (Anchor(id=3, hash=log[2].hash),), 3, Harm.REWRITTEN),
    )
    for part, noted, row, harm in cases:
        broken = verify_part(part, noted)
        assert isinstance(broken, Broken)
        assert (broken.row, broken.harm) == (row, harm)


def test_noted_heads_are_found_among_other_lines_of_the_log() -> None:
    """With whatever prefix the collector of the log puts before them."""
    line = json.dumps({"event": "audit_head", "id": 7, "count": 7, "hash": "a" * 64, "level": "info"})
    lines = [
        "nothing",
        '{"event": "ready_to_serve"}',
        line,
        f"2026-03-01 imagebot[1]: {line}",
        "said audit_head {}",
    ]

    assert [(a.id, a.hash) for a in anchors_in(lines, "x.log")] == [(7, "a" * 64)] * 2


@pytest.mark.parametrize(
    "change", [{"id": "7"}, {"id": 0}, {"count": 8}, {"hash": "A" * 64}, {"hash": 1}, {"hash": "a" * 63}]
)
def test_a_noted_head_that_cannot_be_read_is_no_silence(change: dict[str, object]) -> None:
    """A note that was damaged is evidence, too."""
    line = json.dumps({"event": "audit_head", "id": 7, "count": 7, "hash": "a" * 64} | change)

    with pytest.raises(BugError, match=r"x\.log, line 2"):
        anchors_in(["", line], "x.log")
    with pytest.raises(BugError):
        anchors_in(["", "audit_head"], "x.log")


def test_the_plain_form_has_every_column_of_the_table() -> None:
    """One list of columns for both."""
    assert list(as_plain(a_log(1)[0])) == list(as_row(a_log(1)[0]))


@given(logs)
def test_what_is_kept_is_written_in_the_one_canonical_order(log: list[AuditEvent]) -> None:
    """A store writes the data as it stands in the event: any other order of its keys must be a change somebody made."""
    for event in [*log, an_event("k", data={"b": 1, "a": None, "C": "x"})]:
        assert json.dumps(event.data, separators=(",", ":")) == canonical(event.data)
