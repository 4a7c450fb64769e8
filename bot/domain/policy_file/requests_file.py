"""A file of requests to try policies on: `requests:` with a list, each entry as the `request` of a test, and optionally
its `name`."""

from __future__ import annotations

import yaml

from bot.domain.policy import Ask, Policy
from bot.domain.policy_file.asks import AskReader
from bot.domain.policy_file.reader import Reader, quote
from bot.domain.policy_file.register import Register
from bot.domain.policy_file.tree import Findings, read_tree


def load_requests(text: str, name: str, *policies: Policy) -> tuple[tuple[str, Ask], ...]:
    """The requests by name (else their line). They may name groups and projects of any of the policies.

    Raises PolicyError with every problem found, each with its place.
    """
    findings = Findings(name)
    reader = Reader(findings)
    tree = read_tree(text, findings)
    groups = {key: group for policy in reversed(policies) for key, group in policy.groups.items()}
    projects = {p.name: p for policy in reversed(policies) for p in policy.projects}
    register = Register(groups=groups, projects=tuple(projects.values()))
    asks: list[tuple[str, Ask]] = []
    root = reader.entries(tree, "requests file", ("requests",), ("requests",))
    for item in reader.items(root.get("requests") if root else None, "requests"):
        if not isinstance(item, yaml.MappingNode):
            findings.add(item, "request: this is no mapping", "{by: ..., image: ..., project: ...} is wanted")
            continue
        named = [pair for pair in item.value if pair[0].value == "name"]
        item.value = [pair for pair in item.value if pair not in named]
        known = reader.text(named[0][1], "request: name") if named else None
        title = known or f"line {item.start_mark.line + 1}"
        ask = AskReader(reader, register, f"request {quote(title)}").ask(item)
        if ask is not None:
            asks.append((title, ask))
    findings.raise_if_any()
    if not asks:
        words = "requests: [{by: ..., image: ..., project: ...}] is wanted"
        findings.add(None, "no requests in this file", words)
    findings.raise_if_any()
    return tuple(asks)
