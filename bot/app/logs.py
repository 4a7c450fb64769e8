"""The log: one line an event, JSON when not a terminal, and nothing in it that opens a door (design promise 10)."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Collection, MutableMapping
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

import structlog

from bot.app.terminal import printable, printable_lines

_LOOKS = (
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]+|xapp-[\w.-]+|hooks\.slack(?:-gov)?\.com[^\s\"']*|ticket=[^\s\"'&]+"
    r"|SDK-HMAC-SHA256[^\n\"]*|Signature=[0-9a-f]+|v0=[0-9a-f]{64}|MII[\w+/=-]{20,}|gAAAA[\w=-]{20,}"
)
"""Tokens of Slack, response_urls, web socket tickets, signatures and cloud tokens by their looks: a second wall, should the
first one leak."""
_ADDRESS = re.compile(r"https?://[^\s\"']+", re.IGNORECASE)
_ANSWERS = re.compile(r"/(?:commands|actions|app|respond)", re.IGNORECASE)
"""What a response_url has in it, wherever it leads. Looked for in each address by itself: one pattern for both would take the
square of the time over a long text of addresses."""
HIDDEN = "[hidden]"
_SHORTEST = 6
"""A secret shorter than this is not looked for by its value: the log would be full of holes."""
_LINES = frozenset({"exception", "stack"})
"""Keys whose values have lines of their own."""

Scrub = Callable[[Any], Any]


def scrubber(secrets: Collection[str] = ()) -> Scrub:
    """A function that hides in a value, however deep, everything that looks like a secret and each of these secrets, also
    where it is escaped as in an address, a form or JSON."""
    forms = {form for one in secrets if len(one) >= _SHORTEST for form in _forms(one)}
    longest_first = sorted(forms, key=len, reverse=True)
    hidden = re.compile("|".join([*map(re.escape, longest_first), f"(?i:{_LOOKS})"]))

    def hide_in(text: str) -> str:
        return hidden.sub(HIDDEN, _ADDRESS.sub(_without_answer, text))

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return hide_in(value)
        if isinstance(value, dict):
            return {key: hide(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [hide(inner) for inner in value]
        if isinstance(value, (int, float, bool, type(None))):
            return value
        return hide_in(str(value))

    return hide


def _without_answer(address: re.Match[str]) -> str:
    return HIDDEN if _ANSWERS.search(address[0]) else address[0]


def _forms(secret: str) -> set[str]:
    in_json = json.dumps(secret)[1:-1]
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), in_json, repr(secret)[1:-1]}


scrub: Scrub = scrubber()
"""Hides by looks alone."""


class _Scrubbing(logging.Formatter):
    """The libraries' own log lines, and the errors and stacks they come with, get the same treatment."""

    def __init__(self, hide: Scrub) -> None:
        super().__init__(logging.BASIC_FORMAT)
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(str(self._hide(super().format(record))))


def _scrubbing(hide: Scrub) -> Any:
    def scrubbed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: hide(value) for key, value in event.items()}

    return scrubbed


def _for_a_terminal(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """JSON escapes by itself; on a screen a name could act."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return printable_lines(value) if key in _LINES else printable(value)
    return value if isinstance(value, (int, float, bool, type(None))) else printable(str(value))


def set_up_log(level: str, stream: TextIO | None = None, *, secrets: Collection[str] = ()) -> None:
    """Once a process, before anything is logged. `level` is debug, info, warning or error; none of these `secrets` is ever
    written, nor anything that looks like one."""
    out, hide = stream or sys.stderr, scrubber(secrets)
    tail: list[Any] = [structlog.processors.JSONRenderer()]
    if out.isatty():
        tail = [_for_a_terminal, structlog.dev.ConsoleRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrubbing(hide),
            *tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Scrubbing(hide))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
