"""What the tools around the policy file share: what is supposed of the world, asks made of typed words, verdicts as plain
values. Asks nobody: neither Slack nor the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import CommandError
from bot.domain.model import (
    Actor,
    GroupName,
    ImageFacts,
    ImageId,
    ImageKind,
    Person,
    ShareCommand,
    Verdict,
)  # fmt: skip
from bot.domain.parse import parse, suggest
from bot.domain.policy import Ask, Policy, in_words, span_in_words
from bot.domain.policy.comparison import verdict_in_words
from bot.domain.policy.settings_change import SettingChange

Plain = dict[str, Any]
"""JSON values only."""

SOMEBODY = Person("T0SOMEBODY", "U0SOMEBODY")
SOME_IMAGE = ImageId("00000000-0000-4000-8000-000000000001")
SUPPOSABLE = (
    "encrypted, windows, owned, public, marketplace: true, false or unknown; "
    "kind: system, data, full-ecs; name, os, status, owner: text; tags: words with + between; "
    "age_days, size_gb: a number"
)
FLAGS = {"encrypted", "windows", "owned", "public", "marketplace"}
TEXTS = {"name", "os", "status", "owner"}


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """What is supposed of the world."""

    groups: frozenset[GroupName]
    facts: Mapping[str, str]
    """image facts as typed: {"encrypted": "true", "kind": "system"}; `unknown` makes a fact unknown."""
    at: datetime
    person: Person = SOMEBODY
    """Who asks. The groups that list them by name are theirs besides `groups`."""
    channel: str = ""


def typed_asks(policy: Policy, words: str, supposed: Supposed) -> list[tuple[str, Ask]]:
    """Every pair of a typed command, named "image -> project". Raises CommandError when it cannot be understood."""
    command = parse(words)
    if not isinstance(command, ShareCommand):
        raise CommandError(
            "only share and unshare are judged by the policy", hint='try: "share base-ubuntu to shop-dev"'
        )
    unknown = [str(group) for group in supposed.groups if group not in policy.groups]
    if unknown:
        near = suggest(unknown[0], tuple(policy.groups))
        raise CommandError(f"the policy has no group {unknown[0]}", suggestion=near)
    asks = []
    for image_ref in command.images:
        for project_ref in command.projects:
            project = policy.project(project_ref)
            if project is None:
                near = suggest(project_ref, policy.project_names())
                raise CommandError(f"project {project_ref} is not in the register", suggestion=near)
            ask = Ask(
                action=command.action, requester=requester(policy, supposed), image=supposed_image(image_ref, supposed),
                project=project, pairs=len(command.images) * len(command.projects), images=len(command.images),
                projects=len(command.projects), duration=command.duration, reason=command.reason,
                channel=supposed.channel, at=supposed.at,
            )  # fmt: skip
            asks.append((f"{image_ref} -> {project.name}", ask))
    return asks


def requester(policy: Policy, supposed: Supposed) -> Actor:
    """A plain member of the workspace, in the groups supposed and in those that list them."""
    listed = {name for name, group in policy.groups.items() if supposed.person.user in group.slack_users}
    return Actor(
        person=supposed.person,
        groups=supposed.groups | listed,
        is_guest=False,
        is_bot=False,
        is_deactivated=False,
        is_foreign=False,
    )


def supposed_image(ref: str, supposed: Supposed) -> ImageFacts:
    """An image that can be shared, made just now, but for what is supposed otherwise."""
    image = ImageFacts(
        id=SOME_IMAGE, name=ref, kind=ImageKind.SYSTEM, encrypted=False, windows=False, status="active", owner="0" * 32,
        owned=True, public=False, marketplace=False, shared_with=frozenset(), created_at=supposed.at,
    )  # fmt: skip
    return replace(image, **dict(_fact(name, value, supposed.at) for name, value in supposed.facts.items()))


def _fact(name: str, value: str, at: datetime) -> tuple[str, Any]:
    """The field of the image and its value."""
    unknown = value == "unknown"
    if name in FLAGS and value in ("true", "false", "unknown"):
        return name, {"true": True, "false": False, "unknown": None}[value]
    if name == "kind" and value in [*ImageKind, "unknown"]:
        return name, None if unknown else ImageKind(value)
    if name in ("age_days", "size_gb") and (unknown or value.replace(".", "", 1).isdigit()):
        if name == "size_gb":
            return name, None if unknown else float(value)
        return "created_at", None if unknown else at - timedelta(days=float(value))
    if name == "tags":
        return name, frozenset(value.split("+"))
    if name in TEXTS:
        return name, None if unknown and name != "name" else "" if unknown else value
    raise CommandError(f"image.{name}={value} cannot be supposed", hint=SUPPOSABLE)


def plain_verdict(verdict: Verdict) -> Plain:
    """A verdict as JSON values."""
    return {
        "outcome": verdict.outcome.value,
        "verdict": verdict_in_words(verdict),
        "requirement": in_words(verdict.requirement),
        "rules": list(verdict.rules),
        "self_approval": verdict.self_approval,
        "why": verdict.why,
        "nearest": verdict.nearest,
        "share_for": span_in_words(verdict.share_for) if verdict.share_for else None,
        "warnings": list(verdict.warnings),
    }


def plain_setting(change: SettingChange) -> Plain:
    return {"direction": change.direction.value, "what": change.words}


def counted(number: int, word: str) -> str:
    """Such as "1 case" or "3 cases"."""
    return f"{number} {word}{'' if number == 1 else 's'}"
