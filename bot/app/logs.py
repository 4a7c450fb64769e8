"""The log: one line an event, JSON when not a terminal, and nothing in it that opens a door (design promise 10)."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

SECRET = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]+|xapp-[\w.-]+|https?://[^\s\"']*/(?:commands|actions|app|respond)[^\s\"']*"
    r"|hooks\.slack\.com[^\s\"']*|SDK-HMAC-SHA256[^\n\"]*|Signature=[0-9a-f]+|MII[\w+/=-]{20,}",
    re.IGNORECASE,
)
"""Tokens of Slack, response_urls, signatures and cloud tokens by their looks: a second wall, should the first one leak."""
HIDDEN = "[hidden]"


def scrub(value: Any) -> Any:
    """The value with everything that looks like a secret hidden, however deep."""
    if isinstance(value, str):
        return SECRET.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {key: scrub(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub(inner) for inner in value]
    return value


def _scrubbed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: scrub(value) for key, value in event.items()}


class _Scrubbing(logging.Filter):
    """The libraries' own log lines get the same treatment."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


def set_up_log(level: str, stream: TextIO | None = None) -> None:
    """Once a process, before anything is logged. `level` is debug, info, warning or error."""
    out = stream or sys.stderr
    renderer: Any = structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrubbed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(_Scrubbing())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
