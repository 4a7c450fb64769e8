"""What looks like a secret is hidden in every line, whoever logs it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.app.logs import HIDDEN, scrub, set_up_log

SECRETS = [
    "xoxb-1234-abcd-EFGH",
    "xapp-1-A0-1234-abcdef",
    "https://hooks.slack.com/actions/T1/2/secretpart",
    "http://127.0.0.1:4000/actions/T1/9/secretpart",
    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=0123abcd",
    "MIIEowIBAAKCAQEA1234567890abcdefghij",
]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    out = io.StringIO()
    set_up_log("debug", out)
    yield out
    structlog.reset_defaults()
    logging.basicConfig(force=True)


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_hidden_wherever_they_stand(secret: str, stream: io.StringIO) -> None:
    """In a value, in a nested value, in an exception, in a library's own line."""
    log = structlog.get_logger("test")
    log.info("event", plain=secret, deep={"list": [f"before {secret} after"]})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    logging.getLogger("library").warning("calling %s", secret)

    assert secret not in stream.getvalue()
    assert stream.getvalue().count(HIDDEN) >= 3


def test_a_line_is_json_when_nobody_watches(stream: io.StringIO) -> None:
    """For the collector."""
    structlog.get_logger("test").info("started", rows=3)
    line = json.loads(stream.getvalue())
    assert line["event"] == "started"
    assert line["rows"] == 3


def test_ordinary_words_stay() -> None:
    """Hiding too much makes a log useless."""
    text = "job 204a7058469a44bda3f38285eceb1177 of base-ubuntu-24 ended"
    assert scrub(text) == text
