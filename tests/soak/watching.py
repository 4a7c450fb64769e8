"""What is seen of the bot from outside while it runs: its process in /proc, its database read-only."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One look. Times in seconds since the load began; sizes in megabytes."""

    at: float
    requests: int
    """Final by then."""
    memory: float
    fds: int
    threads: int
    database: float
    wal: float
    around: float
    """Memory of the surroundings."""
    due: Mapping[str, int]
    busy: float | None
    """CPU seconds of the whole machine so far, and"""
    own: float | None
    """those of ours."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A request as the store has it: member outcomes by project, states of its lanes, seconds from the command to the last
    lane's end; None when it has no lane."""

    id: int
    state: str
    outcomes: Mapping[str, str]
    lanes: tuple[str, ...]
    seconds: float | None


def memory_of(pid: int) -> float:
    """Resident, in megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def fds_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def megabytes(path: Path) -> float:
    """0 for a file that is not there."""
    return path.stat().st_size / 1e6 if path.exists() else 0.0


class Books:
    """The bot's database, read beside it; each look is one short read, which is in no checkpoint's way for long."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    def close(self) -> None:
        self._db.close()

    def due(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT kind, count(*) FROM due GROUP BY kind").fetchall())

    def ended(self, ids: Collection[int]) -> dict[int, str]:
        """The states of those of them that are final, and under whose cards everything has been said."""
        rows = self._db.execute(
            f"SELECT id, state FROM requests WHERE id IN ({_marks(ids)}) "
            "AND state IN ('refused', 'expired', 'cancelled', 'ended') AND NOT EXISTS "
            "(SELECT 1 FROM notices WHERE request = requests.id AND state NOT IN ('delivered', 'given_up'))",
            tuple(ids),
        )
        return dict(rows.fetchall())

    def request(self, id: int) -> Ended:
        (state, began) = self._db.execute(
            "SELECT state, created_at FROM requests WHERE id = ?", (id,)
        ).fetchone()
        lanes = self._db.execute("SELECT id, state, ended_at FROM lanes WHERE request = ?", (id,)).fetchall()
        outcomes: dict[str, str] = {}
        for lane, _, _ in lanes:
            outcomes |= dict(
                self._db.execute(
                    "SELECT json_extract(project_facts, '$.name'), outcome FROM members WHERE lane = ?",
                    (lane,),
                ).fetchall()
            )
        last = max((end for _, _, end in lanes if end is not None), default=None)
        return Ended(
            id=id, state=state, outcomes=outcomes, lanes=tuple(sorted(lane[1] for lane in lanes)),
            seconds=None if last is None else (last - began) / 1e6,
        )  # fmt: skip

    def count(self, table: str, where: str = "1") -> int:
        """Rows; both words are ours."""
        (found,) = self._db.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
        return int(found)

    def last_word(self) -> dict[tuple[str, str], str]:
        """For each (image id, project id) the action of the last lane that says it is done."""
        rows = self._db.execute(
            "SELECT image, project, action FROM members JOIN lanes ON lanes.id = members.lane "
            "JOIN requests ON requests.id = lanes.request WHERE outcome = 'done' ORDER BY lanes.ended_at, requests.id"
        )
        return {(image, project): action for image, project, action in rows}


def _marks(ids: Collection[int]) -> str:
    return ", ".join("?" * len(ids))
