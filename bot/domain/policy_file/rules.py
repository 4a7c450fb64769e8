"""The `rules` section: one entry to one compiled Rule."""

from __future__ import annotations

from datetime import timedelta

import yaml

from bot.domain.model import NO_REQUIREMENT, Action, Requirement
from bot.domain.policy import (
    BUILT_IN,
    LIMITS,
    Clause,
    Defaults,
    Effect,
    Escalation,
    Mode,
    ReasonRule,
    Rule,
    ShareFor,
    span_in_words,
)
from bot.domain.policy.patterns import pattern_problem
from bot.domain.policy_file import grammar
from bot.domain.policy_file.conditions import read_conditions
from bot.domain.policy_file.reader import Entries, Reader, quote
from bot.domain.policy_file.register import Register
from bot.domain.policy_file.requirements import read_groups, read_requirement

RULE_KEYS = tuple(grammar.RULE)
_TAKEN = (BUILT_IN, LIMITS)


def read_rules(
    reader: Reader, register: Register, defaults: Defaults, node: yaml.Node | None
) -> tuple[Rule, ...]:
    """Every rule that could be read, in the order of the file."""
    rules: list[Rule] = []
    lines: dict[str, int] = {}
    for item in reader.items(node, "rules"):
        entries = reader.entries(item, "rule", RULE_KEYS, grammar.RULE_REQUIRED)
        if entries is None:
            continue
        id = reader.text(entries.get("id"), "rule id", grammar.NAME, "prod-needs-a-lead")
        if id is not None and (id in lines or id in _TAKEN):
            instead = (
                f"the first is in line {lines[id]}" if id in lines else "this name is taken by the bot itself"
            )
            reader.findings.add(entries.get("id"), f'rule id: "{id}" a second time', instead)
        lines.setdefault(id or "", item.start_mark.line + 1)
        rule = _RuleReader(reader, register, defaults, entries, id or "?").rule()
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


