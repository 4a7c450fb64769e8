"""Foreign text on an operator's screen and in the log: it must neither act nor pretend to be something else."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.app.logs import HIDDEN, scrubber, set_up_log
from bot.app.terminal import printable, printable_lines, printable_values
from tests.journeys.cast import ALICE, DEV
from tests.journeys.process import imagebot
from tests.journeys.stage import at_work, empty_stage

EVIL = "base\x1b[2J\x1b]0;owned\x07\x9b31m\rnew\u202egpj.exe\u2066\u2028#9 approved"
"""Clears a screen, names a window, colours, returns to the start of the line, turns the direction, begins a new line."""
ACTING = [
    chr(code)
    for code in (*range(32), 0x7F, *range(0x80, 0xA0), 0x200E, 0x202A, 0x202E, 0x2066, 0x2069, 0x2028, 0x2029)
]


@pytest.mark.parametrize("character", ACTING, ids=ascii)
def test_a_character_that_acts_is_written_out(character: str) -> None:
    """A terminal obeys whatever it is sent."""
    assert printable(f"a{character}b").isprintable()
    assert printable(f"a{character}b") != "ab", "and it can be seen that there was one"


@given(st.text())
def test_no_text_acts_and_ordinary_text_stays(text: str) -> None:
    """Any name that an image may have, halves of pairs included."""
    shown = printable(text)
    shown.encode("utf-8")
    assert not [one for one in shown if one in ACTING]
    assert "\n" not in shown
    if text.isprintable():
        assert shown == text


def test_lines_of_ours_stay_lines_and_values_are_cleaned_however_deep() -> None:
    """A list of findings is read line by line."""
    assert printable_lines("one\n\ttwo\x1b[0m") == "one\n\ttwo\\x1b[0m"
    assert printable_values({"a": [EVIL, 3, None]}) == {"a": [printable(EVIL), 3, None]}


@pytest.mark.slow
async def test_a_hostile_name_does_not_act_on_the_operators_screen() -> None:
    """Whoever may name an image, or type a command, could else forge what the operator sees."""
    async with empty_stage() as s:
        evil = s.ims.add_image(EVIL)
        async with at_work(s):
            await s.command(ALICE, f"share {evil} to shop-dev because \x1b[31mred\x9b\u202e")
            assert await s.settled() == "ended"
            assert s.shared(evil) == {DEV}
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}"}
        for words in (("requests", "all"), ("show", "1"), ("show", "1", "--json"), ("requests", "all", "--json"),
                      ("audit", "export"), ("audit", "export", "--format", "csv")):  # fmt: skip
            ended = await imagebot(*words, values=only, folder=s.folder)
            assert ended.code == 0, ended
            acting = sorted(
                {one for one in ended.out if one in ACTING} - {"\n", "\r" if "csv" in words else "\n"}
            )
            assert acting == [], words


@pytest.mark.slow
async def test_no_cell_of_the_exported_table_is_a_formula() -> None:
    """A spreadsheet runs a cell that begins with =, +, - or @."""
    async with empty_stage() as s:
        async with at_work(s):
            await s.command(ALICE, "share base-ubuntu-24 to shop-dev because =HYPERLINK(0)")
            await s.settled()
        only = {"IMAGEBOT_DATABASE": f"sqlite:///{s.database}"}
        table = await imagebot("audit", "export", "--format", "csv", values=only, folder=s.folder)
        cells = [cell for row in csv.reader(io.StringIO(table.out)) for cell in row]

        assert "HYPERLINK" in table.out
        assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []


# -- the log -----------------------------------------------------------------------------------


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Screen], ids=["file", "terminal"])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    out: io.StringIO = request.param()
    set_up_log("debug", out, secrets=("pass word&1%", "short", "tiny1"))
    yield out
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def test_a_hostile_name_does_not_act_in_the_log(stream: io.StringIO) -> None:
    """Looking at a log with `tail` must be safe, and one event must stay one line."""
    structlog.get_logger("test").info("event", image="a\nbase\x1b[2J", deep={"list": [EVIL]})
    logging.getLogger("library").warning("image %s", EVIL)

    text = stream.getvalue()
    assert "\x1b[2J" not in text
    assert not {"\x9b", "\x07", "\u202e", "\u2028", "\r"} & set(text)
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("form", ["pass word&1%", "pass%20word%261%25", "pass+word%261%25"])
def test_a_secret_is_hidden_by_its_value_in_every_form(form: str, stream: io.StringIO) -> None:
    """A password looks like nothing; in a body, an address or a stack it is one all the same."""
    structlog.get_logger("test").error(
        "failed", url=f"https://x/?p={form}", deep=({"p": [form]},), what=ValueError(form)
    )
    try:
        raise OSError({"Authorization": form})
    except OSError:
        structlog.get_logger("test").exception("failed")
        logging.getLogger("library").exception("calling %s", form)
        logging.getLogger("asyncio").error("never retrieved", exc_info=True)

    text = stream.getvalue()
    assert form not in text
    assert "pass word&1%" not in json.dumps(text)
    assert text.count(HIDDEN) >= 6


@pytest.mark.parametrize(
    "secret",
    ["wss://wss-primary.slack.com/link/?ticket=12ab-34cd", "v0=" + "0a" * 32, "gAAAAABl" + "x" * 60],
)
def test_tickets_signatures_and_tokens_are_hidden_by_their_looks(secret: str) -> None:
    """These are made at run time, so nobody can name them beforehand."""
    assert secret not in scrubber()(f"before {secret} after")
    assert HIDDEN in scrubber()(secret)


def test_a_secret_too_short_to_look_for_leaves_the_log_readable() -> None:
    """Else a password "error" would blacken every line."""
    assert scrubber(("err", "or"))("an error occurred") == "an error occurred"
