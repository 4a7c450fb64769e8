"""The sections of the file besides rules and tests: groups, projects (the register), defaults, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import yaml

from bot.domain.model import GroupDef, GroupName, ProjectFacts, ProjectId
from bot.domain.policy import Defaults, PolicyLimits, StaticVoters
from bot.domain.policy_file import grammar
from bot.domain.policy_file.reader import Entries, Reader, quote

_COMMAND_WORDS = frozenset({"to", "from", "with", "for", "because"})


@dataclass(frozen=True, kw_only=True)
class Register:
    """What rules and tests may name."""

    groups: Mapping[GroupName, GroupDef] = field(default_factory=dict)
    projects: tuple[ProjectFacts, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def voters(self) -> StaticVoters:
        return StaticVoters(groups=self.groups)

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(label for project in self.projects for label in project.labels)


def read_register(reader: Reader, root: Entries) -> Register:
    places: dict[str, str] = {}
    groups = _groups(reader, root.get("groups"), places)
    projects = _projects(reader, root.get("projects"), places)
    return Register(groups=groups, projects=projects, places=places)


def _groups(reader: Reader, node: yaml.Node | None, places: dict[str, str]) -> dict[GroupName, GroupDef]:
    section = reader.entries(node, "groups")
    groups: dict[GroupName, GroupDef] = {}
    for key, value in (section.values if section else {}).items():
        assert section is not None
        if reader.text(section.keys[key], "group name", grammar.NAME, "platform-leads") is None:
            continue
        name = GroupName(key)
        groups[name] = _group(reader, name, value)
        places[f"group {name}"] = reader.findings.place(section.keys[key])
    return groups


def _group(reader: Reader, name: GroupName, node: yaml.Node) -> GroupDef:
    what = f'group "{name}"'
    entries = reader.entries(node, what, grammar.GROUP)
    if entries is None:
        return GroupDef(name=name)
    usergroup = reader.text(
        entries.get("slack_usergroup"),
        f"{what}: slack_usergroup",
        grammar.USERGROUP,
        "S0ENGINEERS, the group's id",
    )
    users = reader.each(
        entries.get("slack_users"),
        f"{what}: slack_users",
        lambda item, label: reader.text(
            item, label, grammar.USER, "U0ALICE, the member id of a Slack profile"
        ),
    )
    if not set(grammar.GROUP) & set(entries.values):
        reader.findings.add(node, f"{what}: nobody is in it", "name a slack_usergroup or slack_users")
    elif "slack_usergroup" not in entries.values and not reader.items(entries.get("slack_users"), what):
        reader.findings.add(node, f"{what}: nobody is in it", "list at least one Slack user id")
    return GroupDef(name=name, slack_usergroup=usergroup, slack_users=tuple(user for user, _ in users))


def _projects(reader: Reader, node: yaml.Node | None, places: dict[str, str]) -> tuple[ProjectFacts, ...]:
    projects: list[ProjectFacts] = []
    taken: dict[str, int] = {}
    for item in reader.items(node, "projects"):
        project = _project(reader, item)
        if project is None:
            continue
        for ref in dict.fromkeys((project.id, project.name.casefold())):
            if ref in taken:
                reader.findings.add(
                    item, f"project {quote(project.name)}: {ref} a second time", f"see line {taken[ref]}"
                )
            taken.setdefault(ref, item.start_mark.line + 1)
        projects.append(project)
        places[f"project {project.name}"] = reader.findings.place(item)
    return tuple(projects)


def _project(reader: Reader, node: yaml.Node) -> ProjectFacts | None:
    entries = reader.entries(node, "project", grammar.PROJECT, ("id", "name"))
    if entries is None:
        return None
    id = reader.text(
        entries.get("id"), "project id", grammar.PROJECT_ID, "9c61004714024f9586705d090530f9fa, 32 of 0-9a-f"
    )
    name = reader.text(entries.get("name"), "project name", grammar.NAME, "shop-dev")
    if name is not None and name.lower() in _COMMAND_WORDS:
        reader.findings.add(
            entries.get("name"), f"project name: {quote(name)}", "this word means something in a command"
        )
    what = f"project {quote(name or '?')}"
    env = reader.text(entries.get("env"), f"{what}: env")
    tenant = reader.text(entries.get("tenant"), f"{what}: tenant")
    labels: dict[str, str] = {}
    section = reader.entries(entries.get("labels"), f"{what}: labels")
    for key, value in (section.values if section else {}).items():
        label = reader.text(value, f"{what}: label {quote(key)}")
        if label is not None:
            labels[key] = label
    if id is None or name is None:
        return None
    return ProjectFacts(id=ProjectId(id), name=name, env=env, tenant=tenant, labels=labels)


def read_defaults(reader: Reader, node: yaml.Node | None) -> Defaults:
    entries = reader.entries(node, "defaults", grammar.DEFAULTS)
    usual = Defaults()
    if entries is None:
        return usual
    expires = reader.span(entries.get("expires_after"), "defaults: expires_after") or usual.expires_after
    channel = reader.text(
        entries.get("channel"),
        "defaults: channel",
        grammar.CHANNEL,
        "C0IMAGES, the channel's id, not its name",
    )
    return Defaults(
        self_approval=bool(reader.flag(entries.get("self_approval"), "defaults: self_approval")),
        expires_after=expires,
        remind=_remind(reader, entries.get("remind"), expires),
        channel=channel,
        time_zone=_time_zone(reader, entries.get("time_zone")) or usual.time_zone,
    )


def _remind(reader: Reader, node: yaml.Node | None, expires: timedelta) -> tuple[timedelta, ...]:
    found = reader.each(node, "defaults: remind", reader.span, one=True)
    for span, item in found:
        if span >= expires:
            reader.findings.add(
                item, "defaults: remind: a reminder after the end", "shorter than expires_after is wanted"
            )
    if len(found) > grammar.MAX_REMINDERS:
        words = f"at most {grammar.MAX_REMINDERS} are allowed"
        reader.findings.add(node, f"defaults: remind: {len(found)} reminders", words)
    return tuple(sorted(span for span, _ in found))


def _time_zone(reader: Reader, node: yaml.Node | None) -> str | None:
    name = reader.text(node, "defaults: time_zone", grammar.TIME_ZONE, "Europe/Berlin")
    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        reader.findings.add(
            node, f"defaults: time_zone: {quote(name)}", "an IANA name such as Europe/Berlin is wanted"
        )
        return None
    return name


def read_limits(reader: Reader, node: yaml.Node | None) -> PolicyLimits:
    entries = reader.entries(node, "limits", grammar.LIMITS)
    usual = PolicyLimits()
    if entries is None:
        return usual

    def whole(key: str, most: int) -> int | None:
        return reader.whole(entries.get(key), f"limits: {key}", 1, most)

    return PolicyLimits(
        max_pairs=whole("max_pairs", grammar.MAX_PAIRS) or usual.max_pairs,
        max_open_per_requester=whole("max_open_per_requester", grammar.MAX_OPEN)
        or usual.max_open_per_requester,
        max_images=whole("max_images", grammar.MAX_PAIRS),
        max_projects=whole("max_projects", grammar.MAX_PAIRS),
        max_duration=reader.span(entries.get("max_duration"), "limits: max_duration"),
    )
