"""What two policies differ in besides their verdicts: who is in which group, what exists, limits, the way around
approvals. Compares values; never who is in a Slack user group, which only Slack knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.domain.model import GroupDef
from bot.domain.policy.break_glass import BreakGlass
from bot.domain.policy.comparison import Direction
from bot.domain.policy.requirement import in_words
from bot.domain.policy.rules import Policy
from bot.domain.policy.spans import span_in_words
from bot.domain.policy.strictness import at_least_as_strict

_LIMITS = ("max_pairs", "max_open_per_requester", "max_images", "max_projects", "max_duration")
_DEFAULTS = ("expires_after", "remind", "channel", "time_zone")


@dataclass(frozen=True, kw_only=True)
class SettingChange:
    direction: Direction
    words: str


def settings_changed(old: Policy, new: Policy) -> tuple[SettingChange, ...]:
    """Each difference, looser ones first."""
    order = list(Direction)
    found = [*_groups(old, new), *_projects(old, new), *_limits(old, new), *_defaults(old, new)]
    found += _break_glass(old.break_glass, new.break_glass)
    return tuple(sorted(found, key=lambda change: order.index(change.direction)))


def _looser(words: str) -> SettingChange:
    return SettingChange(direction=Direction.LOOSENED, words=words)


def _tighter(words: str) -> SettingChange:
    return SettingChange(direction=Direction.TIGHTENED, words=words)


def _other(words: str) -> SettingChange:
    return SettingChange(direction=Direction.OTHER, words=words)


def _groups(old: Policy, new: Policy) -> Iterator[SettingChange]:
    for name in sorted({*old.groups, *new.groups}):
        before, after = old.groups.get(name), new.groups.get(name)
        if before is None:
            yield _other(f"group {name} is new")
        elif after is None:
            yield _other(f"group {name} is gone")
        else:
            yield from _people(before, after)


def _people(before: GroupDef, after: GroupDef) -> Iterator[SettingChange]:
    joined = sorted({*after.slack_users} - {*before.slack_users})
    left = sorted({*before.slack_users} - {*after.slack_users})
    if joined:
        yield _looser(f"group {before.name}: {', '.join(joined)} joined")
    if left:
        yield _tighter(f"group {before.name}: {', '.join(left)} left")
    was, is_now = before.slack_usergroup, after.slack_usergroup
    if was != is_now:
        words = f"group {before.name}: Slack user group {was or 'none'} -> {is_now or 'none'}"
        yield _looser(words) if was is None else _tighter(words) if is_now is None else _other(words)


def _projects(old: Policy, new: Policy) -> Iterator[SettingChange]:
    before, after = ({project.id: project for project in policy.projects} for policy in (old, new))
    for id in dict.fromkeys([*before, *after]):
        if id not in before:
            yield _looser(f"project {after[id].name} is new in the register")
        elif id not in after:
            yield _tighter(f"project {before[id].name} is gone from the register")
        elif before[id].name != after[id].name:
            yield _other(f"project {before[id].name} is called {after[id].name} now")


def _limits(old: Policy, new: Policy) -> Iterator[SettingChange]:
    for key in _LIMITS:
        before, after = getattr(old.limits, key), getattr(new.limits, key)
        if before != after:
            words = f"limits: {key}: {_said(before)} -> {_said(after)}"
            wider = after is None or (before is not None and after > before)
            yield _looser(words) if wider else _tighter(words)


def _defaults(old: Policy, new: Policy) -> Iterator[SettingChange]:
    for key in _DEFAULTS:
        before, after = getattr(old.defaults, key), getattr(new.defaults, key)
        if before != after:
            yield _other(f"defaults: {key}: {_said(before)} -> {_said(after)}")


def _said(value: Any) -> str:
    if isinstance(value, timedelta):
        return span_in_words(value)
    if isinstance(value, tuple):
        return ", ".join(_said(item) for item in value) or "none"
    return "none" if value is None else str(value)


def _break_glass(before: BreakGlass | None, after: BreakGlass | None) -> Iterator[SettingChange]:
    if before == after:
        return
    if before is None:
        yield _looser("break_glass is new: approvals can be gone around in an emergency")
        return
    if after is None:
        yield _tighter("break_glass is gone: nobody can go around approvals any more")
        return
    if joined := sorted(after.by - before.by):
        yield _looser(f"break_glass: by: {', '.join(joined)} too")
    if left := sorted(before.by - after.by):
        yield _tighter(f"break_glass: by: {', '.join(left)} no longer")
    for key, wider in (("max_pairs", 1), ("min_reason", -1), ("review_within", 1)):
        was, is_now = getattr(before, key), getattr(after, key)
        if was != is_now:
            words = f"break_glass: {key}: {_said(was)} -> {_said(is_now)}"
            yield _looser(words) if (is_now > was) == (wider > 0) else _tighter(words)
    if before.review != after.review:
        words = f"break_glass: review: {in_words(before.review)} -> {in_words(after.review)}"
        stricter = at_least_as_strict(after.review, before.review)
        weaker = at_least_as_strict(before.review, after.review)
        yield _other(words) if stricter == weaker else _tighter(words) if stricter else _looser(words)
