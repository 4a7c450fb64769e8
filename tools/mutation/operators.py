"""The small changes: for each node of the syntax tree, what could stand there by mistake."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.Pow: ast.Mult,
}  # fmt: skip
TWINS = {
    "min": "max", "any": "all", "startswith": "endswith", "removeprefix": "removesuffix", "lower": "upper", "lstrip": "rstrip",
    "find": "rfind", "split": "rsplit", "partition": "rpartition", "union": "intersection", "issuperset": "issubset",
    "casefold": "upper", "floor": "ceil",
}  # fmt: skip
"""Names of functions that are easily taken for one another."""
TWINS |= {right: left for left, right in TWINS.items() if right not in TWINS and left != "casefold"}
NOT_CALLS = {"isinstance", "cast", "TypeVar", "NewType", "super", "ParamSpec", "assert_never"}
"""Calls that say something to the type checker: their arguments are left alone."""
STYLE = {"repr", "kw_only", "frozen", "slots", "init"}
"""Keywords that say how a dataclass is written down."""


@dataclass(frozen=True)
class Change:
    node: ast.AST
    """What is replaced..."""
    new: ast.AST
    """...by this."""
    operator: str
    was: ast.AST | None = None
    """What the reader is shown instead of the node: the dropped entry of a table."""


Operator = Callable[[ast.AST, Mapping[str, list[str]]], Iterator[Change]]
OPERATORS: list[Operator] = []


def operator(function: Operator) -> Operator:
    OPERATORS.append(function)
    return function


def changes(node: ast.AST, enums: Mapping[str, list[str]]) -> Iterator[Change]:
    """Every change of this node; `enums` holds the members of the enumerations by class name."""
    for each in OPERATORS:
        yield from each(node, enums)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _none() -> ast.expr:
    return ast.Constant(value=None)


def _is_empty(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, ...)


@operator
def comparison(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            ops = [*node.ops[:place], COMPARISONS[type(op)](), *node.ops[place + 1 :]]
            yield Change(node, _with(node, ops=ops), "comparison")


@operator
def arithmetic(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    if isinstance(node, ast.BinOp):
        if not any(isinstance(side, ast.Constant | ast.JoinedStr) for side in (node.left, node.right)):
            yield Change(node, node.left, "the right side is dropped")
        if not any(_is_text(side) for side in (node.left, node.right)) and type(node.op) in ARITHMETIC:
            yield Change(node, _with(node, op=ARITHMETIC[type(node.op)]()), "arithmetic")
    if isinstance(node, ast.AugAssign):
        new = ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)
        yield Change(node, new, "an addition becomes an assignment")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


@operator
def logic(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield Change(node, _with(node, op=other), "and / or")
        for place in range(len(node.values)) if len(node.values) > 2 else ():
            left = [*node.values[:place], *node.values[place + 1 :]]
            yield Change(node, _with(node, values=left), "one operand is dropped")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield Change(node, node.operand, "not is dropped")
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and not isinstance(node.operand, ast.Constant)
    ):
        yield Change(node, node.operand, "minus is dropped")


@operator
def condition(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    """A test that is no comparison (those have their own change) is turned round; a filter lets everything pass."""
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        test = node.test
        if not isinstance(test, ast.Compare | ast.BoolOp) and not _is_not(test):
            yield Change(test, ast.UnaryOp(op=ast.Not(), operand=test), "the condition is turned round")
    if isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield Change(test, ast.Constant(value=True), "the filter lets everything pass")
    if isinstance(node, ast.match_case) and node.guard is not None:
        yield Change(node.guard, ast.Constant(value=True), "the guard lets everything pass")


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


@operator
def constant(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield Change(node, ast.Constant(value=not value), "true / false")
    elif isinstance(value, int | float):
        yield Change(node, ast.Constant(value=value + 1), "a number")
    elif isinstance(value, str) and " " in value.strip():
        yield Change(node, ast.Constant(value=""), "a sentence goes missing")
    elif isinstance(value, str) and value.strip():
        yield Change(node, ast.Constant(value=f"XX{value}XX"), "a word")


@operator
def said(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    """A sentence with a fact left out."""
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                left = [other for other in node.values if other is not part]
                yield Change(node, _with(node, values=left), "a fact is not said", part.value)


@operator
def result(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    told_otherwise = ast.Constant | ast.Compare | ast.BoolOp
    if (
        isinstance(node, ast.Return | ast.Yield)
        and node.value is not None
        and not isinstance(node.value, told_otherwise)
    ) and not _is_not(node.value):
        yield Change(node.value, _none(), "nothing is returned")
    if isinstance(node, ast.Lambda) and not isinstance(node.body, told_otherwise):
        yield Change(node.body, _none(), "nothing is returned")


@operator
def call(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in NOT_CALLS:
        return
    for word in node.keywords:
        if word.arg not in (None, *STYLE) and not isinstance(word.value, ast.Constant | ast.JoinedStr):
            yield Change(word.value, _none(), "nothing is handed over")
    if name in TWINS:
        if isinstance(node.func, ast.Name):
            new: ast.AST = ast.Name(id=TWINS[name], ctx=ast.Load())
        else:
            new = _with(node.func, attr=TWINS[name])
        yield Change(node.func, new, "a twin is called")
    if name == "sorted" and len(node.args) == 1:
        listed = ast.Call(func=ast.Name(id="list", ctx=ast.Load()), args=node.args, keywords=[])
        yield Change(node, listed, "nothing is sorted")


@operator
def statement(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield Change(node, ast.Pass(), "a statement is dropped")
    if isinstance(node, ast.Raise):
        yield Change(node, ast.Pass(), "nothing is raised")
    if isinstance(node, ast.Return) and node.value is None:
        yield Change(node, ast.Pass(), "it goes on")
    if isinstance(node, ast.Continue):
        yield Change(node, ast.Break(), "continue / break")
    if isinstance(node, ast.Break):
        yield Change(node, ast.Continue(), "continue / break")


@operator
def table(node: ast.AST, _: Mapping[str, list[str]]) -> Iterator[Change]:
    """One entry of a table is missing."""
    if isinstance(node, ast.Dict):
        for place, value in enumerate(node.values):
            key = node.keys[place]
            new = ast.Dict(
                keys=[*node.keys[:place], *node.keys[place + 1 :]],
                values=[*node.values[:place], *node.values[place + 1 :]],
            )
            yield Change(node, new, "an entry is missing", key or value)
    if isinstance(node, ast.Set | ast.List | ast.Tuple) and isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        for place, one in enumerate(node.elts) if len(node.elts) > 2 or isinstance(node, ast.Set) else ():
            left = [*node.elts[:place], *node.elts[place + 1 :]]
            if left:
                yield Change(node, _with(node, elts=left), "an entry is missing", one)


@operator
def member(node: ast.AST, enums: Mapping[str, list[str]]) -> Iterator[Change]:
    """Another member of the same enumeration. Not inside a comparison, which is turned round anyhow."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        names = enums.get(node.value.id, [])
        if node.attr in names and len(names) > 1:
            after = names[(names.index(node.attr) + 1) % len(names)]
            yield Change(node, _with(node, attr=after), "another member")
