"""No exception leaves a listener, and everybody gets an answer. Bolt loses the acknowledgement of a
listener that raises, while its side effects stand: so every error is turned into words here, with a
reference number that is in the log, too."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Awaitable, Callable

import structlog

from bot.domain.errors import BugError, CommandError, OperatorError, RequesterError, TransientError
from bot.domain.notices import Message

log = structlog.stdlib.get_logger(__name__)

NOTHING_RECORDED = "Nothing was recorded"
LATE = (
    "This takes longer than usual. The bot is still at it and will answer here; please do not send it again."
)
PRESS_AGAIN = "The form could not be opened in time, so nothing was recorded. Please press the button again."


async def told(work: Awaitable[Message | None], *, about: str) -> Message | None:
    """What `work` comes to, or its failure in words. Never raises but for cancellation."""
    try:
        return await work
    except Exception as error:
        return words_for(error, about=about)


def words_for(error: Exception, *, about: str) -> Message:
    """What to tell the person, by who can mend it; an error of ours is logged under the reference that is
    told."""
    match error:
        case CommandError():
            more = (f"Did you mean {error.suggestion}?" if error.suggestion else "", error.hint)
            return Message(" ".join(part for part in (error.message, *more) if part))
        case RequesterError():
            return Message(error.message)
        case TransientError():
            reference = logged(error, about=about)
            return Message(
                f"{NOTHING_RECORDED}: the bot is too busy just now. Please try again in a minute. "
                f"(Reference {reference})"
            )
        case OperatorError():
            reference = logged(error, about=about)
            return Message(
                f"{NOTHING_RECORDED}: the bot cannot store anything just now, and whoever runs it has to "
                f"mend that. Please try again later. (Reference {reference})"
            )
        case _:
            reference = logged(error, about=about)
            return Message(
                f"Something went wrong inside the bot (reference {reference}). It may or may not have been "
                "recorded: please look at the status before you try again."
            )


def logged(error: BaseException, *, about: str) -> str:
    """The reference under which the error stands in the log, with its stack but no values: they may be
    secrets."""
    reference = secrets.token_hex(4)
    stack = "".join(traceback.format_tb(error.__traceback__))
    message = str(error) if isinstance(error, (OperatorError, TransientError, BugError)) else ""
    log.error(
        "listener_failed",
        reference=reference,
        about=about,
        error=type(error).__name__,
        message=message,
        stack=stack,
    )
    return reference


Listener = Callable[..., Awaitable[None]]


def guarded(
    about: str, last_words: Callable[[str], Awaitable[None]] | None = None
) -> Callable[[Listener], Listener]:
    """A listener out of which nothing comes, not even a fault in drawing the answer. `ack` is then called
    with bare words (a command), or empty (anything else)."""

    def around(listener: Listener) -> Listener:
        async def safe(ack: Callable[..., Awaitable[object]], body: dict[str, object]) -> None:
            try:
                await listener(ack, body)
            except Exception as error:
                words = words_for(error, about=about).text
                if about == "command":
                    await ack({"response_type": "ephemeral", "text": words})
                else:
                    await ack()

        return safe

    return around
