"""No statement of the store walks a whole table: a million stored requests must not make a command slower."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.store import migrate
from bot.adapters.store.connection import writing
from bot.adapters.store.statements import Statements
from bot.adapters.store.transaction import SqliteTransaction
from bot.domain.model import Due, DueKind, ImageId, InboxId, LaneId, MessageRef, ProjectId, Request, RequestId
from bot.domain.notices import Copy, NoticeKind, NoticeState
from bot.ports import Transaction
from tests.contracts.store_builders import (
    ALL_KINDS,
    ANNA,
    NOON,
    a_card,
    a_decision,
    a_job,
    a_lane,
    a_member,
    a_reply,
    a_request,
    after,
    an_inbox_item,
)

EXCUSED = {
    "FROM requests ORDER BY id DESC LIMIT": "walks the primary key backwards and stops at the limit",
    "FROM durations": "a row for each kind of job, a handful in all",
}
LANE = LaneId("1.1")


def _row(tx: Transaction, lease: float = 1) -> Due:
    (due,) = tx.claim_due(after(9), kinds=[DueKind.POLL], until=after(lease), claim="w", limit=1)
    return due


def _saved(tx: Transaction) -> Request:
    request = tx.request(RequestId(1))
    assert request is not None
    return tx.save_request(request)


def _save_notices(tx: Transaction) -> None:
    first = tx.add_notice(a_card(RequestId(1)), NOON)
    assert first is not None
    tx.save_notice(replace(first, state=NoticeState.SENDING))
    tx.add_notice(a_card(RequestId(1)), NOON)
    tx.save_notice(first)


def _plan_twice(tx: Transaction) -> None:
    tx.plan_work(DueKind.POLL, "1", NOON)
    tx.plan_work(DueKind.POLL, "1", NOON)


def _plan_and_finish(tx: Transaction) -> None:
    tx.plan_work(DueKind.POLL, "1", NOON)
    tx.finish(_row(tx))


def _seal_and_forget(tx: Transaction) -> None:
    tx.record("event", at=NOON)
    last = tx.record("event", at=NOON)
    tx.record("audit_retained", at=NOON, data={"first_kept": last.id, "previous": last.previous})
    tx.forget_events(last.id)


CALLS: dict[str, Callable[[SqliteTransaction], object]] = {
    "add_request": lambda tx: (tx.add_request(a_request()), tx.add_request(a_request())),
    "add_lane": lambda tx: tx.add_lane(a_lane(RequestId(1)), [a_member(LANE)]),
    "add_job": lambda tx: tx.add_job(a_job(LANE)),
    "add_decision": lambda tx: (tx.add_decision(a_decision(LANE)), tx.add_decision(a_decision(LANE))),
    "add_to_inbox": lambda tx: (tx.add_to_inbox(an_inbox_item()), tx.add_to_inbox(an_inbox_item())),
    "add_notice": lambda tx: tx.add_notice(a_reply(RequestId(1)), NOON),
    "add_card": lambda tx: tx.add_card(RequestId(1), MessageRef(channel="C", ts="1")),
    "record": lambda tx: tx.record("event", at=NOON, request=RequestId(1)),
    "plan_work": _plan_twice,
    "claim_due": lambda tx: (
        tx.claim_due(NOON, kinds=ALL_KINDS, until=after(1), claim="w", limit=9, subjects=["2"]),
        tx.claim_due(NOON, kinds=ALL_KINDS, until=after(1), claim="w", limit=9),
    ),
    "jobs_to_ask": lambda tx: tx.jobs_to_ask(NOON),
    "durations": lambda tx: tx.durations(),
    "save_durations": lambda tx: tx.save_durations("r/share", {}),
    "postpone": lambda tx: tx.postpone(_row(tx), after(2)),
    "finish": _plan_and_finish,
    "save_request": _saved,
    "save_lane": lambda tx: tx.save_lane(a_lane(RequestId(1))),
    "save_job": lambda tx: tx.save_job(tx.jobs(LANE)[0]),
    "save_members": lambda tx: tx.save_members([a_member(LANE), a_member(LANE, "other")]),
    "save_notice": _save_notices,
    "finish_inbox": lambda tx: tx.finish_inbox(InboxId(1), NOON),
    "request": lambda tx: tx.request(RequestId(1)),
    "request_by_key": lambda tx: tx.request_by_key("key-1"),
    "requests": lambda tx: (tx.requests("all"), tx.requests("mine", ANNA)),
    "open_requests_of": lambda tx: (tx.open_requests_of(ANNA), tx.requests("open")),
    "lane": lambda tx: tx.lane(LANE),
    "lanes": lambda tx: tx.lanes(RequestId(1)),
    "members": lambda tx: tx.members(LANE),
    "decisions": lambda tx: tx.decisions(LANE),
    "job": lambda tx: tx.job(tx.jobs(LANE)[0].id),
    "jobs": lambda tx: tx.jobs(LANE),
    "jobs_in_flight": lambda tx: tx.jobs_in_flight(),
    "inbox_item": lambda tx: tx.inbox_item(InboxId(1)),
    "notice": lambda tx: tx.notice(1),
    "notice_before": lambda tx: tx.notice_before(2),
    "notices_after": lambda tx: tx.notices_after(1),
    "reports_waiting": lambda tx: tx.reports_waiting("C1", 10),
    "count_reports_waiting": lambda tx: tx.count_reports_waiting("C1"),
    "digest_waiting": lambda tx: tx.digest_waiting("C1"),
    "said_by": lambda tx: tx.said_by(1),
    "copies": lambda tx: tx.copies(RequestId(1)),
    "save_copy": lambda tx: tx.save_copy(RequestId(1), Copy(ref=MessageRef(channel="C", ts="1"))),
    "drop_work": lambda tx: tx.drop_work(DueKind.POLL, "1"),
    "cards": lambda tx: tx.cards(RequestId(1)),
    "shared_members": lambda tx: tx.shared_members(ImageId("image-1"), ProjectId("project-1")),
    "taken_back": lambda tx: tx.taken_back(RequestId(1)),
    "events": lambda tx: (tx.events(), tx.events(request=RequestId(1))),
    "last_event": lambda tx: (tx.last_event(), tx.last_event("head_anchored")),
    "forget_events": _seal_and_forget,
    "due_counts": lambda tx: tx.due_counts(NOON),
    "next_due": lambda tx: (tx.next_due(), tx.next_due([DueKind.POLL])),
    "drop_members": lambda tx: tx.drop_members(LANE),
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = str(tmp_path / "imagebot.db")
    migrate(path)
    with closing(writing(path, busy_timeout=1)) as connection:
        yield connection


def _statements(connection: sqlite3.Connection) -> set[str]:
    """What every call runs, less the looks at the catalogue."""
    seen: list[str] = []
    transaction = SqliteTransaction(Statements(connection, ""))
    connection.execute("BEGIN IMMEDIATE")
    connection.set_trace_callback(seen.append)
    for call in CALLS.values():
        call(transaction)
    connection.set_trace_callback(None)
    connection.execute("ROLLBACK")
    words = ("SELECT", "INSERT", "UPDATE", "DELETE")
    return {sql for sql in seen if sql.strip().startswith(words) and "sqlite_" not in sql}


def test_every_call_of_the_port_is_looked_at() -> None:
    """A new method brings a new statement."""
    port = {name for base in Transaction.__mro__ for name in vars(base) if not name.startswith("_")}

    assert set(CALLS) == port


def test_no_statement_walks_a_table(connection: sqlite3.Connection) -> None:
    """Every query is an index search; the exceptions say why."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    walks = []
    for sql in _statements(connection):
        for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
            word, _, rest = step.partition(" ")
            excused = any(shape in sql for shape in EXCUSED)
            if word == "SCAN" and rest.split()[0] in tables and not excused:
                walks.append(f"{step}: {sql}")

    assert walks == []


