"""The parts of reading a command that other tests see only from afar: lengths of time, the nearest word, words and quotes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.errors import CommandError
from bot.domain.model import Action, ShareCommand
from bot.domain.parse import USAGES, duration_in_words, parse, suggest, unparse
from bot.domain.parse.durations import is_duration_like, is_unit, parse_duration, typed_duration
from bot.domain.parse.typed import plain, shown, token_kind, typed_name
from bot.domain.parse.usage import BY_WORD, NAMES
from bot.domain.parse.words import Reader, Word

UNITS = {
    "m min mins minute minutes": timedelta(minutes=60),
    "h hr hrs hour hours": timedelta(hours=60),
    "d day days": timedelta(days=60),
}
ONE_WEEK = "w wk wks week weeks"
UNEVEN = {"mo mos mon month months": 30, "q quarter quarters": 90, "y yr yrs year years": 365}


@pytest.mark.parametrize(("words", "length"), UNITS.items())
def test_each_spelling_of_a_unit_means_its_length(words: str, length: timedelta) -> None:
    """60 of them, with a blank or without, in any case."""
    for word in words.split():
        assert parse_duration(f"60{word}") == parse_duration(f" 60 {word.upper()} ") == length
        assert is_unit(word)
        assert is_duration_like(f"1{word}")


def test_a_week_has_seven_days_in_each_spelling() -> None:
    """And lengths add up."""
    assert {parse_duration(f"2 {word}") for word in ONE_WEEK.split()} == {timedelta(days=14)}
    assert parse_duration("1w2d3h4m") == timedelta(days=9, hours=3, minutes=4)


@pytest.mark.parametrize(("words", "days"), UNEVEN.items())
def test_a_unit_without_one_length_is_refused_with_the_days_it_most_likely_means(
    words: str, days: int
) -> None:
    """A month is not 30 days, so nobody is taken at that word."""
    for word in words.split():
        assert is_unit(word)
        assert is_duration_like(f"3 {word}")
        with pytest.raises(CommandError) as caught:
            parse_duration(f"1{word}")
        assert caught.value.suggestion == f"{days}d"


def test_the_shortest_and_the_longest_length_are_allowed_and_nothing_beyond() -> None:
    """An hour, and a leap year."""
    assert parse_duration("60m") == parse_duration("1h") == timedelta(hours=1)
    assert parse_duration("366d") == parse_duration("8784h") == timedelta(days=366)
    for text in ("59m", "0d", "366d1m", "8785h", "999999999999d"):
        with pytest.raises(CommandError):
            parse_duration(text)
    assert parse_duration("0000000000002d") == timedelta(days=2)


def test_a_length_is_said_in_its_units_and_typed_in_the_shortest_way() -> None:
    """One of them has no plural, none of them is said, and nothing at all is 0 minutes."""
    length = timedelta(days=2, hours=1, minutes=1, seconds=5)

    assert duration_in_words(length) == "2 days 1 hour 1 minute 5 seconds"
    assert duration_in_words(timedelta(seconds=1)) == "1 second"
    assert duration_in_words(timedelta()) == duration_in_words(timedelta(seconds=-90)) == "0 minutes"
    assert duration_in_words(timedelta(hours=2)) == "2 hours"
    assert typed_duration(length) == "2d1h1m"
    assert [typed_duration(timedelta(days=1)), typed_duration(timedelta(minutes=90))] == ["1d", "1h30m"]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("STATUS", "status"),
        ("unsh", "unshare"),
        ("sh", "share"),
        ("s", ""),
        ("st", ""),
        ("stat", "status"),
        ("statis", "status"),
        (" share ", "share"),
        ("xyzzy", ""),
        ("", ""),
        ("s" * 201, ""),
    ],
)
def test_the_nearest_word_is_the_same_one_its_only_beginning_or_the_most_alike(word: str, near: str) -> None:
    """Where two begin alike, neither is guessed by that."""
    words = ["status", "Status2", "share", "unshare", "stateful"]

    assert suggest(word, words) == near


def test_of_two_words_that_differ_in_case_alone_the_first_is_meant() -> None:
    """The order of the register decides."""
    assert suggest("shop", ["Shop", "shop"]) == "Shop"
    assert suggest("a" * 200, ["A" * 200]) == "A" * 200


@pytest.mark.parametrize(
    ("token", "kind"),
    [("<@U1>", "a person"), ("<#C1|x>", "a channel"), ("<!here>", "a mention"), ("<http://a|b>", "a link")],
)
def test_a_token_of_slack_is_named_for_what_it_is(token: str, kind: str) -> None:
    """So that somebody understands why it is no name."""
    assert token_kind(token) == kind


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U1|ann> &amp; <#C1|team>", "@U1 & #C1"),
        ("<!here> <!date^1^x|today> <!subteam^S1|@ops>", "[here] today [subteam^S1]"),
        ("<http://a.b/c>", "http://a.b/c"),
        ("<http://a.b/c|site>", "site (http://a.b/c)"),
        ("<http://a.b|a.b>", "http://a.b"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_free_text_keeps_its_meaning_and_loses_its_power(text: str, words: str) -> None:
    """A reason must never call a channel."""
    assert plain(text) == words


def test_an_address_slack_made_of_a_name_is_the_name() -> None:
    """Any other address is not."""
    assert typed_name("<http://shop.dev|shop.dev>") == "shop.dev"
    assert typed_name("<http://shop.dev|shop>") is None
    assert typed_name("<http://shop.dev>") is None
    assert typed_name("<https://shop.dev|shop.dev>") is None


def test_foreign_text_in_a_message_is_short_and_cannot_leave_its_quotes() -> None:
    """60 characters, the last of them a mark that there is more."""
    assert shown("a`b") == "`a'b`"
    assert shown("x" * 60) == f"`{'x' * 60}`"
    assert shown("x" * 61) == f"`{'x' * 59}…`"
    assert shown("abcdef", 4) == "`abc…`"


def words(text: str) -> list[Word]:
    reader, found = Reader(text), []
    while word := reader.next():
        assert reader.peek() == reader.peek()
        found.append(word)
    return found


@pytest.mark.parametrize(
    ("text", "names", "bare", "options"),
    [
        ("a, b;c", ["a", "b", "c"], [True] * 3, []),
        ('"a b" c', ["a b", "c"], [False, True], []),
        ("it's o'clock", ["it's", "o'clock"], [True, True], []),
        ("'a b' c", ["a b", "c"], [False, True], []),
        ('--for -x "-y" \\-z', ["--for", "-x", "-y", "-z"], [True, True, False, False], ["--for", "-x"]),
        ('--reason="a b"', ["--reason=a b"], [False], ["--reason=a b"]),
        ("--reason='a b'", ["--reason=a b"], [False], ["--reason=a b"]),
        ("`a b`", ["a b"], [False], []),
        ("“a b” «c d»", ["a b", "c d"], [False, False], []),
        ('"" a', ["", "a"], [False, True], []),
        ("a\\ b", ["a b"], [False], []),
        ("a&amp;b", ["a&b"], [True], []),
    ],
)
def test_words_end_where_a_reader_thinks_they_do(
    text: str, names: list[str], bare: list[bool], options: list[str]
) -> None:
    """Only a bare word can be a keyword, and only one that begins bare an option."""
    found = words(text)

    assert [word.name for word in found] == names
    assert [word.bare for word in found] == bare
    assert [word.name for word in found if word.is_option] == options
    assert [word.keyword for word in found] == [w.name.lower() if w.bare else "" for w in found]


@pytest.mark.parametrize("text", ['share "a b to c', "share `a to b", "share “a to b"])
def test_an_open_quote_is_answered_with_its_place(text: str) -> None:
    """Counted from 1, with what follows it."""
    with pytest.raises(CommandError) as caught:
        parse(text)

    assert (
        f"The quote {text[6]} at character 7, before `{text[7:]}`, is never closed." == caught.value.message
    )
    assert "back-slash" in caught.value.hint


def test_a_command_goes_back_into_words_that_mean_it_again() -> None:
    """What the bot offers to copy, for each option."""
    full = ShareCommand(
        action=Action.SHARE, images=("a", "b c", "to"), projects=("d",), duration=timedelta(days=1, hours=12),
        reason="x for 3d", break_glass=True, dry_run=True,
    )  # fmt: skip

    assert unparse(full) == 'share a, "b c", "to" to d --dry-run --break-glass for 1d12h because x for 3d'
    back = ShareCommand(action=Action.UNSHARE, images=("a",), projects=("d",), reason="x --dry-run")
    assert unparse(back) == 'unshare a from d --reason "x --dry-run"'
    assert parse(unparse(full)) == full
    assert parse(unparse(back)) == back


def test_each_sub_command_can_be_called_by_these_words() -> None:
    """People have them in their fingers; the manifest and the help are made from them."""
    assert NAMES == ("share", "unshare", "status", "list", "who", "why", "cancel", "retry", "help")
    assert {word: usage.name for word, usage in BY_WORD.items() if word != usage.name} == {
        "grant": "share", "add": "share", "revoke": "unshare", "remove": "unshare", "show": "status", "st": "status",
        "ls": "list", "members": "who", "explain": "why", "withdraw": "cancel", "abort": "cancel", "rerun": "retry",
        "?": "help", "h": "help", "-h": "help", "--help": "help",
    }  # fmt: skip
    assert all(usage.synopsis.split()[0] == usage.name and usage.summary.endswith(".") for usage in USAGES)
    assert [len(usage.examples) for usage in USAGES] == [5, 2, 2, 2, 1, 1, 1, 1, 2]
