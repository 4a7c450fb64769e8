"""How a pattern is weighed, pattern by pattern, and what a refused one is told."""

from __future__ import annotations

import warnings

import pytest

from bot.domain.policy.patterns import MAX_TEXT, MAX_WAYS, _Weigher, glob_problem, pattern_problem

ANY = MAX_TEXT + 1
"""Places where an unanchored pattern may begin, and lengths of an open repeat."""
TOO_MANY = MAX_WAYS + 1
WAYS = {
    "a": ANY, "^a": 1, "\\Aa": 1, "^a|b": 2 * ANY, "(^a|b)": 2 * ANY, "a|b|c": 3 * ANY, "^x[a-z]?|^y": 3 * ANY, "^(a)b|c": 2 * ANY,
    "^(a|b)": 2, "^(a|b|c)d": 3, "^((a)|(b))": 2, "^(a|(b|c))d?": 6, "^a\\|b": 1, "^\\(a|b\\)?": 3 * ANY, "^[a|b]?": 2,
    "^[(]a|b": 2 * ANY, "^[)]a|b": 2 * ANY, "^[^](]a|b": 2 * ANY, "^[](]a|b": 2 * ANY, "^[\\](]a|b": 2 * ANY, "^\\[(a|b)\\]": 2,
    "^a*": ANY, "^a+": ANY - 1, "^a?": 2, "^a{3}": 1, "^a{2,5}": 4, "^a{,4}": 5, "^a{3,}": ANY - 3, "^a{}": 1, "^a{x": 1,
    "^a*?": ANY, "^a+?": ANY - 1, "^a??": 2, "^a*+": ANY, "^a{2,5}?": 4, "^a{3}b?": 2,
    "^[ab]*": ANY, "^[]a]*": ANY, "^[^]a]*": ANY, "^[^a|b]?": 2, "^[\\]a]*x?": 2 * ANY, "^\\[a*": ANY, "^\\d*x?": 2 * ANY,
    "^[a*]b*": ANY, "^[|a]b*": ANY, "^[)a]b*": ANY, "^\\0a?": 2, "^\\.*": ANY,
    "^[^]|a]*": ANY, "^[]|a]*": ANY, "^[\\]|a]*": ANY, "^[a\\]]b?": 2, "^(a|b){}": 2,
    "^(?:a|b){2}": 4, "^(?P<n>a|b){0,3}": 15, "^(a|b|c){1,2}": 12, "^(a?b){2}": 4, "^(a{2}|b){3}": 8, "^(ab)*": ANY,
    "^a*b*": ANY**2, "^a*b*c*": ANY**3, "^a*b*c*d?": TOO_MANY, "a*b*": ANY**3, "a*b*c?": TOO_MANY, "(a*b)*": TOO_MANY,
    "^(a|b)*": TOO_MANY, "^(a*)*": TOO_MANY, "^[(]a|b*c*d*": TOO_MANY,
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "ways"), WAYS.items())
def test_a_pattern_is_weighed_by_the_ways_a_matcher_could_try(pattern: str, ways: int) -> None:
    """One after the other multiplies, alternatives add, a repeat adds up powers; brackets and bars in a set are letters."""
    assert _Weigher(pattern).ways() == ways
    assert (pattern_problem(pattern) is None) == (ways <= MAX_WAYS)


REFUSED = {
    "(a": "'(a' is no regular expression: missing ), unterminated subpattern at position 0",
    "[[a]": "'[[a]' is no regular expression: Possible nested set at position 1",
    "a{99999999999999999999}": "'a{99999999999999999999}' is no regular expression: the repetition number is too large",
    "(?=a)": "'(?=a)' contains (?=, which is not allowed",
    "(?#x)a": "'(?#x)a' contains (?#, which is not allowed",
    "(a)\\1": "'(a)\\\\1' contains a back-reference, which is not allowed",
    "a{257}": "'a{257}' contains a repeat of more than 256 times, which is not allowed",
    "a{1,257}": "'a{1,257}' contains a repeat of more than 256 times, which is not allowed",
    "(a*)*": "'(a*)*' has too many repeats or choices inside each other, which could take for ever",
    "a" * 201: "a pattern of 201 characters; at most 200 are allowed",
}


@pytest.mark.parametrize(("pattern", "words"), REFUSED.items())
def test_a_refused_pattern_is_told_what_is_wrong_with_it(pattern: str, words: str) -> None:
    """The pattern, the part that is not allowed, and the limit."""
    assert pattern_problem(pattern) == words


@pytest.mark.parametrize(
    "pattern", ["a" * 200, "a{256}", "(?i)^a*b*c*", "a{0,256}", "\\0", "(" * 90 + ")" * 90]
)
def test_a_pattern_at_a_limit_is_accepted(pattern: str) -> None:
    """One more would not be."""
    assert pattern_problem(pattern) is None


def test_a_glob_has_one_to_two_hundred_characters() -> None:
    """It is matched without trying again, so its length is its only limit."""
    assert (glob_problem("*"), glob_problem("a" * 200)) == (None, None)
    assert glob_problem("") == "a glob of 0 characters; 1 to 200 are allowed"
    assert glob_problem("a" * 201) == "a glob of 201 characters; 1 to 200 are allowed"


def test_what_python_only_warns_of_is_refused_whatever_is_done_with_warnings() -> None:
    """It will mean something else one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "Possible nested set" in str(pattern_problem("[[a]"))
