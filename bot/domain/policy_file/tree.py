"""Text to a tree of YAML nodes, or problems. Refuses what no honest policy needs (control characters, custom
tags, deep nesting, aliases within aliases) before anything is composed. Builds no Python objects from the
file.
"""

from __future__ import annotations

import re
from typing import Protocol

import yaml

from bot.domain.errors import PolicyError, Problem

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 16
MAX_ALIASES = 50

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_TAGS = frozenset({"null", "bool", "int", "float", "str", "timestamp", "merge", "value", "map", "seq"})
TAG = "tag:yaml.org,2002:"


class Mark(Protocol):
    """A place in a text, counted from 0."""

    line: int
    column: int


class Findings:
    """Collects every problem of one file, with its place."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[tuple[int, int, str], Problem] = {}

    def add(self, at: yaml.Node | Mark | None, what: str, instead: str = "") -> None:
        """`at` is the node, or the mark, it is about; None: the beginning of the file."""
        mark = at.start_mark if isinstance(at, yaml.Node) else at
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        where = f"{self.file}:{line + 1}:{column + 1}"
        self._found.setdefault((line, column, what), Problem(where=where, what=what, instead=instead))

    def place(self, node: yaml.Node) -> str:
        """file:line:column of a node."""
        return f"{self.file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def problems(self) -> tuple[Problem, ...]:
        """In the order of the file."""
        return tuple(problem for _, problem in sorted(self._found.items(), key=lambda entry: entry[0]))

    def raise_if_any(self) -> None:
        """Raises PolicyError with all problems so far."""
        if self._found:
            raise PolicyError(self.problems())


def read_tree(text: str, findings: Findings) -> yaml.MappingNode | None:
    """The root mapping; None when there is none, and then `findings` say why."""
    if not _readable(text, findings):
        return None
    try:
        if not _harmless(text, findings):
            return None
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        findings.add(error.problem_mark or error.context_mark, *_syntax(error))
        return None
    except yaml.YAMLError as error:
        findings.add(None, f"this is no YAML: {str(error).splitlines()[0]}")
        return None
    if root is None:
        findings.add(None, "the file is empty", "begin with version: 1; policy.example.yml shows the rest")
        return None
    if not isinstance(root, yaml.MappingNode):
        findings.add(root, "the file is no mapping", "begin with version: 1")
        return None
    return root


def _readable(text: str, findings: Findings) -> bool:
    if len(text) > MAX_CHARACTERS:
        findings.add(None, f"a file of {len(text)} characters", f"at most {MAX_CHARACTERS} are allowed")
        return False
    bad = _UNPRINTABLE.search(text, 1 if text.startswith("\ufeff") else 0)
    if bad is None:
        return True
    line = text.count("\n", 0, bad.start())
    column = bad.start() - (text.rfind("\n", 0, bad.start()) + 1)
    mark = yaml.Mark(findings.file, bad.start(), line, column, None, 0)
    findings.add(mark, f"the character U+{ord(bad[0]):04X} is not text", "save the file as UTF-8 text")
    return False


def _harmless(text: str, findings: Findings) -> bool:
    """Whether it is safe to compose and to walk: looks at the events only, which takes no recursion."""
    depth = aliases = 0
    anchored: list[bool] = []
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES or any(anchored):
                what = (
                    "an alias inside an anchored block"
                    if any(anchored)
                    else f"more than {MAX_ALIASES} aliases"
                )
                findings.add(event.start_mark, what, "write the block out")
                return False
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            anchored.append(event.anchor is not None)
            if depth > MAX_DEPTH:
                findings.add(
                    event.start_mark, f"nested more than {MAX_DEPTH} deep", "a policy needs far less"
                )
                return False
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            anchored.pop()
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and tag.removeprefix(TAG) not in _PLAIN_TAGS:
            findings.add(event.start_mark, f"the tag {tag}", "write plain values")
            return False
    return True


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    said = " ".join(part for part in (error.context, error.problem) if part)
    if "\\t" in said or "tab" in said.split() or "cannot start any token" in said:
        return (
            f"this is no YAML: {said}",
            "indent with spaces, not with tabs, and quote text that begins with @ or `",
        )
    if "single document" in said:
        return "a second document begins here", "a policy is one document; remove the ---"
    return f"this is no YAML: {said}", ""
