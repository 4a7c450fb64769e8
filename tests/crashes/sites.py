"""Every place in the source that makes something durable, found in the source itself: none of them can be forgotten."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot/usecases", "bot/worker", "bot/app")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Site:
    """One call of a store's `write`. `line` is where the code of its step begins, as the interpreter counts: by it a step
    that runs is known again. 0: the step is not written there, and cannot be known again."""

    path: str
    line: int
    name: str
    """Module, function and step; a lambda by what it calls."""


@cache
def sites(root: Path = ROOT) -> tuple[Site, ...]:
    """All of them, in the order of the source; those of one name are numbered."""
    found = [
        site for room in ROOMS for path in sorted((root / room).rglob("*.py")) for site in _in(path, root)
    ]
    often, met, named = Counter(site.name for site in found), Counter[str](), []
    for site in found:
        met[site.name] += 1
        number = f"/{met[site.name]}" if often[site.name] > 1 else ""
        named.append(Site(path=site.path, line=site.line, name=f"{site.name}{number}"))
    return tuple(named)


@cache
def by_code(root: Path = ROOT) -> Mapping[tuple[str, int], str]:
    """The name of the site by file and line of the step's code."""
    return {(str(root / site.path), site.line): site.name for site in sites(root)}


def _in(path: Path, root: Path) -> Iterator[Site]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for within, call in _calls(tree, ()):
        step = call.args[0] if call.args else None
        line, name = 0, ".".join((path.stem, *(one.name for one in within)))
        if isinstance(step, ast.Lambda):
            line, name = step.lineno, f"{name}>{_called(step)}"
        elif isinstance(step, ast.Name):
            line = next((one.lineno for one in _functions(within) if one.name == step.id), 0)
            name = f"{name}.{step.id}"
        yield Site(path=path.relative_to(root).as_posix(), line=line, name=name)


def _calls(
    node: ast.AST, within: tuple[Function | ast.ClassDef, ...]
) -> Iterator[tuple[tuple[Function | ast.ClassDef, ...], ast.Call]]:
    """Each `store.write(...)`, `....store.write(...)`, with the classes and functions around it."""
    inside = (*within, node) if isinstance(node, Function | ast.ClassDef) else within
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
        of = node.func.value
        if (isinstance(of, ast.Attribute) and of.attr == "store") or (
            isinstance(of, ast.Name) and of.id == "store"
        ):
            yield inside, node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, inside)


def _functions(within: tuple[Function | ast.ClassDef, ...]) -> Iterator[Function]:
    """Those defined inside the innermost function."""
    return (one for one in ast.walk(within[-1]) if isinstance(one, Function)) if within else iter(())


def _called(step: ast.Lambda) -> str:
    func = step.body.func if isinstance(step.body, ast.Call) else step.body
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else "?"
