"""The database file: its words are the domain's, its audit log only grows, and a file that is not ours is refused."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.adapters.store import SqliteStore, migrate, schema, version_1
from bot.adapters.store.migrations import MIGRATIONS, versions
from bot.domain import audit
from bot.domain.errors import StoreBrokenError
from bot.domain.model import GroupName, InboxId, LaneId, RequestId
from bot.domain.states import JobState, LaneState, MemberOutcome, RequestState
from tests.contracts.store_builders import NOON, stored_request

SAMPLES = Path(__file__).parents[2] / "samples"
WORDS = (
    ("requests", "action"),
    ("requests", "state"),
    ("lanes", "state"),
    ("members", "outcome"),
    ("jobs", "action"),
    ("jobs", "state"),
    ("inbox", "kind"),
    ("notices", "kind"),
    ("notices", "state"),
    ("due", "kind"),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "imagebot.db")


def _version_1(path: str) -> None:
    """A file as version 1 left it, with rows in every table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((SAMPLES / "database_version_1.sql").read_text())


# -- words -------------------------------------------------------------------------------------------------------


def test_the_newest_schema_has_the_words_of_the_domain(path: str) -> None:
    """A new state without a migration would fail on the first lane that reaches it."""
    migrate(path)

    with closing(sqlite3.connect(path)) as connection:
        assert schema.differences(connection) == ()


@pytest.mark.parametrize(("table", "column"), WORDS)
def test_a_word_the_domain_does_not_know_is_refused(path: str, table: str, column: str) -> None:
    """Whoever writes it, a person with an editor for databases included."""
    _version_1(path)
    migrate(path)

    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(f"UPDATE {table} SET {column} = 'unheard_of'")


def test_a_schema_that_lacks_a_word_is_noticed(path: str) -> None:
    """The comparison itself must be able to fail."""
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE members")
        (missing,) = schema.differences(connection)
        connection.commit()

    assert missing.startswith("table members lacks CHECK (outcome IN ('pending', 'done'")
    with pytest.raises(StoreBrokenError, match="does not fit this program"):
        SqliteStore(path)


# -- the audit log -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET kind = 'another'",
        "DELETE FROM events",
        "REPLACE INTO events SELECT id, at, 'another', NULL, NULL, NULL, NULL, data, previous, hash FROM events",
    ],
)
async def test_the_audit_log_can_only_grow(path: str, statement: str) -> None:
    """Not even by somebody who has the file open beside the bot."""
    store = SqliteStore(path)
    await store.write(lambda tx: tx.record("started", at=NOON))
    await store.close()

    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


# -- versions ----------------------------------------------------------------------------------------------------


def test_a_missing_file_is_made_for_its_owner_alone(path: str) -> None:
    """It holds what people wrote, and for half an hour addresses that post in their name."""
    assert migrate(path) == list(versions())
    assert migrate(path) == []
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


async def test_the_files_beside_the_database_are_private_too(path: str) -> None:
    """The log holds the newest rows before the database does."""
    store = SqliteStore(path)
    await stored_request(store)

    modes = {file.suffix: stat.S_IMODE(file.stat().st_mode) for file in Path(path).parent.iterdir()}
    await store.close()

    assert modes == dict.fromkeys((".db", ".db-wal", ".db-shm", ".lock"), 0o600)


