"""Slips of the finger at their borders: ids that are nearly right, lengths that go on, options at the end of a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.errors import CommandError
from bot.domain.model import (
    Action,
    CancelCommand,
    Command,
    HelpCommand,
    ListCommand,
    RequestId,
    RetryCommand,
    ShareCommand,
    StatusCommand,
    WhoCommand,
    WhyCommand,
)
from bot.domain.parse import parse, suggest, unparse
from bot.domain.parse.durations import is_duration_like, parse_duration
from bot.domain.parse.typed import as_name, escaped

U = "d164b5df-1bc3-4c3f-893e-3e471fd16e64"
P = "9c61004714024f9586705d090530f9fa"
BARE = U.replace("-", "")
TWELVE = RequestId(12)


def share(text: str) -> ShareCommand:
    command = parse(f"share a to b {text}")
    assert isinstance(command, ShareCommand)
    return command


def message(text: str) -> str:
    with pytest.raises(CommandError) as caught:
        parse(text)
    return caught.value.message


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (StatusCommand(), "status"), (StatusCommand(request=TWELVE), "status #12"), (ListCommand(), "list mine"),
        (ListCommand(which="open"), "list open"), (WhoCommand(image="a b"), 'who "a b"'), (WhyCommand(request=TWELVE), "why #12"),
        (CancelCommand(request=TWELVE), "cancel #12"), (RetryCommand(request=TWELVE), "retry #12"), (HelpCommand(), "help"),
        (HelpCommand(topic="who"), "help who"),
    ],
)  # fmt: skip
def test_each_command_has_one_text_that_means_it(command: Command, text: str) -> None:
    """What the bot offers to copy is what it understands."""
    assert unparse(command) == text
    assert parse(text) == command


NAMES = [
    U[:8] + "zzzzz", BARE[:27], "zzzz" + BARE[4:34], "2" * 30, "abcdef" * 5, BARE + "01234", P[:8] + "-zz", "12345678-9999", P[:11],
    "1" * 20, "zzzzz" + P[5:], "z" * 32, "ab" * 10, P[:20] + "z", "deadbeef-cafe",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_far_from_an_id_is_a_name(name: str) -> None:
    """Dates, words and build numbers are names."""
    assert parse(f"who {name}") == WhoCommand(image=name)


PROJECT_NAMES = [
    *(name for name in NAMES if len(name) < 26),
    "zzzzz" + P[5:],
    "z" + "a" * 31,
    "a1" * 5 + "b",
    P + "-x",
]


@pytest.mark.parametrize("name", PROJECT_NAMES)
def test_a_name_that_is_far_from_the_id_of_a_project_is_a_name(name: str) -> None:
    """The same for projects, whose ids have no hyphens."""
    assert parse(f"share a to {name}") == ShareCommand(action=Action.SHARE, images=("a",), projects=(name,))


NEARLY = [
    ("who zzzz" + U[4:], "`z` at character 1 is not a hex digit (0-9, a-f)"),
    ("who " + BARE[:28], "has 28 of 36 characters"),
    ("who " + BARE, ""),
    ("who " + BARE + "0123", "has 36 characters, not 36"),
    ("who " + U[:10], "has 10 of 36 characters"),
    ("share a to " + U[:10], "has 10 of 32 characters"),
    ("share a to " + P[:12], "has 12 of 32 characters"),
    ("share a to zzzz" + P[4:], "`z` at character 1 is not a hex digit (0-9, a-f)"),
]


@pytest.mark.parametrize(("text", "trouble"), NEARLY)
def test_an_id_that_is_nearly_right_is_told_where_it_is_wrong(text: str, trouble: str) -> None:
    """Up to four wrong characters, or a length that is off."""
    told = message(text)

    assert trouble in told
    assert "id" in told


@pytest.mark.parametrize(
    ("text", "number"), [("<#C9|12>", 12), ("<#C9|12|x>", None), ("<#C9|a|12>", None), ("#1", 1), ("1", 1)]
)
def test_a_number_slack_took_for_a_channel_is_still_a_number(text: str, number: int | None) -> None:
    """A channel may be called 12."""
    if number is None:
        with pytest.raises(CommandError):
            parse(f"why {text}")
    else:
        assert parse(f"why {text}") == WhyCommand(request=RequestId(number))


@pytest.mark.parametrize("one", ["a", "an", "one", "A"])
def test_one_may_be_said_in_a_word(one: str) -> None:
    """Before a unit alone."""
    assert share(f"for {one} week").duration == timedelta(days=7)
    with pytest.raises(CommandError):
        share(f"for {one}")
    assert message(f"share a to b for {one} x") == f"`{one.lower()}` is not a length of time."


def test_a_length_goes_on_as_long_as_units_and_numbers_follow_each_other() -> None:
    """Whatever stands in one word."""
    assert share("for 1 day 12 hours because x").duration == timedelta(hours=36)
    assert share("for 1d 12h because x").duration == timedelta(hours=36)
    assert share("for 1d 12 h because x").duration == timedelta(hours=36)
    assert parse_duration("61m") == timedelta(minutes=61)
    assert parse_duration("60m") == timedelta(minutes=60)
    assert is_duration_like("3 DAYS")
    assert not is_duration_like("3 days 2 fortnights")
    assert not is_duration_like("days")
    with pytest.raises(CommandError) as caught:
        parse_duration("2fortnights")
    assert caught.value.message == "`2fortnights` is not a length of time."
    assert parse_duration("000000000001d") == timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "reason", "dry", "glass"),
    [
        ("because late --dry-run", "late", True, False),
        ("because late, --DRYRUN", "late", True, False),
        ("because late; -break-glass", "late", False, True),
        ("because late —dry—run --break-glass", "late", True, True),
        ("because lateX --dry-run", "lateX", True, False),
        ("because late --dry-runs", "late --dry-runs", False, False),
    ],
)
def test_an_option_at_the_end_of_a_reason_is_an_option(
    text: str, reason: str, dry: bool, glass: bool
) -> None:
    """Nobody means to give it as the reason."""
    found = share(text)

    assert (found.reason, found.dry_run, found.break_glass) == (reason, dry, glass)


@pytest.mark.parametrize("filler", ["late", "lateX", "x" * 79, "x" * 80, "x" * 200])
def test_a_length_at_the_end_of_a_reason_leaves_the_reason_before_it_whole(filler: str) -> None:
    """However long the reason is."""
    for between in (" ", ", ", "; "):
        found = share(f"because {filler}{between}for 30d")
        assert (found.reason, found.duration) == (filler, timedelta(days=30))


def test_options_can_be_written_in_several_ways() -> None:
    """With one dash or two, an equals sign or a blank, quoted values, several names."""
    plain = ShareCommand(
        action=Action.SHARE, images=("a",), projects=("b", "to", "-c"), reason="x", duration=timedelta(days=1)
    )

    assert parse('share a --to="b, to;-c" --because x --for 1d') == plain
    assert parse('share a -to="b,to;-c" -because=x -for=1d') == plain
    assert share('--reason "x y" --dry-run').dry_run
    assert share("--reason x --dry-run").reason == "x"
    assert share("--reason x").reason == "x"
    assert message("share a to b because for 30d") == "The reason is empty."
    assert message("who <!date^1^x>").endswith("is a mention, not an image.")
    assert share("--reason x for 1d").duration == timedelta(days=1)
    assert share("because: x").reason == "x"
    assert message("share a --to=<@U1|ann>") == "`@U1` is a person, not a project."


def test_only_a_bare_word_is_a_command_word_or_a_call_for_help() -> None:
    """What stands in quotes is a name."""
    assert parse("/image status") == StatusCommand()
    assert message('"/image" status').startswith("`/image` is not")
    assert parse('who "-h"') == WhoCommand(image="-h")
    assert parse("who -h") == HelpCommand(topic="who")
    with pytest.raises(CommandError) as caught:
        parse("#12")
    assert caught.value.suggestion == "status #12"


def test_nothing_is_near_to_nothing_and_one_letter_is_no_beginning() -> None:
    """A guess is offered only where there is one."""
    assert suggest("  ", ["a"]) == suggest("x" * 201, ["x" * 201]) == suggest("u", ["unshare", "x"]) == ""
    assert suggest("shara", ["share", "shard"]) in ("share", "shard")


def test_text_goes_to_slack_with_its_three_characters_turned() -> None:
    """Else it could become a mention."""
    assert escaped("<a> & b") == "&lt;a&gt; &amp; b"
    assert as_name("a\u200db\u200cc") == "abc"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("who a'b", "a'b"),
        ("who 'a'b'", "a'b"), ("who 'a b'", "a b"), ("who \"a'b\"", "a'b"), ("who 'a\"b'", 'a"b'), ("who a\"b c\"d", "ab cd"),],
)  # fmt: skip
def test_a_quote_inside_other_quotes_is_a_letter(text: str, name: str) -> None:
    """And a single one ends only where the word ends."""
    assert parse(text) == WhoCommand(image=name)
