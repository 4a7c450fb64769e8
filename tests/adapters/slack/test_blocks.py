"""What a message looks like: within Slack's limits whatever comes in, and literally what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.slack.blocks import MAX_TEXT, drawn, private_answer
from bot.adapters.slack.fitting import MAX_BLOCKS
from bot.domain.model import ClickKind, LaneId
from bot.domain.notices import (
    Bullets,
    Buttons,
    Choice,
    Divider,
    Group,
    Heading,
    Message,
    Moment,
    Paragraph,
    Part,
    Small,
    Span,
    Text,
    Who,
)
from bot.simulator.slack import mentions
from tests.judge.blocks import problems

APPROVE = Choice(click=ClickKind.APPROVE, label="Approve", look="primary", confirm="Share 3 images?")
HOSTILE = (
    "<!channel>",
    "<!here|x>",
    "<@U0BEN>",
    "<!subteam^S0LEADS>",
    "@anna @here",
    "*APPROVED*",
    "_x_ ~y~ `z` ```q```",
    "<https://evil.example|https://good.example>",
    "a\nb\r\nc\u2028d",
    "safe\u202egnp.exe",
    "ub\u200buntu",
    "&lt;!channel&gt;",
    ":white_check_mark: done",
    "> quoted",
    "\ud800 lone",
    "\u3164",
    "e" + "\u0301" * 40,
)


def buttons(lane: str = "12.1", *choices: Choice) -> Buttons:
    return Buttons(lane=LaneId(lane), plan_hash="abc123", choices=choices or (APPROVE,))


def whole(message: Message, mark: str = "") -> dict[str, Any]:
    drawing = drawn(message, mark=mark)
    return {"text": drawing.text, "blocks": drawing.blocks}


def strings(node: object, key: str = "text") -> Iterator[str]:
    """Every string that is shown."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key and isinstance(value, str):
                yield value
            yield from strings(value, key)
    elif isinstance(node, list):
        for one in node:
            yield from strings(one, key)


def everywhere(text: str) -> Message:
    """A message with `text` in every place that foreign text can have."""
    line: tuple[Span, ...] = (
        Who("U0ANNA"),
        Text(text),
        Text(text, "bold"),
        Text(text, "code"),
        Moment(datetime(2026, 5, 1, tzinfo=UTC)),
    )
    return Message(
        text=text,
        parts=(
            Heading(text),
            Paragraph(line),
            Bullets((line, (Group(text),))),
            Small(line),
            Divider(),
            buttons("12.1", Choice(click=ClickKind.REJECT, label=text, look="danger", confirm=text)),
        ),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_mentions_nobody_anywhere(text: str) -> None:
    """One approval card that notifies a whole company would be the last."""
    assert mentions(whole(everywhere(text)), {"anna": "U0EVIL"}) == {"U0ANNA"}


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_never_markup(text: str) -> None:
    """`*APPROVED*` typed into a reason must not look like our own words: the only mrkdwn is written by us."""
    drawing = whole(everywhere(text))
    markup = [node["text"] for node in nodes(drawing["blocks"]) if node.get("type") == "mrkdwn"]

    assert problems(drawing) == []
    assert all(one.startswith(("<@U0ANNA>", "<!date^")) for one in markup)
    assert all(
        node.get("verbatim") is True for node in nodes(drawing["blocks"]) if node.get("type") == "mrkdwn"
    )


def nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for one in node:
            yield from nodes(one)


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u3164", "\u061c", "\U000e0041"]
)
def test_hidden_characters_are_shown(hidden: str) -> None:
    """What cannot be seen could make two images look like one."""
    shown = list(strings(whole(everywhere(f"base{hidden}ubuntu"))))

    assert all(hidden not in one for one in shown)
    assert any(f"base[U+{ord(hidden):04X}]ubuntu" in one for one in shown)


