"""One request as the file writes it down: the `request` of a test, and the entries of a file of requests. What is not
said of the image is unknown."""

from __future__ import annotations

from collections.abc import Callable
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
    Person,
    ProjectFacts,
    ProjectId,
)
from bot.domain.policy import Ask
from bot.domain.policy_file import grammar
from bot.domain.policy_file.reader import Entries, Reader, quote
from bot.domain.policy_file.register import Register
from bot.domain.policy_file.requirements import read_groups

T = TypeVar("T")
WEDNESDAY_NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""When a request takes place that does not say."""
_SOME_IMAGE = ImageId("00000000-0000-4000-8000-000000000001")
_SOMEBODY = Person("T0TEST", "U0REQUESTER")
_FLAGS = ("encrypted", "windows", "owned", "public", "marketplace")
IMAGE_KEYS = (
    "id", "name", "kind", "os", "owner", "size_gb", "tags", "age_days", "shared_count", "active", *_FLAGS,
)  # fmt: skip


class AskReader:
    """Reads one request. What is not said of the image is unknown, save what makes it shareable
    at all."""

    def __init__(self, reader: Reader, register: Register, what: str) -> None:
        self._reader, self._register, self._what = reader, register, what

    def ask(self, node: yaml.Node | None) -> Ask | None:
        reader, what = self._reader, f"{self._what}: request"
        entries = reader.entries(node, what, grammar.REQUEST, grammar.REQUEST_REQUIRED)
        if entries is None:
            return None
        at = self._moment(entries.get("at"))
        requester, image = self._requester(entries.get("by")), self._image(entries.get("image"), at)
        project = self._project(entries.get("project"))
        action = reader.choice(entries.get("action"), f"{what}: action", tuple(Action))
        pairs, images, projects = (
            reader.whole(entries.get(key), f"{what}: {key}", 1, grammar.MAX_PAIRS) or 1
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
        entries = self._reader.entries(node, what, grammar.BY)
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
