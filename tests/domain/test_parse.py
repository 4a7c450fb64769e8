"""What people type, with all that Slack and its clients do to it, means one command or is refused with a way
out."""

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
)
from bot.domain.parse import USAGES, duration_in_words, parse, suggest, unparse

IMAGE = "d164b5df-1bc3-4c3f-893e-3e471fd16e64"
PROJECT = "9c61004714024f9586705d090530f9fa"
TWELVE = RequestId(12)


def share(images: str = "a", projects: str = "b", days: int | None = None, reason: str = "") -> ShareCommand:
    return ShareCommand(
        action=Action.SHARE,
        images=tuple(images.split("|")),
        projects=tuple(projects.split("|")),
        duration=None if days is None else timedelta(days=days),
        reason=reason,
    )


def refusal(text: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", HelpCommand()),
        ("  \n ", HelpCommand()),
        ("help", HelpCommand()),
        ("?", HelpCommand()),
        ("--help", HelpCommand()),
        ("HELP Share", HelpCommand(topic="share")),
        ("help ls", HelpCommand(topic="list")),
        ("share --help", HelpCommand(topic="share")),
        ("status -h", HelpCommand(topic="status")),
        ("status", StatusCommand()),
        ("status #12", StatusCommand(request=TWELVE)),
        ("STATUS 12", StatusCommand(request=TWELVE)),
        ("status <#C024BE91L|12>", StatusCommand(request=TWELVE)),
        ("list", ListCommand()),
        ("ls Open", ListCommand(which="open")),
        ("list all", ListCommand(which="all")),
        ("who base-ubuntu", WhoCommand(image="base-ubuntu")),
        (f"who `{IMAGE.upper()}`", WhoCommand(image=IMAGE)),
        ("cancel #12", CancelCommand(request=TWELVE)),
        ("retry 012", RetryCommand(request=TWELVE)),
        ("/image cancel #12", CancelCommand(request=TWELVE)),
        ("/image", HelpCommand()),
    ],
)
def test_a_reading_or_short_command_means_what_it_says(text: str, command: Command) -> None:
    """Every sub-command is reached by its name, in any case, and by its aliases."""
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("share a to b", share()),
        ("Share A To B", share("A", "B")),
        ("share a with b", share()),
        ("share a,b , c\nd to e f;g", share("a|b|c|d", "e|f|g")),
        ("share a and b to c & d", share("a|b", "c|d")),
        ("share a, a to b b", share()),
        ("share a to b for 30d", share(days=30)),
        ("share a for 30 days to b", share(days=30)),
        ("share a to b for 2 weeks because CHG-1", share(days=14, reason="CHG-1")),
        ("share a to b for a week", share(days=7)),
        ("share a to b because CHG-1 for 30d", share(days=30, reason="CHG-1")),
        ("share a to b because CHG-1, --for=2w", share(days=14, reason="CHG-1")),
        ("share --for=30d --reason 'CHG-1 now' a --to b", share(days=30, reason="CHG-1 now")),
        ('share a --to="b, c" --reason="x = y"', share("a", "b|c", reason="x = y")),
        ("share a —to b —for 30d ––reason “it is – so”", share(days=30, reason="it is – so")),
        ("share “Windows Server” to 'the lab'", share("Windows Server", "the lab")),
        ("share «a b» „c d“ to `e f`", share("a b|c d", "e f")),
        (r"share a\ b, \to to c\,d", share("a b|to", "c,d")),
        ('share "to" to "for"', share("to", "for")),
        ("share bob's-image to b", share("bob's-image")),
        ("share base–ubuntu—24 to shop‑dev", share("base-ubuntu--24", "shop-dev")),
        (r"share base\–x to b", share("base–x")),
        ("share\u00a0a\u200b\u202e,b\u2066\ufeff to\u2003c", share("a|b", "c")),
        ("share cafe\u0301 to b", share("café")),
        ("share A&amp;B, &lt;x&gt; to b", share("A&B|<x>")),
        ("share <http://shop.dev|shop.dev> to b", share("shop.dev")),
        (f"share {IMAGE.upper()} {IMAGE} to {PROJECT.upper()}", share(IMAGE, PROJECT)),
        ("share deb-12, 20240101-1200, deadbeef-cafe to x", share("deb-12|20240101-1200|deadbeef-cafe", "x")),
    ],
)
def test_a_share_is_read_however_slack_mangled_it(text: str, command: ShareCommand) -> None:
    """Smart quotes, dashes, invisible spaces and entities are the rule in Slack, not the exception."""
    assert parse(text) == command


