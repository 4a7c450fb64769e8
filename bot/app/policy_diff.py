"""`imagebot policy diff`: which pairs come out otherwise under another file, and what else differs."""

from __future__ import annotations

from pathlib import Path

from bot.app.policy_keeper import read_policy, read_text
from bot.app.policy_stored import stored_requests
from bot.app.policy_tools import Plain, counted, plain_setting
from bot.domain.model import GroupName
from bot.domain.policy import Policy
from bot.domain.policy.comparison import Change, Direction, compared
from bot.domain.policy.grid import Case, Grid
from bot.domain.policy.settings_change import settings_changed
from bot.domain.policy_file.requests_file import load_requests


def diff_of_rules(old: Path, new: Path) -> Plain:
    """Over a generated set of requests: for each rule of either file one in which it takes part, and what lies beside."""
    before, after = read_policy(old), read_policy(new)
    source = "made of the rules, groups and projects of both files"
    return _report((old, new), (before, after), list(Grid(before, after).cases()), source)


def diff_of_file(old: Path, new: Path, requests: Path) -> Plain:
    """Over the requests of a file. Raises PolicyError when one of them cannot be read."""
    before, after = read_policy(old), read_policy(new)
    asks = load_requests(read_text(requests), str(requests), before, after)
    cases = [Case(ask=ask, words=name) for name, ask in asks]
    return _report((old, new), (before, after), cases, f"of {requests}")


async def diff_of_stored(
    old: Path, new: Path, database: Path, last: int, groups: frozenset[GroupName]
) -> Plain:
    """Over the last stored requests."""
    before, after = read_policy(old), read_policy(new)
    stored = await stored_requests(database, last, before, groups)
    cases = [
        Case(ask=case.ask, words=f"#{one.request.id} {case.name}") for one in stored for case in one.cases
    ]
    sources = ", ".join(dict.fromkeys(one.groups_from for one in stored)) or "none"
    source = f"of {counted(len(stored), 'stored request')} (groups of the requesters: {sources})"
    return _report((old, new), (before, after), cases, source)


def _report(
    paths: tuple[Path, Path], policies: tuple[Policy, Policy], cases: list[Case], source: str
) -> Plain:
    changes, looked = compared(*policies, cases)
    return {
        "old": str(paths[0]),
        "new": str(paths[1]),
        "cases": looked,
        "source": source,
        "changes": [_plain(change) for change in changes],
        "settings": [plain_setting(change) for change in settings_changed(*policies)],
    }


def _plain(change: Change) -> Plain:
    return {
        "direction": change.direction.value,
        "action": change.action.value,
        "project": change.project,
        "pairs": change.pairs,
        "before": change.before,
        "after": change.after,
        "rules": list(change.rules),
        "cases": change.cases,
        "examples": list(change.examples),
    }


def diff_words(report: Plain) -> list[str]:
    """The report as lines."""
    lines = [f"{report['old']} -> {report['new']}: {counted(report['cases'], 'case')} {report['source']}"]
    generated = report["source"].startswith("made")
    for direction in Direction:
        changes = [change for change in report["changes"] if change["direction"] == direction]
        settings = [change for change in report["settings"] if change["direction"] == direction]
        if not changes and not settings:
            continue
        lines.append(f"{direction}:")
        for change in changes:
            lines.append(f"  {change['pairs']}: {change['before']} -> {change['after']}")
            shown = change["examples"][:1] if generated else change["examples"]
            more = change["cases"] - len(shown)
            lines += [f"    {'such as ' if generated else ''}{example}" for example in shown]
            lines += [f"    and {counted(more, 'case')} more"] if more else []
            lines.append(f"    rules: {', '.join(change['rules']) or 'none'}")
        lines += [f"  {change['what']}" for change in settings]
    return lines if len(lines) > 1 else [*lines, "no difference"]
