"""The `tests` section: what a policy promises about itself. Read with the rest of the file, and run before it
is accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import yaml

from bot.domain.model import (
    Action,
    Actor,
    GroupName,
    ImageFacts,
    ImageId,
    ImageKind,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    Requirement,
)
from bot.domain.policy import Ask, Policy, in_words, judge, merge
from bot.domain.policy_file.reader import Entries, Reader, quote
from bot.domain.policy_file.register import Register
from bot.domain.policy_file.requirements import read_groups, read_requirement

T = TypeVar("T")
WEDNESDAY_NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""When a test takes place that does not say."""
_SOME_IMAGE = ImageId("00000000-0000-4000-8000-000000000001")
_SOMEBODY = Person("T0TEST", "U0REQUESTER")
REQUEST_KEYS = (
    "by",
    "image",
    "project",
    "action",
    "duration",
    "reason",
    "pairs",
    "images",
    "projects",
    "channel",
    "at",
)
_BY_KEYS = ("groups", "unknown_groups", "guest", "id")
_FLAGS = ("encrypted", "windows", "owned", "public", "marketplace")
IMAGE_KEYS = (
    "id", "name", "kind", "os", "owner", "size_gb", "tags", "age_days", "shared_count", "active", *_FLAGS,
)  # fmt: skip


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


def read_examples(reader: Reader, register: Register, node: yaml.Node | None) -> tuple[Example, ...]:
    examples: list[Example] = []
    for item in reader.items(node, "tests"):
        entries = reader.entries(item, "test", ("name", "request", "expect"), ("name", "request", "expect"))
        if entries is None:
            continue
        name = (
            reader.text(entries.get("name"), "test name", example='"base image to dev is self-service"')
            or "?"
        )
        if any(name == earlier.name for earlier in examples):
            reader.findings.add(entries.get("name"), f"test name: {quote(name)} a second time")
        ask = _AskReader(reader, register, f"test {quote(name)}").ask(entries.get("request"))
        example = _example(reader, register, entries, (name, ask))
        if example is not None:
            examples.append(example)
    return tuple(examples)


def _example(
    reader: Reader, register: Register, entries: Entries, named: tuple[str, Ask | None]
) -> Example | None:
    name, ask = named
    what = f"test {quote(name)}: expect"
    expect = reader.entries(entries.get("expect"), what, ("outcome", "rule", "require"), ("outcome",))
    if expect is None:
        return None
    outcome = reader.choice(expect.get("outcome"), f"{what}: outcome", tuple(Outcome))
    rule = reader.text(expect.get("rule"), f"{what}: rule")
    requirement: Requirement | str | None
    node = expect.get("require")
    if isinstance(node, yaml.ScalarNode) and node.value != "none":
        requirement = reader.text(node, f"{what}: require")
    else:
        requirement = read_requirement(reader, register, node, f"{what}: require")
    if ask is None or outcome is None:
        return None
    return Example(
        name=name, node=entries.node, ask=ask, outcome=Outcome(outcome), rule=rule, requirement=requirement
    )


def failure(policy: Policy, example: Example) -> str | None:
    """What came out instead, in words; None when the policy keeps this promise."""
    verdict = judge(policy, example.ask)
    found = f"{verdict.outcome} ({verdict.why})"
    if verdict.outcome is not example.outcome:
        return f"expected {example.outcome}, got {found}"
    if example.rule is not None and example.rule not in verdict.rules:
        return f"expected rule {example.rule}, got {', '.join(verdict.rules) or 'no rule'}: {found}"
    wanted, words = example.requirement, in_words(verdict.requirement)
    if isinstance(wanted, str):
        wanted = " ".join(wanted.split())
        return None if wanted == words else f"expected require {quote(wanted)}, got {quote(words)}"
    if wanted is not None and merge(wanted) != merge(verdict.requirement):
        return f"expected require {quote(in_words(wanted))}, got {quote(words)}"
    return None