async def test_a_database_of_version_1_is_opened_with_all_it_holds(path: str) -> None:
    """Whatever version the bot is, what was asked and approved is still there, and the audit chain holds."""
    _version_1(path)

    store = SqliteStore(path)
    request, lanes, members = await store.read(
        lambda v: (v.request(RequestId(1)), v.lanes(RequestId(1)), v.members(LaneId("1.1")))
    )
    decisions, jobs, notice = await store.read(
        lambda v: (v.decisions(LaneId("1.1")), v.jobs(LaneId("1.1")), v.notice(1))
    )
    events, item = await store.read(lambda v: (v.events(), v.inbox_item(InboxId(1))))
    next_due, cards = await store.read(lambda v: (v.next_due(), v.cards(RequestId(1))))
    await store.close()

    assert request is not None
    assert (request.reason, request.state) == ("CHG-1042", RequestState.PLANNED)
    assert [(lane.id, lane.state) for lane in lanes] == [("1.1", LaneState.RUNNING)]
    assert [(m.image.encrypted, m.project.env, m.outcome) for m in members] == [
        (False, "prod", MemberOutcome.PENDING),
        (None, "dev", MemberOutcome.PENDING),
    ]
    assert [(d.person.user, d.approve, d.groups) for d in decisions] == [
        ("ULEAD", True, frozenset({GroupName("platform-leads")}))
    ]
    assert [(job.state, job.cloud_job) for job in jobs] == [(JobState.RUNNING, "job-77")]
    assert notice is not None
    assert notice.message is not None
    assert notice.message.text == "Approved by ULEAD."
    assert item is not None
    assert item.body["click"] == "approve"
    assert next_due is not None
    assert [card.ts for card in cards] == ["1772366401.000100"]
    assert len(events) == 2
    assert audit.verify(events) is None


def test_version_1_is_what_it_was(path: str) -> None:
    """A published migration is never edited: databases made by it would differ from those made later."""
    _version_1(path)

    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_%'"
        kept = {" ".join(sql.split()) for (sql,) in connection.execute(query)}
    assert kept == {" ".join(sql.split()) for sql in version_1.STATEMENTS}


def test_a_database_newer_than_the_program_is_refused(path: str) -> None:
    """An older program would write rows the newer one does not understand."""
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        row = {"migration_set": MIGRATIONS.name, "name": "version_999", "applied_at": "later"}
        Database(connection).table(MIGRATIONS.migrations_table).insert(row)

    for opened in (
        lambda: SqliteStore(path),
        lambda: SqliteStore(path, readonly=True),
        lambda: migrate(path),
    ):
        with pytest.raises(StoreBrokenError, match=r"newer than this program .*version_999"):
            opened()


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: str) -> None:
    """A wrong path must not cost anybody their notes."""
    Path(path).write_text("These are my notes, not a database. " * 50)

    for opened in (
        lambda: SqliteStore(path),
        lambda: SqliteStore(path, readonly=True),
        lambda: migrate(path),
    ):
        with pytest.raises(StoreBrokenError, match="not a database"):
            opened()

    assert Path(path).read_text().startswith("These are my notes")


def test_the_database_of_another_program_is_refused_and_left_alone(path: str) -> None:
    """Our tables have no place in it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")

    for opened in (
        lambda: SqliteStore(path),
        lambda: SqliteStore(path, readonly=True),
        lambda: migrate(path),
    ):
        with pytest.raises(StoreBrokenError, match="not imagebot's"):
            opened()

    with closing(sqlite3.connect(path)) as connection:
        assert [name for (name,) in connection.execute("SELECT name FROM sqlite_master")] == ["songs"]


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """The commonest mistake of a first start."""
    with pytest.raises(StoreBrokenError, match="no-such-folder"):
        SqliteStore(str(tmp_path / "no-such-folder" / "imagebot.db"))


async def test_looking_at_a_database_makes_and_changes_nothing(path: str) -> None:
    """`imagebot requests` beside a running bot, or before there is one."""
    with pytest.raises(StoreBrokenError, match="no database"):
        SqliteStore(path, readonly=True)
    assert not list(Path(path).parent.iterdir())
    running = SqliteStore(path)
    request = await stored_request(running)

    looking = SqliteStore(path, readonly=True)

    assert await looking.read(lambda v: v.request(request.id)) == request
    with pytest.raises(StoreBrokenError, match="reading only"):
        await looking.write(lambda tx: tx.requests("all"))
    await looking.close()
    await running.close()


def test_looking_at_an_empty_file_says_what_to_do(path: str) -> None:
    """A database that lacks migrations is not touched by somebody who only looks."""
    Path(path).touch()

    with pytest.raises(StoreBrokenError, match="imagebot migrate"):
        SqliteStore(path, readonly=True)

    assert Path(path).stat().st_size == 0