def test_joined_emoji_and_scripts_stay_as_they_are_spelt() -> None:
    """A joiner between such characters is spelling, not a trick."""
    text = "👩\u200d💻 می\u200cخواهم"

    assert text in list(strings(whole(Message("x", (Paragraph((Text(text),)),)))))


def test_typed_newlines_cannot_add_lines_to_a_card() -> None:
    """A reason could otherwise write a whole false outcome under itself."""
    shown = strings(whole(Message("x", (Paragraph((Text("CHG-1\n\nApproved by @lead"),)),)))["blocks"])

    assert "CHG-1 ⏎  ⏎ Approved by @lead" in list(shown)


def test_every_button_carries_the_lane_and_plan_hash_and_nothing_else() -> None:
    """All the rest is read from the store."""
    choices = tuple(Choice(click=kind, label=kind.value) for kind in ClickKind)
    (block,) = drawn(Message("x", (buttons("12.3", *choices),))).blocks

    assert [one["value"] for one in block["elements"]] == ["12.3|abc123"] * len(ClickKind)
    assert [one["action_id"] for one in block["elements"]] == [f"imagebot.{kind}" for kind in ClickKind]


def test_the_same_choice_twice_is_drawn_once() -> None:
    """Slack refuses two elements with one action id."""
    (block,) = drawn(Message("x", (buttons("12.1", APPROVE, APPROVE),))).blocks

    assert len(block["elements"]) == 1


def test_block_ids_are_new_whenever_anything_changes() -> None:
    """That is how a client knows that what it shows is old."""
    one = {block["block_id"] for block in drawn(everywhere("a")).blocks}
    other = {block["block_id"] for block in drawn(everywhere("b")).blocks}

    assert not one & other
    assert one == {block["block_id"] for block in drawn(everywhere("a")).blocks}


def test_many_bullets_are_counted_and_the_buttons_stay() -> None:
    """A request of 500 pairs must still be approvable."""
    lines = tuple((Text(f"image-{n} → project-{n}"),) for n in range(500))
    drawing = whole(Message("x", (Bullets(lines), buttons())))
    shown = list(strings(drawing["blocks"]))

    assert problems(drawing) == []
    assert any(one.startswith("… and 4") and one.endswith(" more") for one in shown)
    assert drawing["blocks"][-1]["type"] == "actions"


def test_too_many_parts_keep_every_button_and_the_text_above_it() -> None:
    """Nobody is to approve what is not shown, and nobody is to miss their button."""
    lanes: list[Part] = []
    for number in range(20):
        lanes += [
            Divider(),
            Paragraph((Text(f"lane {number}"),)),
            Small((Text("small"),)),
            Bullets(((Text("pair"),),)),
            buttons(f"12.{number}"),
        ]
    drawing = whole(Message("x", (Heading("#12"), *lanes)))
    kinds = [block["type"] for block in drawing["blocks"]]

    assert problems(drawing) == []
    assert len(kinds) <= MAX_BLOCKS
    assert kinds.count("actions") == 20
    assert all(kinds[at - 1] == "rich_text" for at, kind in enumerate(kinds) if kind == "actions")
    assert "do not fit" in list(strings(drawing["blocks"]))[-1]


def test_buttons_go_only_together_with_their_text() -> None:
    """Beyond what fits, a lane is left out whole and the message says so."""
    lanes: list[Part] = []
    for number in range(60):
        lanes += [Paragraph((Text(f"lane {number}"),)), buttons(f"12.{number}")]
    drawing = whole(Message("x", tuple(lanes)))
    kinds = [block["type"] for block in drawing["blocks"]]

    assert problems(drawing) == []
    assert all(kinds[at - 1] == "rich_text" for at, kind in enumerate(kinds) if kind == "actions")
    assert kinds.count("actions") == 24


def test_a_long_text_is_cut_without_breaking_an_entity() -> None:
    """Half an `&amp;` would be shown as it stands; chat.update refuses more than 4,000 characters."""
    text = drawn(Message("&" * 10_000)).text

    assert len(text) <= MAX_TEXT
    assert text.rstrip("…").replace("&amp;", "") == ""


