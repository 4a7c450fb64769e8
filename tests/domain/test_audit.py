"""Whatever is done to the audit log is found, and the first bad event is named."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, Broken, Harm, as_plain, as_row, chain, from_plain, verify
from bot.domain.errors import BugError
from bot.domain.model import AuditEvent, LaneId, Person, RequestId

START = datetime(2025, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
Fields = dict[str, Any]
FIELDS = ("id", "at", "kind", "actor", "request", "lane", "data", "previous", "hash")

people = st.none() | st.builds(Person, st.sampled_from(("T1", "T2")), st.text("U012", min_size=1, max_size=4))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
events = st.fixed_dictionaries(
    {
        "at": st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda after: START + after),
        "kind": st.sampled_from(("request_received", "decision_recorded", "click_refused")),
        "actor": people,
        "request": st.none() | st.integers(1, 99).map(RequestId),
        "lane": st.none() | st.sampled_from(("1.1", "1.2")).map(LaneId),
        "data": st.dictionaries(st.text(max_size=5), values, max_size=3),
    }
)


def log_of(contents: list[Fields]) -> list[AuditEvent]:
    log: list[AuditEvent] = []
    for number, content in enumerate(contents, 1):
        previous = log[-1] if log else None
        log.append(chain(previous, id=number, **content))
    return log


def a_log(length: int) -> list[AuditEvent]:
    return log_of(
        [
            {"at": START, "kind": f"k{n}", "actor": None, "request": None, "lane": None, "data": {"n": n}}
            for n in range(length)
        ]
    )


def broken(log: list[AuditEvent], **expected: Any) -> Broken:
    found = verify(log, **expected)
    assert found is not None
    assert str(found) == found.sentence
    assert found.sentence.endswith(".")
    return found


logs = st.lists(events, min_size=1, max_size=6).map(log_of)


@given(logs)
def test_a_log_that_nobody_touched_is_whole(log: list[AuditEvent]) -> None:
    """A false alarm would teach people to ignore the true one."""
    assert verify(log) is None
    assert verify(iter(log), head=log[-1].hash, count=len(log)) is None
    assert verify(log, head=log[0].hash) is None
    assert log[0].previous == GENESIS


@given(
    logs,
    st.data(),
    st.sampled_from(FIELDS),
)
def test_an_edit_of_any_field_names_the_row(log: list[AuditEvent], data: st.DataObject, field: str) -> None:
    """The promise of the log: nothing in it can be changed quietly."""
    at = data.draw(st.integers(0, len(log) - 1))
    old = log[at]
    new = {
        "id": st.integers(),
        "at": st.timedeltas().filter(bool).map(lambda by: _moved(old.at, by)),
        "kind": st.text(),
        "actor": people,
        "request": st.none() | st.integers(),
        "lane": st.none() | st.text(),
        "data": st.dictionaries(st.text(max_size=5), values | st.just(float("nan")), max_size=3),
        "previous": st.text("0123456789abcdef", max_size=64),
        "hash": st.text("0123456789abcdef", max_size=64),
    }[field]
    changed: Any = data.draw(new)
    assume(_written(changed) != _written(getattr(old, field)))
    edit: Fields = {field: changed}
    log[at] = replace(old, **edit)

    found = broken(log)
    assert (found.row, found.harm) == (log[at].id, Harm.EDITED)


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return at.replace(tzinfo=None)


def _written(value: object) -> str:
    return json.dumps(value, default=repr, sort_keys=True)


@given(st.integers(2, 7), st.data())
def test_an_edit_with_a_new_hash_breaks_the_next_link(length: int, data: st.DataObject) -> None:
    """Whoever can write the table can also compute a hash; the neighbour still tells."""
    log = a_log(length)
    at = data.draw(st.integers(0, length - 2))
    old = log[at]
    log[at] = chain(
        old.previous, id=old.id, at=old.at, kind="forged", actor=None, request=None, lane=None, data={}
    )

    assert broken(log).row == log[at + 1].id
    assert "was replaced" in broken(log).sentence


@given(st.integers(1, 7), st.data())
def test_a_deleted_event_is_missed(length: int, data: st.DataObject) -> None:
    """In the middle its successor is named, at the end the last that is left; for that the noted hash is
    needed."""
    log = a_log(length)
    head = log[-1].hash
    at = data.draw(st.integers(0, length - 1))
    del log[at]

    found = broken(log, head=head)
    if at < len(log):
        assert (found.row, found.harm) == (log[at].id, Harm.MISSING)
    else:
        assert (found.row, found.harm) == (log[-1].id if log else None, Harm.TRUNCATED)


@given(st.integers(2, 7), st.data())
def test_two_events_that_changed_places_are_found(length: int, data: st.DataObject) -> None:
    """The order of events is evidence, too: who was first decides."""
    log = a_log(length)
    first, second = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=2, max_size=2)))
    log[first], log[second] = log[second], log[first]

    found = broken(log)
    assert (found.row, found.harm) == (log[first].id, Harm.MOVED)


@given(st.integers(1, 7), st.data())
def test_an_event_put_in_is_found(length: int, data: st.DataObject) -> None:
    """A forged approval would have to stand somewhere before the run it is to excuse."""
    log = _renumbered(a_log(length))
    at = data.draw(st.integers(0, length - 1))
    before = log[at - 1] if at else None
    forged = chain(
        before, id=log[at].id - 1, at=START, kind="forged", actor=None, request=None, lane=None, data={}
    )
    log.insert(at, forged)

    found = broken(log)
    assert (found.row, found.harm) == (forged.id, Harm.INSERTED)


def _content(event: AuditEvent) -> Fields:
    return {key: getattr(event, key) for key in ("at", "kind", "actor", "request", "lane", "data")}


def _renumbered(log: list[AuditEvent]) -> list[AuditEvent]:
    """The same log with gaps between the ids, as a database may leave them."""
    renumbered: list[AuditEvent] = []
    for event in log:
        previous = renumbered[-1] if renumbered else None
        renumbered.append(chain(previous, id=event.id * 10, **_content(event)))
    return renumbered


def test_an_event_repeated_is_found() -> None:
    """A copy of a true event is a forgery as well."""
    log = a_log(3)

    assert broken([*log, log[1]]).row == log[1].id


def test_a_log_is_measured_against_what_was_noted_of_it() -> None:
    """Only a note kept elsewhere can show that the end was cut off, or that all was written anew."""
    log = a_log(5)
    anew = log_of([{**_content(event), "kind": "anew"} for event in log])

    assert verify(log[:3]) is None
    assert broken(log[:3], count=5).harm is Harm.TRUNCATED
    assert broken(log[:3], head=log[4].hash).row == 3
    assert broken([], head=log[4].hash) == broken([], head=log[4].hash, count=0)
    assert broken([], head=log[4].hash).row is None
    assert broken(anew, head=log[4].hash, count=5).harm is Harm.TRUNCATED
    assert broken(log, head=log[2].hash, count=5).harm is Harm.TRUNCATED
    assert broken(log, count=4) == Broken(
        row=5, harm=Harm.OVERLONG, sentence="Event 5 is one too many: there were 4."
    )
    assert verify([], head=GENESIS, count=0) is None


def test_the_hash_is_the_same_on_every_machine_and_for_ever() -> None:
    """A new version that hashes differently would call every old log forged."""
    event = chain(
        None, id=1, at=START.astimezone(timezone(timedelta(hours=2))), kind="request_received",
        actor=Person("T1", "U1"), request=RequestId(12), lane=LaneId("12.1"), data={"b": (1, "é"), "a": None},
    )  # fmt: skip

    written = (
        '{"actor":["T1","U1"],"at":"2025-01-31T23:59:59.123456+00:00","data":{"a":null,"b":[1,"\\u00e9"]},"id":1,'
        '"kind":"request_received","lane":"12.1","previous":"' + "0" * 64 + '","request":12}'
    )
    assert event.hash == sha256(written.encode()).hexdigest()
    assert event.at.tzinfo is UTC
    assert event.data == {"a": None, "b": [1, "é"]}


def test_what_cannot_be_kept_as_it_is_cannot_be_recorded() -> None:
    """An event that the store gives back differently would look forged."""
    for data in ({"a": object()}, {"a": float("nan")}, {"a": {1: "b"}}, {"a": [{None: 1}]}, {"a": START}):
        with pytest.raises(BugError):
            chain(None, id=1, at=START, kind="k", actor=None, request=None, lane=None, data=data)
    with pytest.raises(BugError):
        log_of([{**_content(a_log(1)[0]), "at": START.replace(tzinfo=None)}])


@given(logs)
def test_an_export_can_be_verified_again(log: list[AuditEvent]) -> None:
    """An auditor checks the file they were given, not the database they cannot reach."""
    as_json = json.loads(json.dumps([as_plain(event) for event in log]))
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, as_row(log[0]).keys())
    writer.writeheader()
    writer.writerows(as_row(event) for event in log)
    as_csv = list(csv.DictReader(io.StringIO(table.getvalue(), newline="")))

    for export in (as_json, as_csv):
        read = [from_plain(each) for each in export]
        assert read == log
        assert verify(read, head=log[-1].hash, count=len(log)) is None


@pytest.mark.parametrize(
    "wrong", [{}, {"id": "x"}, {"at": "yesterday"}, {"data": 1}, {"data": "["}, {"request": "a"}]
)
def test_what_is_no_event_is_refused(wrong: dict[str, object]) -> None:
    """An export that was damaged is said to be damaged."""
    plain = {**as_plain(a_log(1)[0]), **wrong} if wrong else {}

    with pytest.raises(BugError):
        from_plain(plain)


def test_an_id_that_does_not_grow_is_found_even_when_its_link_holds() -> None:
    """Ids are what people quote: two events must never answer to the same one."""
    log = a_log(3)
    again = chain(log[-1], id=2, **_content(log[1]))

    found = broken([*log, again], head=again.hash, count=4)
    assert (found.row, found.harm) == (2, Harm.MOVED)
