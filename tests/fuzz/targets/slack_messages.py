"""What the bot says, drawn: any message with any text in it is taken by Slack, mentions nobody but those it names, and fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from bot.adapters.slack.blocks import Drawing, drawn
from bot.adapters.slack.views import told_view
from bot.domain.model import ClickKind, LaneId
from bot.domain.notices import (
    Bullets,
    Buttons,
    Choice,
    Divider,
    Group,
    Heading,
    Line,
    Link,
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
from tests.fuzz.draw import Source
from tests.fuzz.target import Judge, Target, broken
from tests.judge.blocks import problems, view_problems

WHO, GROUP = "U0ANNA", "S0LEADS"
MOST_TEXT = 4_000
MOST_SHOWN = 13_200
MOST_NAME = 64
"""Characters of a group's name, which comes from the policy file."""
JUDGE_ALL_ONE_IN = 8
"""The whole judgement reads a JSON Schema of three thousand lines for each block."""
Draw = Callable[[Message, str], Drawing]


def judge_of(draw: Draw = lambda message, mark: drawn(message, mark=mark)) -> Judge:
    """The judge of what draws messages."""

    def judge(data: bytes) -> None:
        source = Source(data)
        message, mark = message_from(source), source.choose(("", "", "This may be a repetition."))
        drawing = draw(message, mark)
        whole = {"text": drawing.text, "blocks": drawing.blocks}
        if extra := mentions(whole, {"anna": "U0EVIL"}) - {WHO, GROUP}:
            broken(f"{message} mentions {extra}")
        if not drawing.text.strip() or len(drawing.text) > MOST_TEXT:
            broken(f"the text for the ear has {len(drawing.text)} characters: {drawing.text[:80]!r}")
        if sum(map(len, shown(drawing.blocks))) > MOST_SHOWN:
            broken("more is shown than Slack takes")
        _check_markup(drawing.blocks)
        if sha256(data).digest()[0] % JUDGE_ALL_ONE_IN == 0:
            found = problems(whole) or view_problems(told_view(message))
            if found:
                broken(f"Slack would refuse {message}: {found[0]}")

    return judge


def message_from(source: Source) -> Message:
    """Any message the domain can make."""
    lead = source.choose(("", WHO, "<!channel>", "nobody"))
    text = source.text(120)
    return Message(text, parts=tuple(source.some(lambda: _part(source), 40)), lead=lead)


def _part(source: Source) -> Part:
    kind = source.byte() % 7
    if kind == 0:
        return Heading(source.text())
    if kind == 1:
        return Small(_line(source))
    if kind == 2:
        return Divider()
    if kind == 3:
        choices = source.some(lambda: _choice(source), 6)
        return Buttons(
            lane=LaneId(source.choose(("12.1", "12.2", "1.1"))), plan_hash="abc", choices=tuple(choices)
        )
    if kind == 4:
        lines = (
            [_line(source)] * (1 + source.byte()) if source.flag() else source.some(lambda: _line(source), 12)
        )
        return Bullets(tuple(lines))
    return Paragraph(_line(source))


def _line(source: Source) -> Line:
    return tuple(source.some(lambda: _span(source), 8))


def _span(source: Source) -> Span:
    kind = source.byte() % 7
    if kind == 0:
        return Who(source.choose((WHO, "nobody", "<!here>", "U0 EVE", "")))
    if kind == 1:
        return Group(source.text(30)[:MOST_NAME], source.choose((None, GROUP, "x>y", "<!channel>", "S0 X")))
    if kind == 3:
        return Link(
            source.text(40)[:MOST_NAME],
            source.choose(("https://x.slack.com/archives/C1/p1", "http://x", "javascript:1", "https://x|y>")),
        )
    if kind == 2:
        return Moment(datetime.fromtimestamp(source.integer(0, 2**33), UTC))
    return Text(source.text(200), source.choose(("plain", "bold", "italic", "code", "strike")))


def _choice(source: Source) -> Choice:
    look = source.choose(("plain", "primary", "danger"))
    return Choice(
        click=source.choose(tuple(ClickKind)), label=source.text(), look=look, confirm=source.text()
    )


def shown(node: Any) -> Iterator[str]:
    """Every text somebody sees."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from shown(value)
    elif isinstance(node, list):
        for one in node:
            yield from shown(one)


def _check_markup(node: Any) -> None:
    """That the only markup is ours: a mention or a date."""
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn" and not (
            node.get("verbatim") and str(node.get("text")).startswith(("<@", "<!subteam^", "<!date^"))
        ):
            broken(f"foreign text as markup: {node}")
        for value in node.values():
            _check_markup(value)
    elif isinstance(node, list):
        for one in node:
            _check_markup(one)


TARGET = Target(
    name="slack_messages",
    promise="any message is drawn as Slack takes it, mentions nobody it does not name, and fits",
    make=judge_of,
    tokens=(
        "<!channel>",
        "<@U0EVE>",
        "<!subteam^S1>",
        "@here",
        "&lt;!here&gt;",
        "*x*",
        "`",
        ":tada:",
        "\u202e",
        "\u200b",
        "\u0301",
        "<https://x|y>",
    ),
    longest=4_096,
    weight=2,
)