def test_a_message_without_parts_is_drawn_all_the_same() -> None:
    """Text alone would be read as mrkdwn."""
    drawing = whole(Message("*one*\ntwo", lead="U0ANNA"))

    assert list(strings(drawing["blocks"]))[:4] == [" ", "*one*", "two"]
    assert mentions(drawing) == {"U0ANNA"}
    assert problems(drawing) == []


def test_the_lead_stands_before_the_text_for_the_ear() -> None:
    """Screen readers read nothing but the text."""
    assert drawn(Message("asks to share <a>", lead="U0ANNA")).text == "<@U0ANNA> asks to share &lt;a&gt;"
    assert drawn(Message("asks", lead="<!channel>")).text == "asks"


def test_a_mark_is_kept_above_everything_and_in_the_text() -> None:
    """A possible repetition must say so wherever it is read."""
    many = tuple(Paragraph((Text(str(n)),)) for n in range(80))
    drawing = whole(Message("done", many), mark="This may be a repetition.")

    assert drawing["blocks"][0]["type"] == "context"
    assert "(This may be a repetition.)" in drawing["text"]
    assert problems(drawing) == []


def test_an_id_that_is_none_is_drawn_as_text() -> None:
    """Slack refuses a whole message for one bad id."""
    drawing = whole(
        Message("x", (Paragraph((Who("nobody"), Group("leads", "x>y"))), Small((Who("<!here>"),))))
    )

    assert problems(drawing) == []
    assert mentions(drawing) == set()


def test_a_group_with_a_usergroup_is_mentioned_and_one_without_is_bold() -> None:
    """As the domain promises."""
    (block,) = drawn(Message("x", (Paragraph((Group("leads", "S0LEADS"), Group("owners"))),))).blocks

    assert block["elements"][0]["elements"] == [
        {"type": "usergroup", "usergroup_id": "S0LEADS"},
        {"type": "text", "text": "owners", "style": {"bold": True}},
    ]


def test_a_private_answer_never_takes_the_place_of_a_card() -> None:
    """By default a response_url replaces the message it came from."""
    answer = private_answer(Message("no"))

    assert (answer["response_type"], answer["replace_original"]) == ("ephemeral", False)


WORDS = st.text(max_size=200) | st.text(min_size=3_000, max_size=3_500) | st.sampled_from(HOSTILE)
SPANS: st.SearchStrategy[Span] = st.one_of(
    st.builds(Text, WORDS, st.sampled_from(["plain", "bold", "italic", "code", "strike"])),
    st.builds(Who, st.text(max_size=12) | st.just("U0ANNA")),
    st.builds(Group, WORDS, st.none() | st.just("S0LEADS") | st.text(max_size=9)),
    st.builds(Moment, st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))),
)
LINES = st.lists(SPANS, max_size=14).map(tuple)
CHOICES = st.builds(
    Choice,
    click=st.sampled_from(ClickKind),
    label=WORDS,
    look=st.sampled_from(["plain", "primary", "danger"]),
    confirm=WORDS,
)
PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(Heading, WORDS),
    st.builds(Paragraph, LINES),
    st.builds(Bullets, st.lists(LINES, max_size=70).map(tuple)),
    st.builds(Small, LINES),
    st.just(Divider()),
    st.builds(Buttons, st.just(LaneId("12.1")), st.just("abc"), st.lists(CHOICES, max_size=6).map(tuple)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.builds(Message, WORDS, st.lists(PARTS, max_size=70).map(tuple)), st.sampled_from(["", "Repeated?"]))
def test_no_message_at_all_is_refused_by_slack(message: Message, mark: str) -> None:
    """invalid_blocks would keep a card from people, whatever somebody typed."""
    drawing = whole(message, mark)

    assert problems(drawing) == []
    assert mentions(drawing) <= {"U0ANNA", "S0LEADS"}
    assert sum(map(len, strings(drawing["blocks"]))) <= 13_200
