"""Disks with trouble to order: full, and with room again."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crashes.lives import Life
from tests.journeys.cast import POLICY
from tests.journeys.stage import Stage

SIZE = "2m"


@dataclass
class SmallDisk:
    """The stage's folder on a disk that can be filled to the last byte. Where this user may not mount one, no file of the
    life may grow any more, which SQLite meets as an error of the disk."""

    folder: Path
    mounted: bool

    def fill(self, life: Life | None = None) -> None:
        if not self.mounted:
            assert life is not None
            resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            return
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            piece = b"x" * 65536
            while piece:
                try:
                    ballast.write(piece)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    piece = piece[: len(piece) // 2]

    def free(self, life: Life | None = None) -> None:
        if self.mounted:
            (self.folder / "ballast").unlink()
        elif life is not None and not life.over:
            resource.prlimit(
                life.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )


@contextmanager
def small_disk(stage: Stage) -> Iterator[SmallDisk]:
    """Under the stage's folder, with the policy on it."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(stage.folder)], capture_output=True
    ) if os.getuid() == 0 else None  # fmt: skip
    mounted = done is not None and done.returncode == 0
    try:
        stage.policy.write_text(POLICY)
        yield SmallDisk(stage.folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(stage.folder)], check=True, capture_output=True)
