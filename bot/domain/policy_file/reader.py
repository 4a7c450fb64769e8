"""Typed reading of YAML nodes. Whatever is wrong becomes a finding with its place, what was found and what is
allowed; the reader then goes on, so that one run shows all problems.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TypeVar

import yaml

from bot.domain.policy import read_span
from bot.domain.policy_file.tree import TAG, Findings

T = TypeVar("T")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")


class Entries:
    """The values of a mapping by key, with the keys themselves for the place of a finding."""

    def __init__(self, node: yaml.Node, values: dict[str, yaml.Node], keys: dict[str, yaml.Node]) -> None:
        self.node, self.values, self.keys = node, values, keys

    def get(self, key: str) -> yaml.Node | None:
        return self.values.get(key)

    def __bool__(self) -> bool:
        return bool(self.values)


class Reader:
    """Reads nodes. A method that found a problem has reported it and returns None, or what could be read."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def entries(
        self,
        node: yaml.Node | None,
        what: str,
        allowed: Collection[str] | None = None,
        required: Collection[str] = (),
    ) -> Entries | None:
        """The mapping. With `allowed`, other keys are findings; without, any text may be a key."""
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.findings.add(node, f"{what}: {described(node)}", "a mapping of key: value is wanted")
            return None
        found = Entries(node, {}, {})
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not key:
                self.findings.add(key_node, f"{what}: a key that is no text")
            elif key in found.values:
                first = found.keys[key].start_mark.line + 1
                self.findings.add(key_node, f'{what}: "{key}" a second time', f"the first is in line {first}")
            elif allowed is not None and key not in allowed:
                self.findings.add(key_node, f'{what}: unknown key "{shortened(key)}"', choose(key, allowed))
            else:
                found.values[key], found.keys[key] = value, key_node
        for key in required:
            if key not in found.values:
                self.findings.add(node, f'{what}: "{key}" is missing')
        return found

    def items(self, node: yaml.Node | None, what: str, *, one: bool = False) -> list[yaml.Node]:
        """The nodes of a list. With `one`, a single value counts as a list of itself."""
        if node is None:
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if one and isinstance(node, yaml.ScalarNode):
            return [node]
        self.findings.add(node, f"{what}: {described(node)}", "a list is wanted")
        return []

    def text(self, node: yaml.Node | None, what: str, form: str = "", example: str = "") -> str | None:
        """The scalar as typed, so that `no` or 007 need no quotes. With `form`, it must match that expression
        whole."""
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode) or node.tag == TAG + "null" or not node.value.strip():
            self.findings.add(node, f"{what}: {described(node)}", f"text is wanted{_such_as(example)}")
            return None
        value: str = node.value
        if form and not re.fullmatch(form, value):
            self.findings.add(node, f"{what}: {quote(value)}", f"wanted{_such_as(example)}")
            return None
        return value

    def choice(self, node: yaml.Node | None, what: str, allowed: Collection[str]) -> str | None:
        value = self.text(node, what)
        if value is None or value in allowed:
            return value
        self.findings.add(node, f"{what}: {quote(value)}", choose(value, allowed))
        return None

    def flag(self, node: yaml.Node | None, what: str) -> bool | None:
        if node is None:
            return None
        if (
            isinstance(node, yaml.ScalarNode)
            and node.tag == TAG + "bool"
            and node.value.lower() in ("true", "false")
        ):
            return bool(node.value.lower() == "true")
        self.findings.add(node, f"{what}: {described(node)}", "true or false is wanted")
        return None

    def number(self, node: yaml.Node | None, what: str) -> float | None:
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode) and not node.style and _NUMBER.fullmatch(node.value):
            return float(node.value) if "." in node.value else int(node.value)
        self.findings.add(node, f"{what}: {described(node)}", "a number is wanted")
        return None

    def whole(self, node: yaml.Node | None, what: str, least: int, most: int) -> int | None:
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode) and not node.style and _WHOLE.fullmatch(node.value):
            value = int(node.value)
            if least <= value <= most:
                return value
        self.findings.add(
            node, f"{what}: {described(node)}", f"a whole number from {least} to {most} is wanted"
        )
        return None

    def span(self, node: yaml.Node | None, what: str) -> timedelta | None:
        if node is None:
            return None
        value = read_span(node.value) if isinstance(node, yaml.ScalarNode) else None
        if value is None:
            self.findings.add(
                node, f"{what}: {described(node)}", "a length of time such as 90s, 30m, 24h or 30d is wanted"
            )
        return value

    def each(
        self,
        node: yaml.Node | None,
        what: str,
        read: Callable[[yaml.Node, str], T | None],
        *,
        one: bool = False,
    ) -> list[tuple[T, yaml.Node]]:
        """What `read` makes of each item, with its node, without those that had problems. A repetition is a
        finding."""
        found: list[tuple[T, yaml.Node]] = []
        for item in self.items(node, what, one=one):
            value = read(item, what)
            if value is None:
                continue
            if any(value == earlier for earlier, _ in found):
                self.findings.add(item, f"{what}: {described(item)} a second time")
                continue
            found.append((value, item))
        return found


def choose(found: str, allowed: Collection[str]) -> str:
    """What would be allowed, the likeliest first."""
    names = sorted(allowed)
    near = difflib.get_close_matches(found.lower(), names, n=1, cutoff=0.6)
    every = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
    said = f"allowed: {every}" if names else "there is none to choose from"
    return f'did you mean "{near[0]}"? {said}' if near else said


def described(node: yaml.Node) -> str:
    """What stands there, in a few words."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if node.tag == TAG + "null" or not node.value:
        return "nothing"
    return quote(node.value)


def quote(value: str) -> str:
    return f'"{shortened(value)}"'


def shortened(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "..."


def _such_as(example: str) -> str:
    return f", such as {example}" if example else ""
