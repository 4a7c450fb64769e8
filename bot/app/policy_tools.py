"""Asking the policy what it would say, without asking anybody else: `imagebot policy check` and `explain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.adapters.store.sqlite import SqliteStore
from bot.app.policy_keeper import read_policy
from bot.domain.errors import CommandError, RequesterError
from bot.domain.model import (
    Actor,
    GroupName,
    ImageFacts,
    ImageId,
    ImageKind,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    RequestId,
    ShareCommand,
    Verdict,
)  # fmt: skip
from bot.domain.parse import parse, suggest
from bot.domain.policy import Ask, Policy, in_words, judge
from bot.domain.policy.explain import ClauseTrace, RuleTrace, explain
from bot.domain.policy_file import lint
from bot.ports import View

SOMEBODY = Person("T0SOMEBODY", "U0SOMEBODY")
SOME_IMAGE = ImageId("00000000-0000-4000-8000-000000000001")
SOME_PROJECT = ProjectId("0" * 32)
SUPPOSABLE = (
    "encrypted, windows, owned, public, marketplace: true, false or unknown; "
    "kind: system, data, full-ecs; name, os, status; age_days: a number"
)
FLAGS = {"encrypted", "windows", "owned", "public", "marketplace"}


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """What is supposed of the world for an explanation."""

    groups: frozenset[GroupName]
    facts: Mapping[str, str]
    """image facts as typed: {"encrypted": "true", "kind": "system"}; `unknown` makes a fact unknown."""
    at: datetime


def checked(path: Path) -> tuple[str, list[str]]:
    """One sentence on a good policy, and its warnings. Raises PolicyError with every problem."""
    policy = read_policy(path)
    sentence = (
        f"{path}: good. {len(policy.rules)} rules, {len(policy.projects)} projects, {len(policy.groups)} groups; "
        "its own tests pass."
    )
    return sentence, [str(problem) for problem in lint(policy)]


def explained(path: Path, words: str, supposed: Supposed) -> list[str]:
    """The verdict of every pair of a typed command, each with the tree of rules, as lines."""
    policy = read_policy(path)
    command = parse(words)
    if not isinstance(command, ShareCommand):
        raise CommandError(
            "only share and unshare are judged by the policy", hint='try: "share base-ubuntu to shop-dev"'
        )
    lines: list[str] = []
    for image_ref in command.images:
        for project_ref in command.projects:
            project = policy.project(project_ref)
            if project is None:
                near = suggest(project_ref, policy.project_names())
                raise CommandError(f"project {project_ref} is not in the register", suggestion=near)
            ask = Ask(
                action=command.action, requester=Actor(
                    person=SOMEBODY, groups=supposed.groups, is_guest=False, is_bot=False, is_deactivated=False, is_foreign=False
                ),
                image=_image(image_ref, supposed), project=project,
                pairs=len(command.images) * len(command.projects), images=len(command.images),
                projects=len(command.projects), duration=command.duration, reason=command.reason, at=supposed.at,
            )  # fmt: skip
            lines += _tree(policy, ask, f"{image_ref} -> {project.name}")
    return lines


async def explained_request(path: Path, database: Path, number: int, supposed: Supposed) -> list[str]:
    """The same for a stored request: its own images, projects and words, judged by the policy file as it is now. The groups of
    its requester are those given, since only Slack knows them."""
    policy = read_policy(path)
    store = SqliteStore(str(database), readonly=True)
    try:
        asks = await store.read(lambda view: _asks(view, policy, number, supposed))
    finally:
        await store.close()
    if not asks:
        raise RequesterError(f"There is no request #{number}, or it has no plan.")
    return [line for name, ask in asks for line in _tree(policy, ask, name)]


def _asks(view: View, policy: Policy, number: int, supposed: Supposed) -> list[tuple[str, Ask]]:
    request = view.request(RequestId(number))
    if request is None:
        return []
    members = [m for lane in view.lanes(request.id) for m in view.members(lane.id)]
    requester = Actor(
        person=request.requester,
        groups=supposed.groups,
        is_guest=False,
        is_bot=False,
        is_deactivated=False,
        is_foreign=False,
    )
    first = Ask(
        action=request.action, requester=requester, image=ImageFacts(id=SOME_IMAGE),
        project=ProjectFacts(id=SOME_PROJECT, name=""),
        pairs=len(members), images=len({m.image.id for m in members}), projects=len({m.project.id for m in members}),
        duration=request.duration, reason=request.reason, channel=request.channel, at=request.created_at,
    )  # fmt: skip
    return [
        (
            f"{m.image.name or m.image.id} -> {m.project.name}",
            replace(first, image=m.image, project=policy.project(m.project.id) or m.project),
        )
        for m in members
    ]


def _image(ref: str, supposed: Supposed) -> ImageFacts:
    """An image that can be shared, made just now, but for what is supposed otherwise."""
    image = ImageFacts(
        id=SOME_IMAGE, name=ref, kind=ImageKind.SYSTEM, encrypted=False, windows=False, status="active", owner="0" * 32,
        owned=True, public=False, marketplace=False, shared_with=frozenset(), created_at=supposed.at,
    )  # fmt: skip
    changes: dict[str, object] = {}
    for name, value in supposed.facts.items():
        if name in FLAGS and value in ("true", "false", "unknown"):
            changes[name] = {"true": True, "false": False, "unknown": None}[value]
        elif name == "kind" and value in [*ImageKind, "unknown"]:
            changes[name] = None if value == "unknown" else ImageKind(value)
        elif name == "age_days" and value.replace(".", "", 1).isdigit():
            changes["created_at"] = supposed.at - timedelta(days=float(value))
        elif name in ("name", "os", "status"):
            changes[name] = None if value == "unknown" else value
        else:
            raise CommandError(
                f"image.{name}={value} cannot be supposed",
                hint=SUPPOSABLE,
            )
    return replace(image, **changes)  # type: ignore[arg-type]


def _tree(policy: Policy, ask: Ask, title: str) -> list[str]:
    verdict = judge(policy, ask)
    lines = [f"{title}: {_verdict(verdict)}"]
    lines += [f"  why: {verdict.why}"] if verdict.why else []
    lines += [f"  nearest way through: {verdict.nearest}"] if verdict.nearest else []
    for trace in explain(policy, ask):
        lines += _rule(trace)
    return lines


def _verdict(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.NEEDS_APPROVALS:
        return f"needs {in_words(verdict.requirement)}"
    return {Outcome.ALLOW: "allowed, no approval needed", Outcome.HOLD: "on hold"}.get(
        verdict.outcome, "refused"
    )


ANSWER = {True: "yes", False: "no ", None: "?  "}


def _rule(trace: RuleTrace) -> list[str]:
    if not trace.speaks:
        return []
    lines = [f"  [{ANSWER[trace.applies]}] {trace.effect.value} {trace.rule}  ({trace.where})"]
    lines += [f"        {_clause(clause)}" for clause in trace.when]
    for exception in trace.unless:
        lines += [f"        unless {_clause(clause)}" for clause in exception]
    return lines + [f"        {note}" for note in trace.notes]


def _clause(clause: ClauseTrace) -> str:
    return f"[{ANSWER[clause.holds]}] {clause.fact} {clause.operator} {clause.wanted}: is {clause.actual}"
