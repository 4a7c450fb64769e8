"""Patterns of the policy can neither run away nor surprise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.policy import read_span, span_in_words
from bot.domain.policy.patterns import MAX_TEXT, fits, found, glob_problem, pattern_problem


@pytest.mark.parametrize(
    "pattern",
    [
        "^(CHG|INC)-[0-9]+", "^(CHG|INC)-[0-9]+( .*)?$", "(?i)^chg", "^[a-z]+-[a-z]+-[0-9]{1,4}$", "a{,3}b", "x{,}",
        "[]a]+", "[^]]*", r"^\d+\.\d+$", "^(?:base|gold)-", "(?P<n>[0-9]+)", "^([a-z]-){3}x", r"a\{2\}", "a{}", "a{b",
        "a{2,}?", "^a++b", "[(]|[|]",
    ],
)  # fmt: skip
def test_an_honest_pattern_is_accepted(pattern: str) -> None:
    """The limits must not be felt by anybody who means well."""
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a*)*b", "(a|a)*b", "(a|ab)+c", "(.*a){12}", "(a?){30}a{30}", "a?" * 40 + "a" * 40, ".*.*.*x",
        "^.*.*.*.*x", "((a+)?)+", "(foo|bar)+", "a{1000}", "([a-z]+,?)*$", "x*x*x*", "x{,}x{,}x{,}", "(|a)+b",
        "^a|.*.*.*b", "(a{1,50}){1,50}",
    ],
)  # fmt: skip
def test_a_pattern_that_could_run_for_ever_is_refused(pattern: str) -> None:
    """One command must not be able to stop the bot."""
    assert pattern_problem(pattern) is not None


@pytest.mark.parametrize(
    "pattern", ["(", "a**", "[z-a]", "(?=a)b", r"(a)\1", "(?<!a)b", "(?P=n)", "[[]a]", "a" * 201]
)
def test_a_pattern_that_is_none_or_too_clever_is_refused(pattern: str) -> None:
    """With words, not with a traceback."""
    assert pattern_problem(pattern)


@pytest.mark.parametrize("text", ["a" * 256, "ab" * 128, "a b" * 85, "-" * 256])
@pytest.mark.parametrize("pattern", ["^.*a.*b.*c$", ".*a.*x", "^a*a*a*c", "^(ab|ab|ab|ab){1,9}c"])
def test_the_worst_accepted_pattern_comes_back(pattern: str, text: str) -> None:
    """Accepted patterns were weighed rightly: this would hang otherwise."""
    assert pattern_problem(pattern) is None
    assert found(pattern, text) is False


def test_a_text_too_long_is_not_matched_at_all() -> None:
    """Neither as yes nor as no."""
    assert found("a", "a" * (MAX_TEXT + 1)) is None
    assert fits("a*", "a" * (MAX_TEXT + 1)) is None
    assert fits("a*", "a" * MAX_TEXT) is True


@pytest.mark.parametrize(
    ("glob", "text", "wanted"),
    [
        ("base-*", "base-x", True), ("base-*", "xbase-x", False), ("base-?", "base-12", False), ("[bc]*", "case", True),
        ("*", "two\nlines", True), ("a.c", "abc", False), ("*a*a*a*a*a*a*a*a*b", "a" * 256, False),
    ],
)  # fmt: skip
def test_a_glob_describes_the_whole_text(glob: str, text: str, wanted: bool) -> None:
    """A dot is a dot, and a hundred stars are no trouble."""
    assert fits(glob, text) is wanted
    assert glob_problem(glob) is None


def test_a_glob_has_a_length() -> None:
    """Empty says nothing, and endless is a mistake."""
    assert glob_problem("")
    assert glob_problem("*" * 201)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)), ("30m", timedelta(minutes=30)), ("24h", timedelta(days=1)),
        ("2w", timedelta(weeks=2)), ("1d12h", timedelta(hours=36)), (" 30D ", timedelta(days=30)),
    ],
)  # fmt: skip
def test_a_length_of_time_is_read(text: str, span: timedelta) -> None:
    """As people write it."""
    assert read_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "30", "d", "0d", "-1d", "1.5h", "1y", "5 days", "1h1h", "999999w", "30d!", "٣d"]
)
def test_what_is_no_length_of_time_is_none(text: str) -> None:
    """No guess at what was meant."""
    assert read_span(text) is None


@pytest.mark.parametrize("text", ["90d", "1d12h", "30m", "59s", "23h59m59s"])
def test_a_length_of_time_is_written_as_it_is_read(text: str) -> None:
    """What the refusal proposes can be typed."""
    assert span_in_words(read_span(text) or timedelta()) == text
    assert span_in_words(timedelta()) == "0s"
