"""The `tests` section: what a policy promises about itself. Read with the rest of the file, and run before it
is accepted."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from bot.domain.model import Outcome, Requirement
from bot.domain.policy import Ask, Policy, in_words, judge, merge
from bot.domain.policy_file import grammar
from bot.domain.policy_file.asks import IMAGE_KEYS, WEDNESDAY_NOON, AskReader
from bot.domain.policy_file.reader import Entries, Reader, quote
from bot.domain.policy_file.register import Register
from bot.domain.policy_file.requirements import read_requirement

__all__ = ["IMAGE_KEYS", "REQUEST_KEYS", "WEDNESDAY_NOON", "Example", "failure", "read_examples"]

REQUEST_KEYS = tuple(grammar.REQUEST)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One entry of `tests`."""

    name: str
    node: yaml.Node
    ask: Ask
    outcome: Outcome
    rule: str | None = None
    requirement: Requirement | str | None = None
    """As a structure, or in words; None: not said."""
    warns: str | None = None
    """A rule on trial that has to give a warning."""
    where: str = ""
    """file:line:column."""


def read_examples(reader: Reader, register: Register, node: yaml.Node | None) -> tuple[Example, ...]:
    examples: list[Example] = []
    for item in reader.items(node, "tests"):
        entries = reader.entries(item, "test", grammar.TEST, grammar.TEST)
        if entries is None:
            continue
        name = (
            reader.text(entries.get("name"), "test name", example='"base image to dev is self-service"')
            or "?"
        )
        if any(name == earlier.name for earlier in examples):
            reader.findings.add(entries.get("name"), f"test name: {quote(name)} a second time")
        ask = AskReader(reader, register, f"test {quote(name)}").ask(entries.get("request"))
        example = _example(reader, register, entries, (name, ask))
        if example is not None:
            examples.append(example)
    return tuple(examples)


def _example(
    reader: Reader, register: Register, entries: Entries, named: tuple[str, Ask | None]
) -> Example | None:
    name, ask = named
    what = f"test {quote(name)}: expect"
    expect = reader.entries(entries.get("expect"), what, grammar.EXPECT, ("outcome",))
    if expect is None:
        return None
    outcome = reader.choice(expect.get("outcome"), f"{what}: outcome", tuple(Outcome))
    rule = reader.text(expect.get("rule"), f"{what}: rule")
    warns = reader.text(expect.get("warns"), f"{what}: warns")
    requirement: Requirement | str | None
    node = expect.get("require")
    if isinstance(node, yaml.ScalarNode) and node.value != "none":
        requirement = reader.text(node, f"{what}: require")
    else:
        requirement = read_requirement(reader, register, node, f"{what}: require")
    if ask is None or outcome is None:
        return None
    return Example(
        name=name,
        node=entries.node,
        ask=ask,
        outcome=Outcome(outcome),
        rule=rule,
        requirement=requirement,
        warns=warns,
        where=reader.findings.place(entries.node),
    )


def failure(policy: Policy, example: Example) -> str | None:
    """What came out instead, in words; None when the policy keeps this promise."""
    verdict = judge(policy, example.ask)
    found = f"{verdict.outcome} ({verdict.why})"
    if verdict.outcome is not example.outcome:
        return f"expected {example.outcome}, got {found}"
    if example.rule is not None and example.rule not in verdict.rules:
        return f"expected rule {example.rule}, got {', '.join(verdict.rules) or 'no rule'}: {found}"
    if example.warns is not None and not any(f'"{example.warns}"' in said for said in verdict.warnings):
        return f"expected a warning of rule {example.warns}, got {'; '.join(verdict.warnings) or 'none'}"
    wanted, words = example.requirement, in_words(verdict.requirement)
    if isinstance(wanted, str):
        wanted = " ".join(wanted.split())
        return None if wanted == words else f"expected require {quote(wanted)}, got {quote(words)}"
    if wanted is not None and merge(wanted) != merge(verdict.requirement):
        return f"expected require {quote(in_words(wanted))}, got {quote(words)}"
    return None
