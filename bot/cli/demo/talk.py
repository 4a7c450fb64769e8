"""People at the simulated Slack, and what they get to see: each deed is done, awaited, and told as it happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from bot.cli.demo.drawing import drawn, text_drawn
from bot.cli.demo.teller import Teller
from bot.cli.demo.world import CHANNEL, WentWrongError, World
from bot.simulator.slack import Delivery, SimError, SimMessage

COMMAND = "/image"
_ENDS = (
    "Failed (",
    "Partly done (",
    "Stuck (",
    "On hold (",
    "Refused by the policy (",
    "Expired (",
    "Rejected (",
)
"""How the line of a card begins whose pairs did not all get through."""


@dataclass
class Talk:
    """The channel as the story goes through it. Every message of the bot is looked at once, in its order."""

    world: World
    tell: Teller
    last: int = 0
    """The request asked last."""
    _private: dict[str, int] = field(default_factory=dict)
    """How many private messages of each person have been told."""
    _replies: dict[int, int] = field(default_factory=dict)
    """How many replies under each request's card have been told."""
    _cards: dict[int, list[str]] = field(default_factory=dict)
    """The lines of each request's card as they were last told."""

    # -- deeds ---------------------------------------------------------------------------------------------------

    async def ask(self, user: str, text: str) -> int:
        """A person types the command; the number of the request it became, as their private answer says."""
        self.tell.does(self._name(user), f"{COMMAND} {text}")
        _acknowledged(await self.world.slack.command(user, CHANNEL, COMMAND, text))
        answer = await self.answer(user, "Request #")
        number = re.search(r"Request #(\d+) is recorded", answer)
        if number is None:
            raise WentWrongError(f"The answer to the command says no number: {answer}")
        self.last = int(number[1])
        return self.last

    async def press(self, user: str, label: str, request: int, *, part: int = 1) -> None:
        """A person presses the button with this label, the `part`-th of that name on the card."""
        self.tell.does(self._name(user), f"presses {label} on #{request}")
        card = self._message(request)
        if card is None:
            raise WentWrongError(f"There is no card of request #{request}.")
        fits = [one for one in self.world.slack.buttons(CHANNEL, card.ts) if one.text == label]
        if len(fits) < part:
            raise WentWrongError(f"The card of request #{request} has no button {label}.")
        button = fits[part - 1]
        try:
            done = await self.world.slack.click(
                user, CHANNEL, card.ts, button.action_id, button.value, block_id=button.block_id
            )
        except SimError as error:
            raise WentWrongError(f"Slack does not let {self._name(user)} press {label}: {error}.") from None
        _acknowledged(done)

    async def fill_in(self, user: str, text: str) -> None:
        """A person writes into the one field of the form that has opened for them, and sends it."""
        slack = self.world.slack
        view = await self.world.until(lambda: slack.view_of(user), "A form with a field")
        field_ = next(one for one in view["blocks"] if one["type"] == "input")
        self.tell.does(self._name(user), f"fills in “{field_['label']['text']}”: {text}")
        _acknowledged(
            await slack.submit_view(
                user, view["id"], {(field_["block_id"], field_["element"]["action_id"]): text}
            )
        )

    # -- what comes back -----------------------------------------------------------------------------------------

    async def answer(self, user: str, *expected: str) -> str:
        """The next message only this person sees, told and as plain text. It must contain all of `expected`."""
        slack, seen = self.world.slack, self._private.get(user, 0)
        name = self._name(user)
        await self.world.until(lambda: slack.ephemerals(user)[seen:], f"A private answer to {name}")
        message = slack.ephemerals(user)[seen]
        self._private[user] = seen + 1
        lines = self._lines(message)
        self.tell.private(name, lines)
        return _holding(lines, expected, f"{name}'s private answer")

    async def card(self, request: int, *expected: str) -> None:
        """The request's card once it shows all of `expected`; the first time it is told whole, later what is new.

        Raises WentWrongError when it does not, at once where something on it has ended in another way.
        """
        await self.world.came(lambda: self._shows(request, expected) or self._ended(request, expected))
        shows = self._shows(request, expected)
        self._tell_card(request)
        if not shows:
            words = "”, “".join(expected)
            raise WentWrongError(f"The card of #{request} was expected to say: “{words}”.")

    def _tell_card(self, request: int) -> None:
        message, before = self._message(request), self._cards.get(request)
        if message is None:
            return
        lines = self._lines(message)
        self._cards[request] = [line.plain for line in lines]
        if before is None:
            self.tell.card(lines)
        else:
            self.tell.card([line for line in lines if line.plain not in before], update=True)

    def _shows(self, request: int, expected: Sequence[str]) -> bool:
        message = self._message(request)
        text = "\n".join(line.plain for line in self._lines(message)) if message else ""
        return bool(text) and all(words in text for words in expected)

    def _ended(self, request: int, expected: Sequence[str]) -> bool:
        """Whether a new line of the card speaks of an end nobody expected."""
        message, before = self._message(request), self._cards.get(request, [])
        new = [line.plain for line in self._lines(message)] if message else []
        ends = [line for line in new if line.startswith(_ENDS) and line not in before]
        return any(not line.startswith(tuple(expected)) for line in ends)

    async def reply(self, request: int, *expected: str) -> None:
        """The next reply under the card, told. It must contain all of `expected`."""
        seen = self._replies.get(request, 0)
        await self.world.until(
            lambda: self.replies(request)[seen:], f"A reply “{expected[0]} ...” in the thread of #{request}"
        )
        message = self.replies(request)[seen]
        self._replies[request] = seen + 1
        lines = self._lines(message)
        self.tell.reply(lines)
        _holding(lines, expected, f"the reply in the thread of #{request}")

    # -- looking -------------------------------------------------------------------------------------------------

    def cards(self, request: int) -> list[SimMessage]:
        """Every card of this request in the channel; there should be one."""
        roots = [one for one in self.world.slack.messages(CHANNEL) if one.thread_ts in (None, one.ts)]
        return [
            one for one in roots if self._lines(one) and self._lines(one)[0].plain.startswith(f"#{request} ")
        ]

    def replies(self, request: int) -> list[SimMessage]:
        card = self._message(request)
        return self.world.slack.thread(CHANNEL, card.ts)[1:] if card else []

    def check_nothing_twice(self) -> str:
        """One sentence on what stands in the channel. Raises WentWrongError for anything that came twice or untold."""
        for request in self._cards:
            if len(self.cards(request)) != 1:
                raise WentWrongError(
                    f"Request #{request} has {len(self.cards(request))} cards instead of one."
                )
            self._nothing_more(
                self.replies(request), self._replies.get(request, 0), f"the thread of #{request}"
            )
        for user, name in self.world.names().items():
            self._nothing_more(
                self.world.slack.ephemerals(user), self._private.get(user, 0), f"what {name} sees"
            )
        replies, private = sum(self._replies.values()), sum(self._private.values())
        return (
            f"{len(self._cards)} cards, {replies} replies and {private} private answers, none of them twice"
        )

    def _nothing_more(self, messages: Sequence[SimMessage], told: int, where: str) -> None:
        if len(messages) > told:
            last = " ".join(line.plain for line in self._lines(messages[-1]))
            raise WentWrongError(f"There is a message too many in {where}: {last}")

    def _message(self, request: int) -> SimMessage | None:
        return next(iter(self.cards(request)), None)

    def _lines(self, message: SimMessage) -> list[Text]:
        names = self.world.names()
        return drawn(message.blocks, names) if message.blocks else [text_drawn(message.text, names)]

    def _name(self, user: str) -> str:
        return self.world.names()[user]


def _acknowledged(delivery: Delivery) -> Any:
    if delivery.error:
        raise WentWrongError(f"Slack showed an error instead of an answer: {delivery.error}.")
    return delivery.body


def _holding(lines: Sequence[Text], expected: Sequence[str], what: str) -> str:
    text = "\n".join(line.plain for line in lines)
    for words in expected:
        if words not in text:
            raise WentWrongError(f"“{words}” was expected in {what}, which says: {text}")
    return text
