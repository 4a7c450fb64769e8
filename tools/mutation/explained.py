"""The survivors that are known, each with the reason why no test can or need catch it, and what is not mutated at all."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.mutation.mutants import Mutant

BOOK = Path(__file__).with_name("explained.toml")
Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Mutants that are not made."""

    files: str
    """Path of a module, or of a folder with its slash."""
    why: str
    operator: str = ""
    """Of this operator alone; empty: of every one."""
    where: str = ""
    """In this function alone; empty: anywhere."""

    def covers(self, mutant: Mutant) -> bool:
        return (
            (mutant.file == self.files or (self.files.endswith("/") and mutant.file.startswith(self.files)))
            and self.operator in ("", mutant.operator)
            and self.where in ("", mutant.where)
        )


@dataclass(frozen=True, kw_only=True)
class Book:
    survivors: dict[Key, str]
    """The reason by the mutant's key."""
    left_out: tuple[LeftOut, ...]

    def made(self, mutants: Iterable[Mutant]) -> list[Mutant]:
        """Without those that are left out."""
        return [mutant for mutant in mutants if not any(rule.covers(mutant) for rule in self.left_out)]


def read(path: Path = BOOK) -> Book:
    """The book; ValueError for an entry without a reason, or one that stands twice."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    survivors: dict[Key, str] = {}
    for file, entries in told.get("survivors", {}).items():
        for entry in entries:
            key = (file, entry["where"], entry["was"], entry["now"])
            if key in survivors or len(entry["why"].split()) < 3:
                raise ValueError(f"{path.name}: stands twice or says no reason: {key}")
            survivors[key] = entry["why"]
    return Book(survivors=survivors, left_out=tuple(LeftOut(**rule) for rule in told.get("left_out", [])))


def rotten(book: Book, mutants: Sequence[Mutant], files: Sequence[str]) -> list[str]:
    """Entries for these files that fit no mutant any more."""
    known = {mutant.key for mutant in mutants}
    lost = [" | ".join(key) for key in book.survivors if key[0] in files and key not in known]
    return [f"no such mutant: {line}" for line in lost]
