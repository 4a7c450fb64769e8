"""Facts about every text, not only about those we thought of."""

from __future__ import annotations

import contextlib
import unicodedata
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

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
from bot.domain.parse import USAGES, parse, unparse
from bot.domain.parse.references import IMAGE, PROJECT, Sort, reference
from bot.domain.parse.typed import as_name, visible
from bot.domain.parse.words import Word

TRICKY = "\"'`“”‘’„«»–—-\\<>&|@#!,; \n\u00a0\u200b\u200d\u202e=:/éÅßж中0a"
PIECES = (
    "share",
    "unshare",
    " to ",
    " from ",
    " for ",
    "30d",
    "2 months",
    " because ",
    " --reason ",
    "—for=",
    "<@U1|x>",
    "<!here>",
    "<https://e.example|l>",
    "&lt;",
    "&amp;",
    "#12",
    " and ",
    "who ",
    "list ",
    "d164b5df-1bc3-4c3f-893e-3e471fd16e64",
)
texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(PIECES) | st.text(TRICKY, max_size=6), max_size=12).map("".join),
    st.text(TRICKY, max_size=30).map(lambda rest: f"share a{rest} to b{rest}"),
)


def _is_reference(name: str, sort: Sort) -> bool:
    word = Word(name=name, verbatim=name, bare=False, opens_bare=False)
    with contextlib.suppress(CommandError):
        return reference(word, sort) == name and as_name(visible(name)).strip() == name
    return False


names = st.one_of(
    st.text(TRICKY, min_size=1, max_size=12),
    st.text(min_size=1, max_size=12),
    st.sampled_from(
        ("to", "For", "because", "and", "&", "-x", "--for", "/image", "a'b", "'a", "12", "<@U1>", "&amp;")
    ),
).map(lambda name: as_name(visible(name)).strip())
images = st.one_of(st.uuids().map(str), names.filter(lambda name: _is_reference(name, IMAGE)))
projects = st.one_of(
    st.uuids().map(lambda id: id.hex), names.filter(lambda name: _is_reference(name, PROJECT))
)
reasons = st.one_of(
    st.just(""),
    st.text(TRICKY, max_size=30),
    st.text(max_size=30),
    st.sampled_from(("x for 30d", "for 2 weeks", "<!here> &lt;", "x, for 3 months", 'say "hi', ": x")),
).map(lambda reason: visible(reason).strip())
numbers = st.integers(1, 10**18 - 1).map(RequestId)
durations = st.none() | st.integers(60, 366 * 1440).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def sharings(draw: st.DrawFn) -> ShareCommand:
    action = draw(st.sampled_from(Action))
    return ShareCommand(
        dry_run=draw(st.booleans()),
        break_glass=action is Action.SHARE and draw(st.booleans()),
        action=action,
        images=tuple(draw(st.lists(images, min_size=1, max_size=4, unique=True))),
        projects=tuple(draw(st.lists(projects, min_size=1, max_size=4, unique=True))),
        duration=draw(durations) if action is Action.SHARE else None,
        reason=draw(reasons),
    )


commands: st.SearchStrategy[Command] = st.one_of(
    sharings(),
    st.builds(StatusCommand, request=st.none() | numbers),
    st.builds(ListCommand, which=st.sampled_from(("mine", "open", "all"))),
    st.builds(WhoCommand, image=images),
    st.builds(CancelCommand, request=numbers),
    st.builds(RetryCommand, request=numbers),
    st.builds(HelpCommand, topic=st.sampled_from((None, *(usage.name for usage in USAGES)))),
)


@given(commands)
def test_a_command_written_out_is_read_back_as_itself(command: Command) -> None:
    """Otherwise a suggested command would do something else when it is pasted."""
    assert parse(unparse(command)) == command


@given(texts)
def test_any_text_is_a_command_or_a_refusal_in_words(text: str) -> None:
    """A listener that meets any other exception leaves the person without an answer."""
    command: Command = HelpCommand()
    with contextlib.suppress(CommandError):
        command = parse(text)

    assert parse(unparse(command)) == command


@given(texts)
def test_nothing_invisible_or_sortable_comes_out(text: str) -> None:
    """What approvers read must be what the bot acts on: in one line, in one order, in one spelling."""
    try:
        command = parse(text)
    except CommandError:
        return
    assume(isinstance(command, ShareCommand))
    assert isinstance(command, ShareCommand)
    for name in (*command.images, *command.projects):
        assert name == unicodedata.normalize("NFC", name.strip())
        assert 1 <= len(name) <= 128
    for kept in (
        *command.images,
        *command.projects,
        command.reason.replace("\u200d", "").replace("\u200c", ""),
    ):
        assert not {unicodedata.category(c) for c in kept} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(set(command.images)) == len(command.images)


@given(st.text("<>@#!|:abh^S1", max_size=40))
def test_slacks_tokens_never_survive_into_the_reason(reason: str) -> None:
    """A mention typed in a reason must not call anybody a second time."""
    for token in ("<@U1>", "<!here>", "<!subteam^S1>", "<#C1|x>", "<https://e.example|@here>"):
        command = parse(f"share a to b because x{token}{reason.replace('<', '').replace('>', '')}")

        assert isinstance(command, ShareCommand)
        assert "<" not in command.reason
