"""Members, people, lengths of time and groups in words, short enough for a card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from bot.domain.model import Action, AllOf, AnyOf, GroupDef, GroupName, Member, Need, Requirement
from bot.domain.notices import Group, Line, Span, Text, Who

MAX_LINES = 12
"""Lines of pairs a card shows of one lane; the rest is counted. Keeps a card of many lanes within Slack's 50 blocks."""
MAX_NAMES = 12
"""Names shown in one line."""


def plain(text: str) -> Text:
    return Text(text)


def bold(text: str) -> Text:
    return Text(text, "bold")


def code(text: str) -> Text:
    return Text(text, "code")


def counted(number: int, noun: str) -> str:
    """`1 image`, `2 images`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def names(words: Sequence[str]) -> Line:
    """The names as code, separated by commas, the many of them counted."""
    spans: list[Span] = []
    for index, word in enumerate(words[:MAX_NAMES]):
        spans += [plain(", ")] if index else []
        spans.append(code(word))
    if len(words) > MAX_NAMES:
        spans.append(plain(f" and {len(words) - MAX_NAMES} more"))
    return tuple(spans)


def spoken(words: Sequence[str], most: int = 5) -> str:
    """The names as one phrase for the ear."""
    shown = ", ".join(words[:most])
    return shown + (f" and {len(words) - most} more" if len(words) > most else "")


def image_names(members: Iterable[Member]) -> list[str]:
    return list(dict.fromkeys(m.image.name or m.image.id for m in members))


def project_names(members: Iterable[Member]) -> list[str]:
    return list(dict.fromkeys(m.project.name for m in members))


def arrow(action: Action) -> str:
    return " → " if action is Action.SHARE else " ✕ "


def pair_lines(
    action: Action, members: Sequence[Member], say: Callable[[Member], str] = lambda _: ""
) -> tuple[Line, ...]:
    """The members as lines `images → projects`: images with the same projects (and the same remark by `say`) share a line."""
    by_image: dict[tuple[str, str], list[str]] = {}
    for member in members:
        by_image.setdefault((member.image.name or member.image.id, say(member)), []).append(
            member.project.name
        )
    by_projects: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (image, remark), projects in by_image.items():
        by_projects.setdefault((tuple(projects), remark), []).append(image)
    lines: list[Line] = []
    shown = 0
    for (projects_, remark), images in by_projects.items():
        if len(lines) == MAX_LINES and len(by_projects) > MAX_LINES:
            lines.append((plain(f"… and {counted(len(members) - shown, 'more pair')}"),))
            break
        tail: Line = (plain(f": {remark}"),) if remark else ()
        lines.append((*names(images), plain(arrow(action)), *names(projects_), *tail))
        shown += len(images) * len(projects_)
    return tuple(lines)


def needed(requirement: Requirement, groups: Mapping[GroupName, GroupDef]) -> Line:
    """Who must approve, with the groups named so that Slack can tell them: `1 of @platform-leads and 1 of @security`."""
    if isinstance(requirement, Need):
        spans: list[Span] = [plain(f"{requirement.count} of ")]
        for index, name in enumerate(sorted(requirement.groups)):
            spans += [plain(" or ")] if index else []
            known = groups.get(name)
            spans.append(Group(name, known.slack_usergroup if known else None))
            if known and not known.slack_usergroup and len(known.slack_users) <= 5:
                people: list[Span] = [plain(" (")]
                for position, user in enumerate(known.slack_users):
                    people += [plain(", ")] if position else []
                    people.append(Who(user))
                spans += [*people, plain(")")]
        return tuple(spans)
    word = " and " if isinstance(requirement, AllOf) else ", or "
    joined: list[Span] = []
    for index, item in enumerate(requirement.items):
        inner = needed(item, groups)
        nested = isinstance(item, (AllOf, AnyOf)) and len(item.items) > 1
        joined += [plain(word)] if index else []
        joined += [plain("("), *inner, plain(")")] if nested else list(inner)
    return tuple(joined)


def named(names_: frozenset[GroupName], groups: Mapping[GroupName, GroupDef]) -> Line:
    """The groups, so that Slack can tell them."""
    spans: list[Span] = []
    for name in sorted(names_):
        known = groups.get(name)
        spans += [plain(", ")] if spans else []
        spans.append(Group(name, known.slack_usergroup if known else None))
    return tuple(spans)


def lasting(duration: timedelta | None) -> str:
    """` for 30 days`, or nothing."""
    if duration is None:
        return ""
    hours = int(duration.total_seconds() // 3600)
    if hours and hours % 24 == 0:
        return f" for {counted(hours // 24, 'day')}"
    return (
        f" for {counted(hours, 'hour')}"
        if hours
        else f" for {counted(int(duration.total_seconds() // 60), 'minute')}"
    )
