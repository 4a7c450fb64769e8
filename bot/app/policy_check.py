"""`imagebot policy check` and `imagebot policy test`: whether a file is good, what looks like a mistake, what its own tests
show."""

from __future__ import annotations

from pathlib import Path

from bot.app.policy_keeper import read_text
from bot.app.policy_tools import Plain, counted
from bot.domain.errors import PolicyError, Problem
from bot.domain.policy_file import lint, load
from bot.domain.policy_file.coverage import coverage
from bot.domain.policy_file.examples import failure
from bot.domain.policy_file.load import load_untested


def check_report(path: Path) -> Plain:
    """Every problem and every warning of a file. Never raises PolicyError: problems are what it is asked for."""
    report: Plain = {"file": str(path), "ok": False, "problems": [], "warnings": []}
    try:
        text = read_text(path)
        policy = load(text, str(path))
    except PolicyError as error:
        return report | {"problems": [_plain(problem) for problem in error.problems]}
    _, examples = load_untested(text, str(path))
    return report | {
        "ok": True,
        "warnings": [_plain(problem) for problem in lint(policy)],
        "rules": len(policy.rules),
        "projects": len(policy.projects),
        "groups": len(policy.groups),
        "tests": len(examples),
    }


def check_words(report: Plain) -> list[str]:
    """The report as lines."""
    if not report["ok"]:
        return [
            f"{counted(len(report['problems']), 'problem')}:",
            *(f"- {_line(p)}" for p in report["problems"]),
        ]
    counts = ", ".join(counted(report[f"{word}s"], word) for word in ("rule", "project", "group"))
    passing = "its test passes" if report["tests"] == 1 else f"its {report['tests']} tests pass"
    tests = passing if report["tests"] else "it has no tests of its own"
    return [
        f"{report['file']}: good. {counts}; {tests}.",
        *(f"warning: {_line(p)}" for p in report["warnings"]),
    ]


def own_tests_report(path: Path) -> Plain:
    """What became of the file's own tests, and what they exercise. Raises PolicyError when the file cannot be read."""
    policy, examples = load_untested(read_text(path), str(path))
    outcomes = [(example, failure(policy, example)) for example in examples]
    seen = coverage(policy, (example.ask for example in examples))
    return {
        "file": str(path),
        "passed": sum(1 for _, why in outcomes if why is None),
        "failed": [{"where": e.where, "name": e.name, "why": why} for e, why in outcomes if why is not None],
        "coverage": {
            "percent": round(seen.percent, 1),
            "reached": seen.reached,
            "all": seen.all,
            "gaps": [
                {"where": gap.where, "rule": gap.rule, "what": gap.what, "never": gap.never}
                for gap in seen.gaps
            ],
        },
    }


def own_tests_words(report: Plain, *, with_coverage: bool) -> list[str]:
    """The report as lines."""
    lines = [f"{report['file']}: {counted(report['passed'], 'test')} passed, {len(report['failed'])} failed"]
    lines += [f'- {failed["where"]}: test "{failed["name"]}": {failed["why"]}' for failed in report["failed"]]
    if with_coverage:
        seen = report["coverage"]
        lines.append(
            f"coverage: {seen['percent']} % ({seen['reached']} of {seen['all']}: rules and clauses, true and false)"
        )
        lines += [
            f"- {g['where']}: {g['what']}: never {'true' if g['never'] else 'false'}" for g in seen["gaps"]
        ]
    return lines


def _plain(problem: Problem) -> Plain:
    return {"where": problem.where, "what": problem.what, "instead": problem.instead}


def _line(plain: Plain) -> str:
    return str(Problem(where=plain["where"], what=plain["what"], instead=plain["instead"]))
