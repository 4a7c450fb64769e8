"""Files nobody honest writes, and files that were damaged: words come back, never a traceback, never a hang."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import PolicyError, Problem
from bot.domain.policy_file import load
from tests.domain.policy_builders import said

EXAMPLE = (Path(__file__).parents[2] / "policy.example.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# only a remark\n", "the file is empty"),
        ("just text", "the file is no mapping"),
        ("- a\n- b\n", "the file is no mapping"),
        ("\x00\x01\x02", "the character U+0000 is not text"),
        ("version: 1\nx: \x07", "p.yml:2:4"),
        ("a: \ud800", "U+D800"),
        ("version: 1\n\tgroups: {}\n", "indent with spaces, not with tabs"),
        ("a: [1", "this is no YAML"),
        ("a: b: c", "this is no YAML"),
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("a: *nobody\n", "this is no YAML"),
        ("a: !!python/object/apply:os.system ['true']\n", "the tag"),
        ("a: !mine x\n", "the tag !mine"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested more than 16 deep"),
        ("a: " + "{a: " * 5000, "nested more than 16 deep"),
        ("a: &a [*a]", "an alias inside an anchored block"),
        ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]", "an alias inside an anchored block"),
        ("a: &a x\nb: [" + "*a, " * 51 + "]", "more than 50 aliases"),
        ("x" * 1_000_001, "at most 1000000 are allowed"),
        ("? [a, b]\n: c\n", "a key that is no text"),
        ("%YAML 9.9\n---\na: 1", "p.yml:1:1"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_in_words(text: str, words: str) -> None:
    """Never a traceback, never a hang, never anything run."""
    assert words in said(text)


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_list_of_problems(text: str) -> None:
    """Nothing else may come out."""
    with pytest.raises(PolicyError) as caught:
        load(text)
    assert caught.value.problems


@given(st.data())
def test_a_damaged_example_is_a_policy_or_a_list_of_problems(data: st.DataObject) -> None:
    """Half-saved files and slips of the keyboard happen."""
    at = data.draw(st.integers(0, len(EXAMPLE) - 1))
    length = data.draw(st.integers(0, 40))
    put = data.draw(
        st.sampled_from(("", "x", "{", "]", ": ", "- ", "\n", "  ", "&a ", "*a", "~", "[]", "0", "\t"))
    )
    try:
        found: tuple[Problem, ...] = ()
        load(EXAMPLE[:at] + put + EXAMPLE[at + length :])
    except PolicyError as error:
        found = error.problems

    assert all(problem.where.startswith("policy.yml:") for problem in found)
