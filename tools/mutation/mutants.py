"""What a mutant is, and how its text is made from the text of the module."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, replace
from types import CodeType

MODULE = "<module>"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One small change of one file."""

    file: str
    """Relative to the root, such as bot/domain/states.py."""
    where: str
    """The outermost function that holds it, such as Clause.holds; MODULE for what runs when the module is imported."""
    first_line: int
    """The line where the code of that function begins, its decorators included."""
    line: int
    last_line: int
    was: str
    """The changed expression or statement in one spelling, whatever its layout: with `where` and `now` the name of the mutant
    that outlives moved lines. The second of two that are alike in one function ends in ` (2)`."""
    now: str
    operator: str
    begin: int
    """Bytes of the file's text from here..."""
    end: int
    """...to here are replaced by..."""
    text: str
    statement: str
    """The line it begins on, for the reader."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.file, self.where, self.was, self.now

    @property
    def at_import(self) -> bool:
        return self.where == MODULE

    def of(self, source: bytes) -> bytes:
        """The text of the module with the change."""
        return source[: self.begin] + self.text.encode() + source[self.end :]


def numbered(mutants: list[Mutant]) -> list[Mutant]:
    """The same, in the order of the file, with a number behind the second and later ones that are otherwise alike."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    named = []
    for mutant in sorted(mutants, key=lambda one: (one.begin, one.end, one.now)):
        seen[mutant.key] += 1
        count = seen[mutant.key]
        named.append(mutant if count == 1 else replace(mutant, was=f"{mutant.was} ({count})"))
    return named


def spelled(node: ast.AST) -> str:
    """The node in one line."""
    return re.sub(r"\s+", " ", ast.unparse(node)).strip()


def code_of(module: CodeType, mutant: Mutant) -> CodeType | None:
    """The code of the mutant's outermost function inside the compiled module."""
    found = [
        const
        for const in _codes(module)
        if const.co_qualname == mutant.where and const.co_firstlineno == mutant.first_line
    ]
    return found[0] if len(found) == 1 else None


def _codes(code: CodeType) -> list[CodeType]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return inner + [deeper for const in inner for deeper in _codes(const)]