class _RuleReader:
    """Reads the parts of one entry."""

    def __init__(
        self, reader: Reader, register: Register, defaults: Defaults, entries: Entries, id: str
    ) -> None:
        self._reader, self._register, self._defaults = reader, register, defaults
        self._entries, self._id = entries, id

    def rule(self) -> Rule | None:
        what = f'rule "{self._id}"'
        word = self._reader.choice(self._entries.get("effect"), f"{what}: effect", tuple(Effect))
        effect = Effect(word) if word else None
        self._check_keys(effect)
        parts = {
            "actions": self._actions(),
            "when": self._conditions("when"),
            "unless": self._unless(),
            "requirement": self._requirement(effect),
            "message": self._sentence(self._entries.get("message"), f"{what}: message") or "",
            "reason": self._reason(),
            "share_for": self._share_for(),
            "notify": read_groups(
                self._reader, self._register, self._entries.get("notify"), f"{what}: notify"
            ),
            "escalate": self._escalate(),
        }
        self._check_escalation(parts["requirement"])
        mode = self._reader.choice(self._entries.get("mode"), f"{what}: mode", tuple(Mode))
        own = self._reader.flag(self._entries.get("self_approval"), f"{what}: self_approval")
        if effect is None:
            return None
        return Rule(
            id=self._id,
            effect=effect,
            mode=Mode(mode or Mode.ENFORCE),
            self_approval=self._defaults.self_approval if own is None else own,
            where=self._reader.findings.place(self._entries.node),
            **parts,  # type: ignore[arg-type]
        )

    def _check_keys(self, effect: Effect | None) -> None:
        for key, effects in grammar.ONLY_WITH.items():
            if effect is not None and effect not in effects and key in self._entries.keys:
                words = " or ".join(f"a {name}" for name in effects)
                at = self._entries.keys[key]
                self._reader.findings.add(
                    at, f'rule "{self._id}": a {effect} has no "{key}"', f"it belongs to {words}"
                )

    def _actions(self) -> frozenset[Action]:
        word = self._reader.choice(
            self._entries.get("action"), f'rule "{self._id}": action', (*Action, "any")
        )
        return frozenset(Action) if word == "any" else frozenset({Action(word or Action.SHARE)})

    def _conditions(self, key: str) -> tuple[Clause, ...]:
        return read_conditions(
            self._reader, self._register, self._entries.get(key), f'rule "{self._id}": {key}'
        )

    def _unless(self) -> tuple[tuple[Clause, ...], ...]:
        """One exception, or a list of them."""
        node = self._entries.get("unless")
        what = f'rule "{self._id}": unless'
        exceptions = node.value if isinstance(node, yaml.SequenceNode) else [node] if node is not None else []
        read = []
        for exception in exceptions:
            if isinstance(exception, yaml.MappingNode) and not exception.value:
                self._reader.findings.add(
                    exception, f"{what}: {{}} is always so", "then the rule never applies"
                )
            read.append(read_conditions(self._reader, self._register, exception, what))
        return tuple(clauses for clauses in read if clauses)

    def _requirement(self, effect: Effect | None) -> Requirement:
        what = f'rule "{self._id}": require'
        node = self._entries.get("require")
        if effect in (Effect.PERMIT, Effect.REQUIRE) and node is None:
            self._reader.findings.add(
                self._entries.node, f"{what} is missing", "write require: none when nobody has to approve"
            )
        requirement = read_requirement(self._reader, self._register, node, what)
        if effect is Effect.REQUIRE and requirement == NO_REQUIREMENT:
            self._reader.findings.add(
                node, f"{what}: none", "a rule that only adds approvals has to name some"
            )
        return requirement or NO_REQUIREMENT

    def _reason(self) -> ReasonRule | None:
        what = f'rule "{self._id}": reason'
        entries = self._reader.entries(self._entries.get("reason"), what, grammar.REASON, grammar.REASON)
        if entries is None:
            return None
        pattern = self._reader.text(entries.get("pattern"), f"{what}: pattern")
        hint = self._sentence(entries.get("hint"), f"{what}: hint")
        if pattern is not None and (problem := pattern_problem(pattern)) is not None:
            self._reader.findings.add(entries.get("pattern"), f"{what}: pattern: {problem}")
            return None
        return ReasonRule(pattern=pattern, hint=hint) if pattern and hint else None

    def _escalate(self) -> tuple[Escalation, ...]:
        """One step, or a list of them."""
        what = f'rule "{self._id}": escalate'
        node = self._entries.get("escalate")
        steps = node.value if isinstance(node, yaml.SequenceNode) else [node] if node is not None else []
        if node is not None and not 1 <= len(steps) <= grammar.MAX_ESCALATIONS:
            words = f"1 to {grammar.MAX_ESCALATIONS} are wanted"
            self._reader.findings.add(node, f"{what}: {len(steps)} steps", words)
        read: dict[timedelta, Escalation] = {}
        for step in steps:
            entries = self._reader.entries(step, what, grammar.ESCALATE, grammar.ESCALATE)
            if entries is None:
                continue
            after = self._reader.span(entries.get("after"), f"{what}: after")
            to = read_groups(self._reader, self._register, entries.get("to"), f"{what}: to")
            if after is not None and after >= self._defaults.expires_after:
                end = span_in_words(self._defaults.expires_after)
                words = f"shorter than defaults: expires_after ({end}) is wanted"
                self._reader.findings.add(entries.get("after"), f"{what}: after the end", words)
            if after in read:
                self._reader.findings.add(entries.get("after"), f"{what}: the same time twice")
            if after is not None and to:
                read[after] = Escalation(after=after, to=to)
        return tuple(read[after] for after in sorted(read))

    def _check_escalation(self, requirement: object) -> None:
        node = self._entries.get("require")
        none = requirement == NO_REQUIREMENT and isinstance(node, yaml.ScalarNode)
        if none and "escalate" in self._entries.keys:
            at = self._entries.keys["escalate"]
            self._reader.findings.add(
                at, f'rule "{self._id}": escalate', "nothing waits where nobody has to approve"
            )

    def _sentence(self, node: yaml.Node | None, what: str) -> str | None:
        """One line of text for people, however it was folded in the file."""
        said = self._reader.text(node, what)
        if said is not None and len(said) > grammar.MAX_SENTENCE:
            self._reader.findings.add(
                node, f"{what}: {len(said)} characters", f"at most {grammar.MAX_SENTENCE}"
            )
        return " ".join(said.split()) if said else None

    def _share_for(self) -> ShareFor | None:
        what = f'rule "{self._id}": share_for'
        node = self._entries.get("share_for")
        if isinstance(node, yaml.ScalarNode):
            most: timedelta | None = self._reader.span(node, what)
            return ShareFor(max=most, default=most) if most else None
        entries = self._reader.entries(node, what, grammar.SHARE_FOR, ("max",))
        if entries is None:
            return None
        most = self._reader.span(entries.get("max"), f"{what}: max")
        usual = self._reader.span(entries.get("default"), f"{what}: default")
        if most is None:
            return None
        if usual is not None and usual > most:
            words = quote(span_in_words(usual))
            self._reader.findings.add(entries.get("default"), f"{what}: default: {words}", "more than max")
        return ShareFor(max=most, default=usual or most)
