"""Known advisories against what the bot is run with: `python -m tools.dependency_audit [REQUIREMENTS]`.

pip-audit calls a package "skipped" when the advisory service does not know it, and still ends with 0: behind a mirror without
advisories, or without a network, that would be a gate that is always open. Here only a service that knew every package makes a
good end. Exit 1 for a vulnerable package; when the service could not be asked, one loud line and exit 0, or 1 with
AUDIT_STRICT=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEFAULT = "requirements/run.txt"
SECONDS = 300


class Outcome(StrEnum):
    CLEAN = "clean"
    VULNERABLE = "vulnerable"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an audit came to, in lines for people."""

    outcome: Outcome
    lines: tuple[str, ...]

    def exit_code(self, *, strict: bool) -> int:
        """0 or 1; what could not be checked fails only when `strict`."""
        if self.outcome is Outcome.UNCHECKED:
            return int(strict)
        return int(self.outcome is Outcome.VULNERABLE)


def judged(code: int, out: str, err: str) -> Verdict:
    """The verdict over one run of `pip-audit --format json`: its exit code and what it wrote."""
    packages = _packages(out)
    if not packages:
        return _unchecked(_reason(err) or f"pip-audit ended with {code} and without a report")
    found = [line for package in packages for line in _advisories(package)]
    if found:
        return Verdict(outcome=Outcome.VULNERABLE, lines=tuple(found))
    skipped = [package["name"] for package in packages if "vulns" not in package]
    if skipped:
        return _unchecked(
            f"the service knew nothing of {len(skipped)} of {len(packages)} packages, such as {skipped[0]}"
        )
    if code != 0:
        return _unchecked(_reason(err) or f"pip-audit ended with {code}")
    return Verdict(outcome=Outcome.CLEAN, lines=(f"No known advisory against {len(packages)} packages.",))


def _packages(out: str) -> list[dict[str, Any]]:
    try:
        report = json.loads(out)
    except ValueError:
        return []
    listed = report.get("dependencies") if isinstance(report, dict) else None
    return (
        [one for one in listed if isinstance(one, dict) and "name" in one] if isinstance(listed, list) else []
    )


def _advisories(package: Mapping[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package.get('version', '?')}: {one.get('id', '?')}, "
        f"mended in {', '.join(one.get('fix_versions', ())) or 'no version yet'}"
        for one in package.get("vulns", ())
    ]


def _reason(err: str) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def _unchecked(why: str) -> Verdict:
    return Verdict(outcome=Outcome.UNCHECKED, lines=(f"!!! ADVISORIES WERE NOT CHECKED !!! {why}",))


def audited(requirements: str) -> Verdict:
    """Asks the advisory service once about every pinned package."""
    command = [
        sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off",
        "--format", "json", "--timeout", "15", "--requirement", requirements,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        return _unchecked(f"no end within {SECONDS} seconds")
    return judged(done.returncode, done.stdout, done.stderr)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    verdict = audited(arguments[0] if arguments else DEFAULT)
    print(*verdict.lines, sep="\n", file=sys.stdout if verdict.outcome is Outcome.CLEAN else sys.stderr)
    return verdict.exit_code(strict=environ.get("AUDIT_STRICT") == "1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
