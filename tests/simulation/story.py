"""What happened, step by step, in words; and its hash, which is the same whenever the same seed is played."""

from __future__ import annotations

import hashlib

KEPT = 20_000
"""Lines kept in words; the hash covers all."""


class Story:
    """`loud`: keep the words. Without it only the hash is kept."""

    def __init__(self, *, loud: bool = False) -> None:
        self.lines: list[str] = []
        self._loud = loud
        self._hash = hashlib.blake2b(digest_size=16)
        self.steps = 0

    def tell(self, at: float, kind: str, what: str, life: int) -> None:
        line = f"{at:11.3f}  {kind:<6} {f'p{life}' if life else '  ':<3} {what}"
        self.steps += 1
        self._hash.update(line.encode("utf-8", "replace"))
        if self._loud and len(self.lines) < KEPT:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
