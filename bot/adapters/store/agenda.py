"""The due rows: what is to be done, when, and who has it. One row per (kind, subject)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.adapters.store.codec import micros
from bot.adapters.store.rows import due_of
from bot.adapters.store.table import Row
from bot.adapters.store.view import SqliteView
from bot.domain.errors import ClaimLostError
from bot.domain.model import Due, DueKind

_PLAN = """
INSERT INTO due (kind, subject, at, attempts) VALUES (?1, ?2, ?3, 0)
ON CONFLICT (kind, subject) DO UPDATE SET
  again = CASE WHEN claim IS NOT NULL THEN min(coalesce(again, ?3), ?3) END,
  at = CASE WHEN claim IS NULL THEN min(at, ?3) ELSE at END
"""
_READY = """
SELECT id, kind, subject, at, attempts FROM (
  SELECT * FROM (
    SELECT id, kind, subject, at, attempts FROM due WHERE claim IS NULL AND kind = ?1 AND at <= ?2
    ORDER BY at, id LIMIT ?3)
  UNION ALL
  SELECT id, kind, subject, at, attempts FROM due
  WHERE claim IS NOT NULL AND claimed_until <= ?2 AND kind = ?1
) ORDER BY at, id LIMIT ?3
"""
_READY_OF = """
SELECT id, kind, subject, at, attempts FROM due
WHERE kind = ?1 AND subject = ?2 AND (claim IS NULL AND at <= ?3 OR claim IS NOT NULL AND claimed_until <= ?3)
"""
_CLAIM = "UPDATE due SET claim = ?, claimed_until = ?, attempts = attempts + 1 WHERE id = ?"
_REMOVE = """
DELETE FROM due WHERE kind = ? AND subject = ? AND claim = ? AND attempts = ? AND again IS NULL
"""
_RESTART = """
UPDATE due SET at = again, again = NULL, claim = NULL, claimed_until = NULL, attempts = 0
WHERE kind = ? AND subject = ? AND claim = ? AND attempts = ?
"""
_POSTPONE = """
UPDATE due
SET at = min(?1, coalesce(again, ?1)), again = NULL, claim = NULL, claimed_until = NULL, attempts = ?2
WHERE kind = ?3 AND subject = ?4 AND claim = ?5 AND attempts = ?6
"""
FREE_CLAIMS = "UPDATE due SET claimed_until = at WHERE claim IS NOT NULL"
_FORGET = "DELETE FROM due WHERE kind = ? AND subject = ? AND claim IS NULL"


class Agenda(SqliteView):
    """A claim is told from an earlier one under the same name by its number of attempts."""

    def plan_work(self, kind: DueKind, subject: str, at: datetime) -> None:
        self._sql.run(_PLAN, (kind.value, subject, micros(at)))

    def claim_due(
        self, now: datetime, *, kinds: Sequence[DueKind], until: datetime, claim: str, limit: int,
        subjects: Sequence[str] | None = None,
    ) -> tuple[Due, ...]:  # fmt: skip
        claimed: list[Due] = []
        for kind in dict.fromkeys(kinds):
            room = limit - len(claimed)
            if room <= 0:
                break
            ready = self._ready(kind, micros(now), room, subjects)
            self._sql.run_many(_CLAIM, [(claim, micros(until), row[0]) for row in ready])
            claimed += [due_of(row[1:], claim) for row in ready]
        return tuple(claimed)

    def _ready(self, kind: DueKind, now: int, room: int, subjects: Sequence[str] | None) -> list[Row]:
        if subjects is None:
            return self._sql.rows(_READY, (kind.value, now, room))
        found: list[Row] = []
        for subject in dict.fromkeys(subjects):
            found += self._sql.rows(_READY_OF, (kind.value, subject, now))
            if len(found) >= room:
                break
        return found

    def finish(self, due: Due) -> None:
        mine = (due.kind.value, due.subject, due.claim, due.attempts)
        if not (self._sql.run(_REMOVE, mine).rowcount or self._sql.run(_RESTART, mine).rowcount):
            raise _lost(due)

    def postpone(self, due: Due, at: datetime, *, attempts: int | None = None) -> None:
        """When it was planned meanwhile, at the earlier of both times."""
        counted = due.attempts if attempts is None else attempts
        mine = (due.kind.value, due.subject, due.claim, due.attempts)
        if not self._sql.run(_POSTPONE, (micros(at), counted, *mine)).rowcount:
            raise _lost(due)

    def drop_work(self, kind: DueKind, subject: str) -> None:
        self._sql.run(_FORGET, (kind.value, subject))


def _lost(due: Due) -> ClaimLostError:
    return ClaimLostError(f"{due.kind.value} {due.subject} is done, or its claim ran out and is another's")
