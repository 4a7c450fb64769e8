"""What a mutant is, and how it is put into a tree and taken out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.copies import write


@dataclass(frozen=True)
class Edit:
    file: str
    """Relative to the root of the tree."""
    old: str
    """Stands exactly once in the file."""
    new: str


@dataclass(frozen=True)
class Mutant:
    name: str
    """The mistake, in words."""
    promises: tuple[int, ...]
    """Which promises of docs/mutants.md it breaks: an invariant of one of these has to notice."""
    edits: tuple[Edit, ...]
    """One; more only where one guard stands behind another, and both are left out."""


def mutant(name: str, promises: int | tuple[int, ...], *edit: str) -> Mutant:
    """`edit`: file, old text, new text; and so on, where there are several."""
    if len(edit) % 3:
        raise ValueError(f"{name}: an edit is a file, an old text and a new one")
    edits = tuple(Edit(*edit[at : at + 3]) for at in range(0, len(edit), 3))
    return Mutant(name, promises if isinstance(promises, tuple) else (promises,), edits)


def rotten(root: Path, one: Mutant) -> str:
    """Why the mutant no longer fits the tree; empty when it does."""
    for edit in one.edits:
        path = root / edit.file
        times = path.read_text(encoding="utf-8").count(edit.old) if path.exists() else 0
        if times != 1:
            return f"its old text stands {times} times in {edit.file}"
    return ""


@contextmanager
def applied(tree: Path, one: Mutant) -> Iterator[None]:
    """The tree with the mutant in it, for as long as this lasts."""
    before = {edit.file: (tree / edit.file).read_text(encoding="utf-8") for edit in one.edits}
    try:
        for edit in one.edits:
            text = (tree / edit.file).read_text(encoding="utf-8")
            write(tree, edit.file, text.replace(edit.old, edit.new))
        yield
    finally:
        for file, text in before.items():
            write(tree, file, text)
