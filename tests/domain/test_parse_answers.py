"""Each mistake in a command is answered with what is wrong, what to type instead, and the nearest right word."""

from __future__ import annotations

import pytest

from bot.domain.errors import CommandError
from bot.domain.parse import USAGES, parse

USED_OFTEN = {
    "{SHARE}": f"Type: {USAGES[0].synopsis}",
    "{UNSHARE}": f"Type: {USAGES[1].synopsis}",
    "{LENGTH}": "Write a whole number of hours, days or weeks: `for 12h`, `for 30d`, `for 2w`; or leave `for` out.",
    "{IMAGE}": "The id of an image looks like `d164b5df-1bc3-4c3f-893e-3e471fd16e64`; its name works too.",
    "{PROJECT}": "The id of a project looks like `9c61004714024f9586705d090530f9fa`; its name works too.",
    "{WORDS}": "Sub-commands: share, unshare, status, list, who, why, cancel, retry, help.",
    "{NUMBERED}": "Requests are numbered from 1: `#12`. See `list` for yours.",
    "{BEFORE}": "Type `status`, `why`, `cancel` or `retry` before the number.",
}
ANSWERS = """
frobnicate
  `frobnicate` is not a sub-command.
  {WORDS}
shaer a to b
  `shaer` is not a sub-command.
  {WORDS} => share
12
  What about request `12`?
  {BEFORE} => status #12
<@U1|ann> x
  `@U1` is not a sub-command.
  {WORDS}
list closed
  `closed` cannot be listed.
  Type: list [mine|open|all]
list opne
  `opne` cannot be listed.
  Type: list [mine|open|all] => open
list a b
  `b` is one word too many.
  Type: list [mine|open|all] (a name with spaces goes in quotes)
who
  `who` needs one image.
  Type: who IMAGE
why x
  `x` is not the number of a request.
  {NUMBERED}
retry 0
  `0` is not the number of a request.
  {NUMBERED}
cancel 12.1
  `12.1` is not the number of a request.
  {NUMBERED} => #12
why #0
  `#0` is not the number of a request.
  {NUMBERED}
status -1
  `-1` is not the number of a request.
  {NUMBERED}
who <@U1|ann>
  `@U1` is a person, not an image.
  {IMAGE} If the name was turned into a person, give the id.
who <#C1|team>
  `#C1` is a channel, not an image.
  {IMAGE} If the name was turned into a channel, give the id.
who <!here>
  `[here]` is a mention, not an image.
  {IMAGE} If the name was turned into a mention, give the id.
who <http://a.b/c|d>
  `d (http://a.b/c)` is a link, not an image.
  {IMAGE} If the name was turned into a link, give the id.
who ""
  A name of an image is empty.
  Write something between the quotes.
who 9c61004714024f9586705d090530f9fa
  `9c61004714024f9586705d090530f9fa` has the form of a project id, but an image is expected here.
  Images come first, then `to` (or `from`), then projects. {IMAGE}
share a to d164b5df-1bc3-4c3f-893e-3e471fd16e64
  `d164b5df-1bc3-4c3f-893e-3e471fd16e64` has the form of an image id, but a project is expected here.
  Images come first, then `to` (or `from`), then projects. {PROJECT}
who d164b5df-1bc3-4c3f-893e-3e471fd16e6
  `d164b5df-1bc3-4c3f-893e-3e471fd16e6` looks like an image id, but has 35 of 36 characters.
  {IMAGE}
who d164b5df-1bc3-4c3f-893e-3e471fd16e640
  `d164b5df-1bc3-4c3f-893e-3e471fd16e640` looks like an image id, but has 37 characters, not 36.
  {IMAGE}
who g164b5df-1bc3-4c3f-893e-3e471fd16e64
  `g164b5df-1bc3-4c3f-893e-3e471fd16e64` looks like an image id, but `g` at character 1 is not a hex digit (0-9, a-f).
  {IMAGE}
who d164b5df1bc34c3f893e3e471fd16e
  `d164b5df1bc34c3f893e3e471fd16e` looks like an image id, but has 30 of 36 characters.
  {IMAGE}
who d164b5df-1bc3-4c3f-893e3-e471fd16e64
  `d164b5df-1bc3-4c3f-893e3-e471fd16e64` looks like an image id, but its hyphens are in the wrong places.
  {IMAGE}
share a to 9c61004714024f9586705d090530f9f
  `9c61004714024f9586705d090530f9f` looks like a project id, but has 31 of 32 characters.
  {PROJECT}
share a to 9c61004714024f9586705d090530f9fa0
  `9c61004714024f9586705d090530f9fa0` looks like a project id, but has 33 characters, not 32.
  {PROJECT}
share a to zz61004714024f9586705d090530f9fa
  `zz61004714024f9586705d090530f9fa` looks like a project id, but `z` at character 1 is not a hex digit (0-9, a-f).
  {PROJECT}
share
  No image is named after `share`.
  {SHARE}
share a
  No project is named: `to` is missing.
  {SHARE}
share a to
  No project stands after `to`.
  {SHARE}
share to b
  No image stands before `to`.
  {SHARE}
unshare a
  No project is named: `from` is missing.
  {UNSHARE}
unshare from b
  No image stands before `from`.
  {UNSHARE}
share a from b
  `share` goes with `to`, not with `from`.
  To do the opposite, type `unshare … from …`. {SHARE} => to
unshare a to b
  `unshare` goes with `from`, not with `to`.
  To do the opposite, type `share … to …`. {UNSHARE} => from
share a to b to c
  `to` stands twice.
  Name all projects after one of them; quote it if it is a name. {SHARE}
share a --with b --with=c
  `with` stands twice.
  Name all projects after one of them; quote it if it is a name. {SHARE}
share a to b for
  Nothing stands after `for`.
  Say how long: `for 30d`. {SHARE}
share a to b for 30
  `30` is not a length of time: the unit is missing.
  {LENGTH} => 30d
share a to b for xyz
  `xyz` is not a length of time.
  {LENGTH}
share a to b for 59m
  `59m` is too short: a share lasts at least 1 hour.
  `m` means minutes. {LENGTH}
share a to b for 2 minutes
  `2 minutes` is too short: a share lasts at least 1 hour.
  `m` means minutes. {LENGTH}
share a to b for 0h
  `0h` is too short: a share lasts at least 1 hour.
  {LENGTH}
share a to b for 367d
  `367d` is too long: a share lasts at most 366 days.
  {LENGTH} => 366d
share a to b for 2mo
  `2 mo` has no fixed length.
  Say it in days: `for 60d`. => 60d
share a to b for 1 quarter
  `1 quarter` has no fixed length.
  Say it in days: `for 90d`. => 90d
share a to b for 3 years
  `3 years` has no fixed length.
  Say it in days: `for 366d`. => 366d
share a to b for 1y2q
  `1 y` has no fixed length.
  Say it in days: `for 365d`. => 365d
share a to b for 5 fortnights
  `5` is not a length of time: the unit is missing.
  {LENGTH} => 5d
share a to b for 1000
  `1000` is not a length of time.
  {LENGTH}
share a to b for 2d for 3d
  How long is said twice.
  Keep one `for`; quote it if it is a name. {SHARE}
unshare a from b for 3d
  `unshare` has no `for`: what is taken back stays so until it is shared again.
  {UNSHARE}
share a to b because
  The reason is empty.
  Write something after `because`, or leave it out. {SHARE}
share a to b --reason
  Nothing stands after `--reason`.
  Write --reason "CHG-1042". {SHARE}
share a to b --reason x y
  Where the reason ends is not clear.
  Put it in quotes: --reason "x …". {SHARE}
share a to b --reason=x because y
  The reason is given twice.
  Keep one of them. {SHARE}
share a to b --reason --for
  Nothing stands after `--reason`.
  Write --reason "CHG-1042". {SHARE}
share a to b --frobnicate
  `--frobnicate` is not an option.
  Quote it if it is a name that begins with a dash. {SHARE}
share a to b --fro=1
  `--fro` is not an option.
  Quote it if it is a name that begins with a dash. {SHARE} => --for
share a to b --dryrun
  `--dryrun` is not an option.
  Quote it if it is a name that begins with a dash. {SHARE} => --dry-run
share a to b --dry-run=yes
  `--dry-run` takes no value.
  {SHARE}
share a to b --break-glass=x
  `--break-glass` takes no value.
  {SHARE}
unshare a from b --break-glass
  There is no glass to break for `unshare`.
  {UNSHARE}
share a to b --for=
  Nothing stands after `--for=`.
  {SHARE}
share a to b --to=c
  `to` stands twice.
  Name all projects after one of them; quote it if it is a name. {SHARE}
share a to b because it is so for 2 mo
  `2 mo` has no fixed length.
  Say it in days: `for 60d`. If it belongs to the reason, put the reason in quotes. => 60d
share a to b because late for 10m
  `10m` is too short: a share lasts at least 1 hour.
  `m` means minutes. {LENGTH} If it belongs to the reason, put the reason in quotes.
share "a to b
  The quote " at character 7, before `a to b`, is never closed.
  Close it, or put a back-slash before it if it belongs to the name.
share a to 'b c
  The quote ' at character 12, before `b c`, is never closed.
  Close it, or put a back-slash before it if it belongs to the name.
share a to `b
  The quote ` at character 12, before `b`, is never closed.
  Close it, or put a back-slash before it if it belongs to the name.
share a to b --to c
  `to` stands twice.
  Name all projects after one of them; quote it if it is a name. {SHARE}
unshare a from b --to c
  `unshare` goes with `from`, not with `to`.
  To do the opposite, type `share … to …`. {UNSHARE} => from
unshare a from b --for 3d
  `unshare` has no `for`: what is taken back stays so until it is shared again.
  {UNSHARE}
share --to b
  No image stands before `to`.
  {SHARE}
"""
"""What is typed; then what is wrong, what to type instead, and the nearest right word (after an arrow, where there is one)."""


