"""All mutants of a module: which nodes may change, and where the change lands in the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.mutation.mutants import MODULE, Mutant, numbered, spelled
from tools.mutation.operators import Change, changes

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
SHOWN = 160
"""Characters of a mutant's name before and after; a longer expression is cut, and still told apart by its number."""


def enumerations(root: Path, files: Sequence[str]) -> dict[str, list[str]]:
    """The members of every enumeration in these files, by the name of its class."""
    found: dict[str, list[str]] = {}
    for file in files:
        for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any("Enum" in spelled(base) for base in node.bases):
                found[node.name] = [
                    target.id
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    for target in line.targets
                    if isinstance(target, ast.Name)
                ]
    return found


def mutants_of(file: str, source: str, enums: Mapping[str, list[str]]) -> list[Mutant]:
    """Every mutant of the module, in the order of its text."""
    return _Finder(file, source, enums).find()


class _Finder:
    def __init__(self, file: str, source: str, enums: Mapping[str, list[str]]) -> None:
        self.file, self.enums = file, enums
        self.source = source.encode()
        self.lines = source.splitlines()
        self.tree = ast.parse(source)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        starts = [0]
        for line in self.source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self.starts = starts

    def find(self) -> list[Mutant]:
        found = []
        for node in self._open(self.tree):
            for change in changes(node, self.enums):
                if change.operator != "another member" or not self._in_comparison(node):
                    found.append(self._mutant(change))
        return numbered(found)

    def _open(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that may change: no types, no docstrings, no decorators, no names of modules."""
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases", "pattern", "cause"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not self._closed(child):
                    yield from self._open(child)

    def _closed(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True
        if isinstance(node, ast.Import | ast.ImportFrom):
            return True
        if isinstance(node, ast.Constant) and isinstance(self.parents[node], ast.JoinedStr):
            return len(str(node.value).split()) < 3
        if isinstance(node, ast.keyword) and node.arg in ("repr", "kw_only", "frozen", "slots", "init"):
            return True
        if isinstance(node, ast.Call) and spelled(node.func) in ("TypeVar", "NewType"):
            return True
        if isinstance(node, ast.If) and spelled(node.test) == "TYPE_CHECKING":
            return True
        return self._is_alias(node)

    def _is_alias(self, node: ast.AST) -> bool:
        """An assignment that names a type, such as `Value = str | int`, or `__all__`."""
        if not isinstance(node, ast.Assign) or not isinstance(self.parents[node], ast.Module):
            return False
        name = spelled(node.targets[0]).lstrip("_")
        return name == "all__" or (name[:1].isupper() and not name.isupper())

    def _in_comparison(self, node: ast.AST) -> bool:
        above = self.parents[node]
        while isinstance(above, ast.Tuple | ast.Set | ast.List):
            above = self.parents[above]
        return isinstance(above, ast.Compare)

    def _function(self, node: ast.AST) -> tuple[str, int]:
        """The name and first line of the outermost function whose running reaches the node."""
        path: list[tuple[ast.AST, ast.AST]] = []
        below, above = node, self.parents.get(node)
        while above is not None:
            path.append((above, below))
            below, above = above, self.parents.get(above)
        names: list[str] = []
        for above, below in reversed(path):
            if isinstance(above, ast.ClassDef):
                names.append(above.name)
            if isinstance(above, Function) and not isinstance(below, ast.arguments):
                name = "<lambda>" if isinstance(above, ast.Lambda) else above.name
                first = min([above.lineno, *(d.lineno for d in getattr(above, "decorator_list", []))])
                return ".".join([*names, name]), first
        return MODULE, 1

    def _anchor(self, node: ast.AST) -> ast.AST:
        """What is replaced in the text: the node, or the whole f-string around it, whose parts have no places of their own."""
        anchor, above = node, self.parents.get(node)
        while above is not None:
            if isinstance(above, ast.JoinedStr):
                anchor = above
            above = self.parents.get(above)
        return anchor

    def _mutant(self, change: Change) -> Mutant:
        anchor = self._anchor(change.node)
        assert isinstance(anchor, ast.expr | ast.stmt)
        text = self._text(anchor, change)
        begin = self.starts[anchor.lineno - 1] + anchor.col_offset
        end = self.starts[(anchor.end_lineno or 0) - 1] + (anchor.end_col_offset or 0)
        where, first = self._function(change.node)
        was, now = spelled(change.was or change.node), "left out" if change.was else spelled(change.new)
        return Mutant(
            file=self.file, where=where, first_line=first, line=anchor.lineno, last_line=anchor.end_lineno or anchor.lineno,
            was=was[:SHOWN], now=now[:SHOWN], operator=change.operator, begin=begin, end=end, text=text,
            statement=self.lines[anchor.lineno - 1].strip(),
        )  # fmt: skip

    def _text(self, anchor: ast.AST, change: Change) -> str:
        if anchor is change.node:
            text = ast.unparse(ast.fix_missing_locations(change.new))
        else:
            self._put(change.node, change.new)
            text = ast.unparse(ast.fix_missing_locations(anchor))
            self._put(change.new, change.node, self.parents[change.node])
        return f"({text})" if isinstance(anchor, ast.expr) else text

    def _put(self, old: ast.AST, new: ast.AST, parent: ast.AST | None = None) -> None:
        parent = parent or self.parents[old]
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                setattr(parent, name, [new if one is old else one for one in value])