def test_an_acknowledged_command_costs_four_statements(connection: sqlite3.Connection) -> None:
    """The path a person waits for: the request, its audit event, its due row, and the chain's head once."""
    seen: list[str] = []
    transaction = SqliteTransaction(Statements(connection, ""))

    def acknowledge(key: str) -> None:
        request = transaction.add_request(a_request(key))
        transaction.record("request_received", at=NOON, request=request.id)
        transaction.plan_work(DueKind.PLAN, str(request.id), NOON)

    connection.set_trace_callback(seen.append)
    acknowledge("key-1")
    first = len(_own(seen))
    seen.clear()
    acknowledge("key-2")

    assert first == 4
    assert len(_own(seen)) == 3


def _own(statements: list[str]) -> set[str]:
    """Without what runs inside one: a statement with a trigger is reported twice, the trigger's own as a comment."""
    return {sql for sql in statements if not sql.startswith("--")}


def test_a_card_notice_is_kept_once_pending_by_the_database_itself(connection: sqlite3.Connection) -> None:
    """Even a statement that does not ask first cannot make a second one."""
    transaction = SqliteTransaction(Statements(connection, ""))
    transaction.add_request(a_request())
    insert = "INSERT INTO notices (kind, request, created_at, state) VALUES (?, 1, 0, 'pending')"
    connection.execute(insert, (NoticeKind.CARD.value,))

    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(insert, (NoticeKind.CARD.value,))


def _grow(transaction: SqliteTransaction, rows: range) -> None:
    """So many more requests, and of each kind of work one that is later, one that is claimed."""
    for n in rows:
        transaction.add_request(a_request(f"grown-{n}", requester=replace(ANNA, user=f"U{n}")))
        transaction.plan_work(DueKind.POLL, f"later-{n}", after(60))
        transaction.plan_work(DueKind.DELIVER, f"later-{n}", after(60 + n))


def _effort(connection: sqlite3.Connection, call: Callable[[], object]) -> int:
    """In tens of SQLite's virtual machine steps: exact, whatever else the machine does."""
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    connection.set_progress_handler(tick, 10)
    call()
    connection.set_progress_handler(None, 0)
    return count[0]


@pytest.mark.parametrize(
    "name", ["add_request", "plan_work", "claim_due", "next_due", "request", "requests", "record"]
)
def test_the_effort_does_not_grow_with_what_is_stored(connection: sqlite3.Connection, name: str) -> None:
    """An index that leads only half the way shows here, not in the plan."""
    transaction = SqliteTransaction(Statements(connection, ""))
    connection.execute("BEGIN IMMEDIATE")
    _grow(transaction, range(50))
    CALLS[name](transaction)
    small = _effort(connection, lambda: CALLS[name](transaction))
    _grow(transaction, range(50, 1500))

    assert _effort(connection, lambda: CALLS[name](transaction)) <= small + 30