def answer(text: str) -> list[str]:
    with pytest.raises(CommandError) as caught:
        parse(text)
    found = caught.value
    return [found.message, found.hint, found.suggestion]


def told(message: str, rest: str) -> list[str]:
    for name, words in USED_OFTEN.items():
        rest = rest.replace(name, words)
    hint, _, suggestion = rest.strip().partition(" => ")
    return [message.strip(), hint, suggestion]


LINES = ANSWERS.strip().split("\n")


@pytest.mark.parametrize("place", range(0, len(LINES), 3), ids=LINES[::3])
def test_a_mistake_is_answered_with_what_is_wrong_and_what_to_type(place: int) -> None:
    """The position, the number or the word that failed is in it: somebody mends the command by this alone."""
    assert answer(LINES[place]) == told(*LINES[place + 1 : place + 3])


def test_what_is_too_long_says_how_long_it_may_be() -> None:
    """At the limit it is taken, one above it is not."""
    names = " ".join(f"i{n}" for n in range(199))
    assert answer("who " + "x" * 129) == told(
        "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 129 characters; a name has at most 128.",
        "Put a comma or a space between two names.",
    )
    assert answer("share a to b because " + "x" * 1001) == told(
        "The reason has 1001 characters; at most 1000 are kept.", "Make it shorter. {SHARE}"
    )
    assert answer(f"share {names} to p q") == told(
        "More than 200 images and projects in one command.", "Split it into several. {SHARE}"
    )
    assert answer("x" * 8001) == told(
        "The command has more than 8000 characters.", "Split it into several, or shorten the reason."
    )
    for fits in (
        "share a to b because " + "x" * 1000,
        "who " + "x" * 128,
        f"share {names} to p",
        "share a to b because " + "x" * 900,
    ):
        parse(fits)
    padded = "share a to b".ljust(8000)
    assert len(padded) == 8000
    parse(padded)
