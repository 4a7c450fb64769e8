"""The mutants of the promises fit the code, and the tool that tries them can be trusted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.invariants import ALL
from tools.mutants.__main__ import main
from tools.mutants.catalogue import MUTANTS
from tools.mutants.hunt import hunt
from tools.mutants.mutant import Mutant, applied, mutant, rotten

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("one", MUTANTS, ids=lambda one: one.name)
def test_each_mutant_still_fits_the_code(one: Mutant) -> None:
    """One whose old text has gone proves nothing any more."""
    assert rotten(ROOT, one) == ""


@pytest.mark.parametrize("one", MUTANTS, ids=lambda one: one.name)
def test_each_mutant_is_python(one: Mutant) -> None:
    """One that cannot even be read is no mistake that anybody makes."""
    for edit in one.edits:
        text = (ROOT / edit.file).read_text(encoding="utf-8")
        compile(text.replace(edit.old, edit.new), edit.file, "exec")


def test_there_are_many_and_no_two_are_called_the_same() -> None:
    """A name finds one of them."""
    names = [one.name for one in MUTANTS]

    assert len(names) >= 28
    assert len(set(names)) == len(names)


def test_every_promise_that_has_an_invariant_is_broken_by_a_mutant() -> None:
    """An invariant that no mistake ever breaks may be blind."""
    assert {promise for one in MUTANTS for promise in one.promises} == set(ALL.values())


def test_each_mutant_stands_in_the_document() -> None:
    """With what catches it."""
    text = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")

    assert [one.name for one in MUTANTS if f"| {one.name} |" not in text] == []


SAMPLE = mutant("a wrong sum", 1, "a.py", "1 + 1", "1 - 1", "a.py", "two", "none")


def test_a_mutant_is_put_in_and_taken_out_again(tmp_path: Path) -> None:
    """The next one is to find the tree as it was."""
    file = tmp_path / "a.py"
    file.write_text("two = 1 + 1\n", encoding="utf-8")
    with applied(tmp_path, SAMPLE):
        broken = file.read_text(encoding="utf-8")

    assert broken == "none = 1 - 1\n"
    assert file.read_text(encoding="utf-8") == "two = 1 + 1\n"


@pytest.mark.parametrize("text", ["two = 2\n", "two = 1 + 1 + 1 + 1\n"])
def test_a_mutant_whose_text_is_gone_or_stands_twice_is_rotten(tmp_path: Path, text: str) -> None:
    """Else something other than what its name says would be broken."""
    (tmp_path / "a.py").write_text(text, encoding="utf-8")

    assert "times in a.py" in rotten(tmp_path, SAMPLE)
    assert "times in b.py" in rotten(
        tmp_path, replace(SAMPLE, edits=(replace(SAMPLE.edits[0], file="b.py"),))
    )


def test_a_hunt_finds_nothing_where_nothing_is_wrong() -> None:
    """The control run stands on this."""
    found = hunt(range(2), frozenset(), seconds=60)

    assert found == {"seeds": 2, "beside": []}


def test_a_word_that_no_name_contains_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing tried is not everything caught."""
    assert main(["no mutant has this in its name"]) == 2
    assert "no mutant has such a name" in capsys.readouterr().err
