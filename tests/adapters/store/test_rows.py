"""Every value comes back from its row equal to what it was, unknown (None) and false apart."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store import rows
from bot.adapters.store.codec import micros, moment, verdict, verdict_of
from bot.adapters.store.table import Table
from bot.domain.errors import BugError
from bot.domain.model import (
    AllOf,
    AnyOf,
    AuditEvent,
    Decision,
    GroupName,
    ImageFacts,
    InboxItem,
    Job,
    Lane,
    Member,
    Need,
    Outcome,
    ProjectFacts,
    Request,
    Verdict,
)
from bot.domain.notices import Message, Notice

X = TypeVar("X")

TIMES = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001
    datetime(9998, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
"""The first and the last year have hours that no datetime in UTC can name."""
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=100_000_000))
NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(max_size=8)
NEEDS = st.builds(Need, count=st.integers(0, 9), groups=st.frozensets(TEXTS, max_size=3))
REQUIREMENTS = st.recursive(
    NEEDS,
    lambda inner: st.one_of(
        st.builds(AllOf, items=st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, items=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)

st.register_type_strategy(datetime, TIMES)
st.register_type_strategy(timedelta, LENGTHS)


def _any(kind: type[X], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[X]:
    """Every field of the dataclass, the ones with a default too: a new field without a column fails the test."""
    hints = get_type_hints(kind)
    guessed = {f.name: st.from_type(hints[f.name]) for f in fields(kind) if f.name not in given}  # type: ignore[arg-type]
    return st.builds(kind, **(guessed | given))


FLOATS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
IMAGES = _any(ImageFacts, size_gb=FLOATS)
VERDICTS = _any(Verdict, requirement=REQUIREMENTS)
MESSAGES = _any(Message)
MAYBE_NUMBER = st.none() | NUMBERS
SMALL = st.integers(0, 2**31)

KEPT: list[tuple[Table[Any], st.SearchStrategy[Any]]] = [
    (
        rows.REQUESTS,
        _any(Request, id=NUMBERS, parent=MAYBE_NUMBER, version=SMALL, duration=st.none() | LENGTHS),
    ),
    (rows.LANES, _any(Lane, request=NUMBERS, number=SMALL, version=SMALL, verdict=VERDICTS)),
    (rows.MEMBERS, _any(Member, image=IMAGES, project=_any(ProjectFacts), job=MAYBE_NUMBER)),
    (rows.DECISIONS, _any(Decision)),
    (rows.JOBS, _any(Job, id=NUMBERS, version=SMALL, submits=SMALL, reads=SMALL)),
    (rows.INBOX, _any(InboxItem, id=NUMBERS)),
    (rows.NOTICES, _any(Notice, id=NUMBERS, request=MAYBE_NUMBER, message=st.none() | MESSAGES)),
    (
        rows.EVENTS,
        _any(AuditEvent, id=NUMBERS, request=MAYBE_NUMBER, data=st.dictionaries(TEXTS, JSON, max_size=3)),
    ),
]


@pytest.mark.parametrize(("table", "values"), KEPT, ids=[table.name for table, _ in KEPT])
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_value_comes_back_from_its_row_unchanged(
    table: Table[Any], values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """A decision is taken on what comes back: an unknown that turned into false would share an encrypted image."""
    value = data.draw(values)

    row = table.row_of(value)

    assert len(row) == len(table.columns)
    assert all(cell is None or type(cell) in (int, str) for cell in row)
    selected = (getattr(value, "id", 1), *row) if table.numbered else row
    assert table.value_of(selected) == value


@given(TIMES)
@settings(max_examples=100, deadline=None, database=None)
def test_a_time_is_kept_to_the_microsecond(at: datetime) -> None:
    """Whatever its zone; floats would lose the last digits."""
    assert moment(micros(at)) == at
    assert moment(micros(at)).tzinfo is UTC


def test_a_time_without_a_zone_has_no_place_in_a_row() -> None:
    """Nobody could say which moment it was."""
    with pytest.raises(BugError):
        micros(datetime(2026, 1, 1))  # noqa: DTZ001


def test_all_of_and_any_of_stay_apart() -> None:
    """They have the same fields; mixed up, one approval would do where two are needed."""
    one, two = (
        Need(count=1, groups=frozenset({GroupName("a")})),
        Need(count=1, groups=frozenset({GroupName("b")})),
    )
    for requirement in (AllOf(items=(one, AnyOf(items=(one, two)))), AnyOf(items=(two, AllOf(items=())))):
        kept = Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=requirement)
        assert verdict_of(verdict(kept)) == kept
