"""`imagebot policy` as an operator and a pipeline run it: a process, its exit code, its two outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.policy_page import PAGE, files

PAGES = files(PAGE.read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bad.yml").write_text(PAGES["basic.yml"].replace("effect: permit", "effect: permt"))
    failing = PAGES["basic.yml"].replace("outcome: allow", "outcome: deny")
    (tmp_path / "failing.yml").write_text(failing)
    return tmp_path


def imagebot(folder: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "policy", *words],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "", "IMAGEBOT_POLICY": "basic.yml"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        ("check", 0, "basic.yml: good.", ""),
        ("check bad.yml", 1, "", '2 problems:\n- bad.yml:11:13: rule "dev-self-service": effect: "permt"'),
        ("check bad.yml --json", 1, '"ok": false', ""),
        ("check missing.yml", 1, "", "missing.yml: cannot be read"),
        ("check teams.yml", 0, "warning: teams.yml:11:5", ""),
        ("check teams.yml --strict", 1, "warning: teams.yml:11:5", ""),
        ("check basic.yml --strict", 0, "good", ""),
        ("test failing.yml", 1, "3 tests passed, 1 failed", ""),
        ("test emergency.yml --coverage", 0, "coverage: 50.0 %", ""),
        ("test emergency.yml --min 90", 1, "coverage: 50.0 %", "the coverage is below 90 %"),
        ("test emergency.yml --min 50", 0, "never false", ""),
        ("test bad.yml", 1, "", "2 problem(s)"),
        ("explain nonsense", 1, "", "nonsense"),
        ("diff basic.yml", 2, "", "Missing argument"),
        ("diff basic.yml bolder.yml --requests requests.yml --last 3", 2, "", "not both"),
        ("diff basic.yml bad.yml", 1, "", "2 problem(s)"),
        ("replay --last 0", 2, "", "Invalid value"),
        ("replay --database missing.db", 1, "", "missing.db"),
    ],
)
def test_the_exit_code_says_what_became_of_it(
    folder: Path, words: str, code: int, out: str, err: str
) -> None:
    """0 done, 1 failed, 2 usage; errors on standard error, never a stack."""
    found, printed, said = imagebot(folder, *words.split())

    assert (found, "Traceback" in said) == (code, False), said
    assert out in printed
    assert err in said


def test_the_schema_is_printed_as_json(folder: Path) -> None:
    """`imagebot policy schema > policy.schema.json`."""
    code, printed, _ = imagebot(folder, "schema")

    assert code == 0
    assert json.loads(printed)["$schema"].endswith("2020-12/schema")


def test_a_diff_as_json_can_be_read_by_a_pipeline(folder: Path) -> None:
    """It fails on loosening if it wants to; the exit code is 0 either way."""
    code, printed, _ = imagebot(folder, "diff", "basic.yml", "bolder.yml", "--json")

    assert code == 0
    assert [c["direction"] for c in json.loads(printed)["changes"]] == ["loosened", "tightened"]
