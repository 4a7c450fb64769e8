"""A database as years of use leave it: so many requests that have ended, each with all its rows, and so many jobs in flight.

The rows have the size and the spread of real ones and are made by SQL, as the bot itself would take an hour for a million. What
nobody reads while a command is acknowledged or a row is claimed is simple: the hashes of the audit log do not prove anything.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from bench.servers.outside import CHANNELS, PEOPLE, PROJECTS
from bot.adapters.store import SqliteStore

NOW = 1_790_000_000_000_000
"""Microseconds since 1970; everything that ended did so before."""
_EVENTS = ("request_received", "request_planned", "job_submitting", "job_accepted", "job_ended", "lane_ended")
_FACTS = '{"id": "x", "name": "base-ubuntu-24", "kind": "system", "encrypted": false, "status": "active", "tags": {}, "size": 40}'
_SAID = '{"text": "' + "Shared and read back: base-ubuntu-24 with shop-dev. " * 4 + '", "parts": []}'
_CTE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
_IMAGE = "printf('%08x-0000-4000-8000-000000000000', i % 5000)"


def grow(database: Path, requests: int, in_flight: int = 0, team: str = "T0BENCH") -> None:
    """Makes the file. `in_flight`: jobs that run in one lane and are due to be asked about."""
    asyncio.run(SqliteStore(str(database)).close())
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "cache_size = -1000000",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN")
        for statement in _statements(requests, team):
            connection.execute(f"{_CTE.format(count=requests)} {statement}")
        if in_flight:
            for statement in _running(requests):
                connection.execute(f"{_CTE.format(count=in_flight)} {statement}")
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()


def _statements(requests: int, team: str) -> tuple[str, ...]:
    person = f"printf('{PEOPLE[0][:-4]}%04d', i % {len(PEOPLE)})"
    channel = f"printf('{CHANNELS[0][:-2]}%02d', i % {len(CHANNELS)})"
    project, at = next(iter(PROJECTS.values())), f"{NOW} - ({requests} - i) * 1000000"
    text = "share base-ubuntu-24 to shop-dev for 30d because CHG-1042"
    refs, projects = '["base-ubuntu-24"]', '["shop-dev"]'
    verdict = '{"effect": "allow", "rules": ["dev"], "requirements": []}'
    zeros = "printf('%064x', {})"
    kinds = "CASE k " + " ".join(f"WHEN {n} THEN '{kind}'" for n, kind in enumerate(_EVENTS)) + " END"
    each = "n, (SELECT value AS k FROM json_each('[0,1,2,3,4,5]'))"
    number = "((i - 1) * 6 + k + 1)"
    return (
        f"INSERT INTO requests (id, action, requester_team, requester_user, channel, text, image_refs, project_refs, reason, state,"
        f" created_at, dedupe_key, card_channel, refusal, version) SELECT i, 'share', '{team}', {person}, {channel}, '{text}',"
        f" '{refs}', '{projects}', 'CHG-1042', 'ended', {at}, 'command:' || i || '.1790000000.abcdef', {channel}, '', 2 FROM n",
        f"INSERT INTO lanes (id, request, number, state, verdict, plan_hash, created_at, reminders, note, ended_at, version)"
        f" SELECT i || '.1', i, 1, 'succeeded', '{verdict}', {zeros.format('i')}, {at}, '[]', '', {at} + 9000000, 5 FROM n",
        f"INSERT INTO jobs (id, lane, action, images, projects, state, created_at, cloud_job, submitted_at, polled_at, verdict, said_ok,"
        f" submits, reads, cloud_request_id, version) SELECT i, i || '.1', 'share', '[\"x\"]', '[\"{project}\"]', 'done', {at},"
        f" printf('%032x', i), {at}, {at} + 3000000, '', 1, 1, 1, printf('%032x', i), 4 FROM n",
        f"INSERT INTO members (lane, image, project, image_facts, project_facts, outcome, detail, cloud_status, job) SELECT"
        f" i || '.1', {_IMAGE}, '{project}', '{_FACTS}', '{_FACTS}', 'done', '', 'accepted', i FROM n",
        f"INSERT INTO notices (kind, request, created_at, message, state, delivered_at) SELECT 'thread', i, {at}, '{_SAID}',"
        f" 'delivered', {at} FROM n",
        f"INSERT INTO notices (kind, request, created_at, state, delivered_at) SELECT 'card', i, {at}, 'delivered', {at} FROM n",
        f"INSERT INTO cards (request, channel, ts) SELECT i, {channel}, printf('%d.%06d', 1790000000 + i, i % 1000000) FROM n",
        f"INSERT INTO events (id, at, kind, actor_team, actor_user, request, lane, data, previous, hash) SELECT {number}, {at},"
        f" {kinds}, '{team}', {person}, i, i || '.1', '{{\"text\": \"{text}\"}}', {zeros.format(number + ' - 1')},"
        f" {zeros.format(number)} FROM {each}",
    )


def _running(requests: int) -> tuple[str, ...]:
    """Jobs submitted just now, of lanes that exist and have ended: only the jobs matter to who claims and polls."""
    at = f"{time.time_ns() // 1000} - i * 1000"
    row = f"({requests} + i)"
    return (
        f"INSERT INTO jobs (id, lane, action, images, projects, state, created_at, cloud_job, submitted_at, polled_at, verdict, submits,"
        f" reads, cloud_request_id, version) SELECT {row}, ((i - 1) % {requests} + 1) || '.1', 'share', '[\"x\"]', '[\"y\"]',"
        f" 'running', {at}, printf('%032x', {row}), {at}, {at}, '', 1, 0, printf('%032x', {row}), 3 FROM n",
        f"INSERT INTO due (kind, subject, at, attempts) SELECT 'poll', '' || {row}, {at}, 0 FROM n",
    )
