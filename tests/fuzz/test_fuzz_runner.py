"""How inputs are made of bytes, and how the fuzzer is run: what it promises to the people who use it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import __main__ as command_line
from tests.fuzz import by_hypothesis, crashes, places
from tests.fuzz.draw import HOSTILE_TEXTS, Source, text_of
from tests.fuzz.target import BrokenPromiseError, Target
from tests.fuzz.targets import NAMES, target


def seeds(name: str) -> list[Path]:
    return sorted(target(name).seeds.iterdir())


@given(st.binary(max_size=80))
def test_the_same_bytes_are_the_same_choices(data: bytes) -> None:
    """A crash that cannot be replayed is a rumour."""
    draws = [
        (source.text(), repr(source.value()), source.integer(3, 900), source.choose("abc"), source.rest())
        for source in (Source(data), Source(data))
    ]

    assert draws[0] == draws[1]


@given(st.binary(max_size=40))
def test_every_bytes_are_a_text(data: bytes) -> None:
    """An input that is thrown away is time that is thrown away."""
    assert isinstance(text_of(data), str)


@given(st.text(max_size=40))
def test_a_text_is_drawn_as_it_was_written(text: str) -> None:
    """Seeds can be written by hand."""
    assert text_of(text.encode("utf-8", "surrogatepass")) == text


def test_hostile_texts_are_all_different() -> None:
    """One twice is one too few."""
    assert len(set(HOSTILE_TEXTS)) == len(HOSTILE_TEXTS)


# -- the runner --------------------------------------------------------------------------------------------


def test_a_failing_input_is_made_as_small_as_it_can_be() -> None:
    """People read crashes."""
    calls = []

    def fails(data: bytes) -> bool:
        calls.append(data)
        return b"X" in data and b"Y" in data

    assert crashes.minimised(fails, b"lots of words X and more of them Y at the end") == b"XY"
    assert len(calls) < 500


def test_making_small_ends_after_so_many_tries() -> None:
    """A fault that shows itself only now and then would be tried for ever."""
    tried: list[bytes] = []
    crashes.minimised(lambda data: bool(tried.append(data)), b"x" * 4_000, tries=3)

    assert len(tried) == 3


def test_the_same_fault_has_the_same_signature_and_another_has_another() -> None:
    """While a crash is made small it must not turn into another."""

    def judge(data: bytes) -> None:
        if b"a" in data:
            raise BrokenPromiseError(f"one {data!r}")
        if b"b" in data:
            raise ValueError("another")

    one, same, other, none = (crashes.signature(judge, data) for data in (b"a1", b"a2", b"b", b"c"))

    assert one == same != other
    assert none == ""


def test_the_time_is_shared_by_weight_and_nobody_goes_without() -> None:
    """A target that is never run finds nothing."""
    light, heavy = (
        Target(name=name, promise="", make=lambda: lambda data: None, weight=weight)
        for name, weight in (("light", 1), ("heavy", 99))
    )

    assert command_line.shares([light, heavy], 200) == {"light": 2, "heavy": 198}
    assert command_line.shares([light, heavy], 3) == {"light": 1, "heavy": 3}
    assert command_line.shares([light, heavy], 0) == {"light": 0, "heavy": 0}


def test_replaying_a_seed_ends_well_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """What is told of a crash must work when it is typed."""
    path = seeds("commands")[0]

    assert command_line.main(["--replay", str(path), "--target", "commands"]) == 0
    assert "the promise is kept" in capsys.readouterr().out


def test_the_words_of_every_target_are_a_dictionary() -> None:
    """libFuzzer refuses a whole file for one bad line."""
    for name in NAMES:
        lines = places.dictionary(target(name)).read_text().splitlines()

        assert all(re.fullmatch(r'"(?:[^"\\]|\\x[0-9a-f]{2})+"', line) for line in lines), name


@given(
    st.binary(max_size=30),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9), st.binary(max_size=5)), max_size=4),
)
def test_an_edited_seed_is_bytes_again(data: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    """Wherever an edit points."""
    assert len(by_hypothesis.edited(data, edits)) <= len(data) + 5 * len(edits)


def test_without_atheris_the_inputs_still_come(tmp_path: Path) -> None:
    """Atheris exists for one system and one processor only; the promise is checked on the others, too."""
    words = [sys.executable, "-m", "tests.fuzz.child", "cloud_signing", "0", "50", "hypothesis", "1"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=places.HOME.parent)

    assert done.returncode == 0, done.stderr
    assert int(re.findall(r"number_of_executed_units: (\d+)", done.stdout)[0]) >= 50


def test_the_table_counts_everything() -> None:
    """It is what is left of an hour of work."""
    one = command_line.Outcome(
        target="commands",
        inputs=12_000,
        seconds=10.0,
        processor=5.0,
        edges=400,
        features=0,
        crashes=(Path("x"),),
        broken=True,
    )
    lines = command_line.table([one, one]).splitlines()

    assert lines[1].split() == ["commands", "12,000", "1,200", "2,400", "400", "-", "1"]
    assert lines[-1].split() == ["all", "24,000", "2"]


def test_the_target_of_a_crash_stands_in_its_name() -> None:
    """Replaying takes a file and nothing else."""
    for name in NAMES:
        assert places.target_of(Path(f"{places.crash_prefix(target(name))}crash-0123")) == name
