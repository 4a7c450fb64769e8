"""One bot per database: an advisory lock on a file beside it. The kernel drops it with the process, however
that ends."""

from __future__ import annotations

import fcntl
import os

from bot.domain.errors import StoreBrokenError


class LockFile:
    """Held from the constructor to `release`.

    Raises StoreBrokenError when another imagebot has it, or when the file cannot be made. The file itself
    stays: removing it would let a third process lock a new file of the same name while a second still waits
    on the old one.
    """

    def __init__(self, database: str) -> None:
        path = f"{database}.lock"
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreBrokenError(f"The lock file {path} cannot be opened: {error.strerror}.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise StoreBrokenError(
                f"The database {database} is in use by another imagebot. Stop that one first: "
                "two would do everything twice."
            ) from error

    def release(self) -> None:
        """A second call is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
