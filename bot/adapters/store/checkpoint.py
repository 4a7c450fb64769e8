"""The write-ahead log is copied into the database by a thread of its own, so that no commit pays for it.

A passive checkpoint (https://www.sqlite.org/c3ref/wal_checkpoint_v2.html) stands in nobody's way, and copies nearly all.
The little that came meanwhile is copied while the writer waits, so that the log starts over: written over in place it is on
the disk in half the time that a growing file takes. A log that is too large, and one nobody has written to for a while, is
cut to nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import suppress

EVERY = 2_000
"""Changed rows after which a checkpoint is due; a few megabytes of log."""
LARGEST_LOG = 64 * 1024 * 1024
"""Bytes of log past which the writer has to wait for a full one."""
IDLE = 5.0
"""Seconds without a wake-up after which what was written is checkpointed and the log is cut."""
START_OVER_TIMEOUT, CUT_TIMEOUT = 10, 100
"""Milliseconds to wait, and let the writer wait, for readers to leave the log. If they do not, the next time will do."""


class Checkpointer(threading.Thread):
    """`gate` is the writer's: held only while the log is started over or cut."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        *,
        gate: threading.Lock,
        largest_log: int = LARGEST_LOG,
    ) -> None:
        super().__init__(name="imagebot-store-checkpointer", daemon=True)
        self._connection, self._gate = connection, gate
        self._log, self._largest_log = f"{path}-wal", largest_log
        self._wake = threading.Event()
        self._changed = 0
        self._ending = False

    def committed(self, changed: int) -> None:
        """Called by the writer after each commit, with the number of rows it changed."""
        self._changed += changed
        if self._changed >= EVERY:
            self._wake.set()

    def end(self) -> None:
        self._ending = True
        self._wake.set()

    def run(self) -> None:
        while not self._ending:
            woken = self._wake.wait(IDLE)
            self._wake.clear()
            if self._changed and not self._ending:
                self._changed = 0
                self._checkpoint(cut=not woken)
        self._connection.close()

    def _checkpoint(self, *, cut: bool) -> None:
        # When it fails (locked, a full disk) the log is kept, nothing is lost, and the next one tries again.
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            cut = cut or self._too_large()
            self._connection.execute(f"PRAGMA busy_timeout = {CUT_TIMEOUT if cut else START_OVER_TIMEOUT}")
            with self._gate:
                self._connection.execute(
                    f"PRAGMA wal_checkpoint({'TRUNCATE' if cut else 'RESTART'})"
                ).fetchall()

    def _too_large(self) -> bool:
        try:
            return os.path.getsize(self._log) > self._largest_log
        except OSError:
            return False
