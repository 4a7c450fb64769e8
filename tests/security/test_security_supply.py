"""What the bot is made of: the audit of its dependencies cannot pass by mistake, and its bill of materials is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.bill_of_materials import DIRECT, bill, main, pins
from tools.dependency_audit import Outcome, judged

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements/run.txt").read_text(encoding="utf-8")
PROJECT = {"name": "imagebot", "version": "1", "description": "d", "license": "MIT"}

CLEAN = {"name": "idna", "version": "3.20", "vulns": []}
SKIPPED = {"name": "anyio", "skip_reason": "Dependency not found and could not be audited: anyio (4.16.0)"}
BAD = {
    "name": "jinja2", "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.8.1"], "aliases": ["CVE-2016-10745"], "description": "..."}],
}  # fmt: skip


def report(*packages: dict[str, object]) -> str:
    """As pip-audit 2.10 writes it with `--format json`."""
    return json.dumps({"dependencies": list(packages), "fixes": []})


# -- advisories --------------------------------------------------------------------------------

RECORDED = [
    (0, report(CLEAN), "No known vulnerabilities found\n", Outcome.CLEAN, 0, 0),
    (1, report(CLEAN, BAD), "Found 1 known vulnerability in 1 package\n", Outcome.VULNERABLE, 1, 1),
    (1, report(SKIPPED, BAD), "Found 1 known vulnerability in 1 package\n", Outcome.VULNERABLE, 1, 1),
    (0, report(BAD), "", Outcome.VULNERABLE, 1, 1),
    (0, report(SKIPPED, SKIPPED), "No known vulnerabilities found\n", Outcome.UNCHECKED, 0, 1),
    (0, report(CLEAN, SKIPPED), "No known vulnerabilities found\n", Outcome.UNCHECKED, 0, 1),
    (0, report(), "", Outcome.UNCHECKED, 0, 1),
    (0, "", "", Outcome.UNCHECKED, 0, 1),
    (1, "", "requests.exceptions.ConnectionError: Failed to resolve 'api'\n", Outcome.UNCHECKED, 0, 1),
    (1, report(CLEAN), "ERROR: something else\n", Outcome.UNCHECKED, 0, 1),
    (2, "usage: pip-audit\n", "error: unrecognized arguments\n", Outcome.UNCHECKED, 0, 1),
]


@pytest.mark.parametrize(("code", "out", "err", "outcome", "exit", "strict"), RECORDED)
def test_only_a_service_that_knew_every_package_makes_a_clean_audit(
    code: int, out: str, err: str, outcome: Outcome, exit: int, strict: int
) -> None:
    """A gate that opens when nobody is there is none."""
    verdict = judged(code, out, err)

    assert verdict.outcome is outcome
    assert (verdict.exit_code(strict=False), verdict.exit_code(strict=True)) == (exit, strict)
    assert ("NOT CHECKED" in verdict.lines[0]) is (outcome is Outcome.UNCHECKED)


def test_a_vulnerable_package_is_told_with_what_mends_it() -> None:
    """So that the line is enough to act on."""
    assert judged(1, report(BAD), "").lines == ("jinja2 2.4.1: PYSEC-2019-217, mended in 2.8.1",)


def test_a_requirements_file_that_is_not_there_is_not_a_clean_audit() -> None:
    """The whole way through pip-audit, without a network."""
    command = [sys.executable, "-m", "tools.dependency_audit", "no-such-file.txt"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, env={"AUDIT_STRICT": "1"}
    )

    assert done.returncode == 1
    assert done.stderr.startswith("!!! ADVISORIES WERE NOT CHECKED !!!")


# -- hashes and code ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run", "dev", "build"])
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    """A package that was replaced on its index is refused by pip instead of installed."""
    locked = pins((ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8"))
    assert locked
    assert all(pin.hashes and re.fullmatch(r"[0-9][\w.+!-]*", pin.version) for pin in locked)


@pytest.mark.slow
def test_bandit_finds_nothing_that_is_not_justified() -> None:
    """Each exception stands at its line, with its reason."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", "bot", "-s", "B101", "-f", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    found = json.loads(done.stdout)

    assert found["errors"] == []
    assert [f"{one['filename']}:{one['line_number']} {one['test_id']}" for one in found["results"]] == []


def test_every_exception_from_bandit_names_its_check_and_its_reason() -> None:
    """A bare exception would hide the next finding on its line."""
    for path in (ROOT / "bot").rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "# nosec" in line:
                assert re.search(r"# nosec B\d{3}(, B\d{3})* # \w.{8,}", line), f"{path}:{number}"


# -- the bill of materials ---------------------------------------------------------------------


def made(folder: Path, **environ: str) -> str:
    assert main([str(folder / "bill.json")], environ) == 0
    return (folder / "bill.json").read_text(encoding="utf-8")


def test_the_bill_is_valid_cyclonedx(tmp_path: Path) -> None:
    """Whoever reads it does so with a program, which refuses what does not fit. The schemas come with the library."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made(tmp_path)) is None
    assert (
        JsonStrictValidator(SchemaVersion.V1_6).validate_str('{"bomFormat": "CycloneDX", "x": 1}') is not None
    )


def test_the_bill_lists_every_locked_package_with_its_hashes_and_who_needs_it(tmp_path: Path) -> None:
    """Nothing that is installed is missing, and nothing else is in it."""
    content, locked = json.loads(made(tmp_path)), pins(LOCK)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    by_name = {one["name"]: one for one in content["components"]}

    assert content["metadata"]["component"]["version"] == project["version"]
    assert list(by_name) == sorted(pin.name for pin in locked)
    for pin in locked:
        files = by_name[pin.name]["externalReferences"][0]["hashes"]
        assert (by_name[pin.name]["version"], {one["content"] for one in files}) == (
            pin.version,
            set(pin.hashes),
        )
    needs = {one["ref"]: set(one.get("dependsOn", ())) for one in content["dependencies"]}
    assert needs["imagebot"] == {pin.name for pin in locked if DIRECT in pin.wanted_by}
    assert "slack-sdk" in needs["slack-bolt"]
    assert sum(bool(one.get("licenses")) for one in content["components"]) > len(locked) * 0.9


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Else nobody can tell a changed bill from a changed product."""
    first, second = made(tmp_path), made(tmp_path)
    other = bill(pins(LOCK)[1:], PROJECT, {})

    assert first == second
    assert "timestamp" not in first
    assert json.loads(other)["serialNumber"] != json.loads(bill(pins(LOCK), PROJECT, {}))["serialNumber"]
    dated = json.loads(made(tmp_path, SOURCE_DATE_EPOCH="1700000000"))
    assert dated["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")


def test_the_bill_names_neither_this_machine_nor_an_index(tmp_path: Path) -> None:
    """It is given away."""
    text = made(tmp_path)
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
    links = set(re.findall(r"https?://[^\s\"]+", text))
    assert links <= {"http://cyclonedx.org/schema/bom-1.6.schema.json"}


@pytest.mark.parametrize("lock", ["idna==3.20\n", "idna>=3\n    --hash=sha256:" + "0" * 64, "-e .\n"])
def test_a_lock_file_with_a_hole_makes_no_bill(lock: str) -> None:
    """A package without a hash could be anything."""
    with pytest.raises(ValueError, match=r"idna|pinned"):
        pins(lock)
