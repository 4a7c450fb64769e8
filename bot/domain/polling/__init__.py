"""When to ask the cloud about which job. Here: how long jobs of each kind take, learned from every answer, and
what one question is worth. Never: the asking, the clock, or how many questions a second are allowed."""

from bot.domain.polling.durations import Durations, Kind, kind_of
from bot.domain.polling.law import MEMORY, PATIENCE, Law
from bot.domain.polling.schedule import (
    HIGHEST,
    LONGEST,
    PRICE,
    SOONEST,
    Asked,
    Sent,
    ages,
    choose,
    next_poll,
    worth,
)

__all__ = [
    "HIGHEST",
    "LONGEST",
    "MEMORY",
    "PATIENCE",
    "PRICE",
    "SOONEST",
    "Asked",
    "Durations",
    "Kind",
    "Law",
    "Sent",
    "ages",
    "choose",
    "kind_of",
    "next_poll",
    "worth",
]