class _AskReader:
    """Reads the `request` of one test. What is not said of the image is unknown, save what makes it shareable
    at all."""

    def __init__(self, reader: Reader, register: Register, what: str) -> None:
        self._reader, self._register, self._what = reader, register, what

    def ask(self, node: yaml.Node | None) -> Ask | None:
        reader, what = self._reader, f"{self._what}: request"
        entries = reader.entries(node, what, REQUEST_KEYS, ("by", "image", "project"))
        if entries is None:
            return None
        at = self._moment(entries.get("at"))
        requester, image = self._requester(entries.get("by")), self._image(entries.get("image"), at)
        project = self._project(entries.get("project"))
        action = reader.choice(entries.get("action"), f"{what}: action", tuple(Action))
        pairs, images, projects = (
            reader.whole(entries.get(key), f"{what}: {key}", 1, 100_000) or 1
            for key in ("pairs", "images", "projects")
        )
        duration = reader.span(entries.get("duration"), f"{what}: duration")
        reason = reader.text(entries.get("reason"), f"{what}: reason") or ""
        channel = reader.text(entries.get("channel"), f"{what}: channel") or ""
        if project is None:
            return None
        return Ask(
            action=Action(action or Action.SHARE),
            requester=requester,
            image=image,
            project=project,
            pairs=pairs,
            images=images,
            projects=projects,
            duration=duration,
            reason=reason,
            channel=channel,
            at=at,
        )

    def _project(self, node: yaml.Node | None) -> ProjectFacts | None:
        names = {project.name: project for project in self._register.projects}
        name = self._reader.choice(node, f"{self._what}: project", names)
        return names[name] if name else None

    def _moment(self, node: yaml.Node | None) -> datetime:
        text = self._reader.text(node, f"{self._what}: at")
        if text is None:
            return WEDNESDAY_NOON
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or not 2000 <= at.year <= 2100:
            self._reader.findings.add(
                node,
                f"{self._what}: at: {quote(text)}",
                "a moment with its zone, such as 2025-01-01T12:00:00Z, is wanted",
            )
            return WEDNESDAY_NOON
        return at

    def _requester(self, node: yaml.Node | None) -> Actor:
        what = f"{self._what}: by"
        entries = self._reader.entries(node, what, _BY_KEYS)
        if entries is None:
            return Actor(person=_SOMEBODY)

        def groups(key: str) -> frozenset[GroupName]:
            listed = entries.get(key)
            if isinstance(listed, yaml.SequenceNode) and not listed.value:
                return frozenset()
            return read_groups(self._reader, self._register, listed, f"{what}: {key}")

        return Actor(
            person=Person(
                _SOMEBODY.team, self._reader.text(entries.get("id"), f"{what}: id") or _SOMEBODY.user
            ),
            groups=groups("groups"),
            unknown_groups=groups("unknown_groups"),
            is_guest=self._fact(entries, "guest", self._reader.flag, False),
            is_bot=False,
            is_deactivated=False,
            is_foreign=False,
        )

    def _fact(
        self, entries: Entries, key: str, read: Callable[[yaml.Node, str], T | None], usual: T | None = None
    ) -> T | None:
        """The value, None for the word unknown, or `usual` when nothing is said."""
        node = entries.get(key)
        if node is None:
            return usual
        if isinstance(node, yaml.ScalarNode) and node.value == "unknown" and not node.style:
            return None
        return read(node, f"{self._what}: {key}")

    def _image(self, node: yaml.Node | None, at: datetime) -> ImageFacts:
        reader = self._reader
        entries = reader.entries(node, f"{self._what}: image", IMAGE_KEYS)
        if entries is None:
            return ImageFacts(id=_SOME_IMAGE)
        shareable = {"owned": True, "public": False, "marketplace": False}
        flags: dict[str, Any] = {
            key: self._fact(entries, key, reader.flag, shareable.get(key)) for key in _FLAGS
        }
        kind = self._fact(entries, "kind", lambda item, what: reader.choice(item, what, tuple(ImageKind)))
        age = self._fact(entries, "age_days", lambda item, what: reader.whole(item, what, 0, 36_500))
        shared = self._fact(entries, "shared_count", lambda item, what: reader.whole(item, what, 0, 1_000))
        active = self._fact(entries, "active", reader.flag, True)
        tags = reader.each(entries.get("tags"), f"{self._what}: tags", reader.text, one=True)
        return ImageFacts(
            id=ImageId(self._fact(entries, "id", reader.text) or _SOME_IMAGE),
            name=self._fact(entries, "name", reader.text) or "",
            kind=ImageKind(kind) if kind else None,
            os=self._fact(entries, "os", reader.text),
            owner=self._fact(entries, "owner", reader.text),
            size_gb=self._fact(entries, "size_gb", reader.number),
            tags=frozenset(tag for tag, _ in tags),
            status=None if active is None else "active" if active else "saving",
            created_at=None if age is None else at - timedelta(days=age),
            shared_with=None if shared is None else frozenset(ProjectId(f"{n:032x}") for n in range(shared)),
            **flags,
        )