def test_an_unshare_goes_with_from() -> None:
    """Taking back is a command of its own, read by the same grammar."""
    command = parse("unshare a, b from c because it is 'old' for 30d")

    assert command == ShareCommand(
        action=Action.UNSHARE, images=("a", "b"), projects=("c",), reason="it is 'old' for 30d"
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ('say "it\'s" “so” – ok', 'say "it\'s" “so” – ok'),
        ("an open ' quote and a \\ slash", "an open ' quote and a \\ slash"),
        ("two\nlines\u00a0and a tab\tx", "two lines and a tab x"),
        ("ask <@U012AB|bob> in <#C01|ops>", "ask @U012AB in #C01"),
        ("<!channel> and <!subteam^S01|@leads>", "[channel] and [subteam^S01]"),
        ("<https://chg.example/1?a=1&amp;b=2>", "https://chg.example/1?a=1&b=2"),
        ("<https://chg.example/1|CHG-1>", "CHG-1 (https://chg.example/1)"),
        ("&lt;!here&gt; &amp;amp;", "<!here> &amp;"),
        ("\u202eevil\u202c \u200bhidden\x07", "evil hidden"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("we need it for two servers", "we need it for two servers"),
        ('"CHG-1 for 30d"', '"CHG-1 for 30d"'),
    ],
)
def test_the_reason_is_kept_word_for_word_and_harmless(typed: str, kept: str) -> None:
    """The reason is evidence; it must neither be changed nor be able to call anybody or hide anything."""
    command = parse(f"share a to b because {typed}")

    assert command == share(reason=kept)


@pytest.mark.parametrize(
    ("text", "said", "suggestion"),
    [
        ("shaer a to b", "`shaer` is not a sub-command", "share"),
        ("help stauts", "`stauts` is not a sub-command", "status"),
        ("12", "What about request `12`", "status #12"),
        ("share", "No image is named", ""),
        ("share a b", "`to` is missing", ""),
        ("share to b", "No image stands before `to`", ""),
        ("share a to", "No project stands after `to`", ""),
        ("share a to b to c", "`to` stands twice", ""),
        ("unshare a to b", "goes with `from`, not with `to`", "from"),
        ("share a from b", "goes with `to`, not with `from`", "to"),
        ("unshare a from b for 30d", "`unshare` has no `for`", ""),
        ("share a to b --fro 30d", "`--fro` is not an option", "--for"),
        ("share a to b —resaon x", "`--resaon` is not an option", "--reason"),
        ("share a --to= b", "Nothing stands after `--to=`", ""),
        ("share a to b --reason", "Nothing stands after `--reason`", ""),
        ("share a to b --reason CHG-1 urgent", "Where the reason ends is not clear", ""),
        ("share a to b --reason x because y", "The reason is given twice", ""),
        ("share a to b because \u200b", "The reason is empty", ""),
        ("share a to b for", "Nothing stands after `for`", ""),
        ("share a to b for 3d for 4d", "How long is said twice", ""),
        ("share a to b for 30", "the unit is missing", "30d"),
        ("share a to b for 2 months", "`2 months` has no fixed length", "60d"),
        ("share a to b for a year", "`1 year` has no fixed length", "365d"),
        ("share a to b for 59m", "too short", ""),
        ("share a to b for 367d", "too long", "366d"),
        ("share a to b for 99999999999999999999d", "too long", "366d"),
        ("share a to b because x for 400d", "too long", "366d"),
        ("share a to b for 1.5d", "is not a length of time", ""),
        ("share a to b for ever", "`ever` is not a length of time", ""),
        ('share "" to b', "A name of an image is empty", ""),
        ("list opne", "`opne` cannot be listed", "open"),
        ("who", "`who` needs one image", ""),
        ("who a b", "`b` is one word too many", ""),
        ("cancel", "needs the number of a request", ""),
        ("status #0", "`#0` is not the number of a request", ""),
        ("status #abc", "`#abc` is not the number", ""),
        ("status #99999999999999999999", "is not the number", ""),
        ("retry #12.1", "`#12.1` is not the number", "#12"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_way_out(text: str, said: str, suggestion: str) -> None:
    """A refusal names the word that failed, and the nearest right one where there is one."""
    error = refusal(text)

    assert said in error.message
    assert error.suggestion == suggestion
    assert error.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("share d164b5df-1bc3 to b", "`d164b5df-1bc3` looks like an image id, but has 13 of 36 characters"),
        (f"share {IMAGE}4 to b", "has 37 characters, not 36"),
        (f"share {IMAGE[:-1]}o to b", "`o` at character 36 is not a hex digit"),
        (f"share {IMAGE.replace('-', '')[:-2]} to b", "has 30 of 36 characters"),
        (f"share {PROJECT} to b", "has the form of a project id, but an image is expected"),
        (f"share a to {IMAGE}", "has the form of an image id, but a project is expected"),
        (f"share a to {PROJECT[:-1]}", "has 31 of 32 characters"),
        (f"share a to {PROJECT[:-1]}O", "`o` at character 32 is not a hex digit"),
        (f"share a to `{PROJECT}0`", "has 33 characters, not 32"),
        (f"share {'x' * 129} to b", "has 129 characters; a name has at most 128"),
        ("share <@U012AB> to b", "`@U012AB` is a person, not an image"),
        ("share a to <@U012AB|bob>", "is a person, not a project"),
        ("share a to <#C01|ops>", "is a channel, not a project"),
        ("share a to <!channel>", "is a mention, not a project"),
        ("share a, x<https://evil.example|b> to b", "is a link, not an image"),
    ],
)
def test_a_reference_of_the_wrong_form_is_told_what_is_wrong_with_it(text: str, said: str) -> None:
    """A half-pasted id must not become an image name that nobody can find."""
    error = refusal(text)

    assert said in error.message
    assert "looks like" in error.hint or "Put a comma" in error.hint


@pytest.mark.parametrize(
    ("text", "quote", "position"),
    [
        ("share 'a to b", "'", 7),
        ("share a, “b to c", "“", 10),
        ("share A&amp;B `c to d", "`", 11),
        ('share ubuntu" to b', '"', 13),
    ],
)
def test_an_open_quote_is_named_with_its_place(text: str, quote: str, position: int) -> None:
    """Counted in what was typed, not in what Slack made of it."""
    assert f"The quote {quote} at character {position}, before" in refusal(text).message


def test_too_much_is_refused_and_as_much_as_allowed_is_not() -> None:
    """Limits keep one command from filling a card or a database."""
    references = ", ".join(f"i{n}" for n in range(199))
    parse(f"share {references} to b")
    parse(f"share a to b because {'r' * 1000}")
    parse("who a" + " " * 7995)

    assert "More than 200" in refusal(f"share {references}, one-more to b").message
    assert "1001 characters" in refusal(f"share a to b because {'r' * 1001}").message
    assert "more than 8000" in refusal("who a" + " " * 7996).message


def test_every_usage_is_understood_and_means_itself() -> None:
    """Help and documentation are made from this table; an example that fails would teach an error."""
    for usage in USAGES:
        assert usage.synopsis.startswith(usage.name)
        assert parse(f"help {usage.name}") == HelpCommand(topic=usage.name)
        for word in (usage.name, *usage.aliases):
            for example in usage.examples:
                assert parse(example.replace(usage.name, word, 1)) == parse(example)


def test_a_reason_that_ends_like_a_length_of_time_is_written_out_as_a_reason() -> None:
    """Otherwise a repeated command would end a share that was to last."""
    command = share(reason='say "x", for 30d')

    assert unparse(command) == 'share a to b --reason "say \\"x\\", for 30d"'
    assert parse(unparse(command)) == command


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=30), "30 days"),
        (timedelta(days=1, hours=12), "1 day 12 hours"),
        (timedelta(hours=1, minutes=30), "1 hour 30 minutes"),
        (timedelta(seconds=61), "1 minute 1 second"),
        (timedelta(0), "0 minutes"),
        (timedelta(seconds=-5), "0 minutes"),
    ],
)
def test_a_length_of_time_is_said_in_plain_words(length: timedelta, words: str) -> None:
    """Cards say it so; "30 days, 0:00:00" is for machines."""
    assert duration_in_words(length) == words


def test_the_nearest_name_is_suggested_and_a_far_one_is_not() -> None:
    """A wrong suggestion is worse than none; case and beginnings count first."""
    names = ("base-ubuntu-22", "base-ubuntu-24", "Windows-2022")

    assert suggest("base-ubunut-24", names) == "base-ubuntu-24"
    assert suggest("windows-2022", names) == "Windows-2022"
    assert suggest("win", names) == "Windows-2022"
    assert suggest("postgres", names) == ""
    assert suggest("", names) == suggest("x" * 5000, names) == ""
