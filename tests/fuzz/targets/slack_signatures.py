"""The check of Slack's signature: a request is let in exactly when the SDK's own verifier takes it and its body can be read, and
the body is read as the standard library reads it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from bot.adapters.slack.intake import UnreadableBodyError, parsed
from tests.fuzz.draw import Source
from tests.fuzz.slack_requests import FORM, JSON, PATH, SECRET, WORDS, Sent, command, signature
from tests.fuzz.target import Judge, Target, broken
from tests.fuzz.targets.slack_door import Door, read
from tests.stories.world import ALICE, EVE, TEAM

REFUSED = (400, 401, 408, 413, 429)
KINDS = (
    FORM,
    JSON,
    "application/json; charset=utf-8",
    f"{FORM}; charset=utf-8",
    "text/plain",
    "multipart/form-data",
    "",
)
SECRETS = (SECRET, SECRET, SECRET, "not the secret", "")
OFFSETS = (0, 0, 0, -200, 200, -290, 290, -310, 310, -86_400, 10**9, -(10**10))
"""Seconds off; none so near to the limit of 300 that the second in which it is checked could matter."""
STAMPS = ("", "0", "-1", "abc", "1e9", "٣٤٥", "9" * 13, "1_7", "+17", "0x1", "1.5", "\t", "nan")
MEND = (
    "{}",
    "{}",
    "{}",
    "{}",
    "V0={}",
    "v1={}",
    "v0={}0",
    "{} ",
    "{}\x7f",
    "{},{}",
    "v0=",
    "",
    "é{}",
    '"{}"',
)
Parse = Callable[[str, str], dict[str, Any]]


def judge_of(door: Door | None = None, parse: Parse = parsed) -> Judge:
    """The judge of a door that takes what SECRET signed, and of the reader of bodies."""
    door = door or Door()
    verifier = SignatureVerifier(SECRET)

    def judge(data: bytes) -> None:
        source = Source(data)
        headers, body, kind = _drawn(source)
        _check_reading(parse, body, kind)
        lines = [
            "Host: x",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        head = "\r\n".join([f"POST {PATH} HTTP/1.1", *lines, "", ""])
        raw = head.encode("utf-8", "replace") + body
        with capture_logs():
            answered = door.loop.run(door.ask(raw))
        _check(verifier, dict(headers), Sent(body=body, kind=kind, signed=True, raw=raw), answered.status)

    return judge


def _drawn(source: Source) -> tuple[list[tuple[str, str]], bytes, str]:
    kind, body = source.choose(KINDS), b""
    stamp = (
        source.choose(STAMPS) if source.byte() % 4 == 3 else str(int(time.time()) + source.choose(OFFSETS))
    )
    secret, mended, late = source.choose(SECRETS), source.choose(MEND), source.byte() % 8 == 7
    first, second = source.choose(
        (
            ("X-Slack-Request-Timestamp", "X-Slack-Signature"),
            ("x-slack-request-timestamp", "X-SLACK-SIGNATURE"),
        )
    )
    body = _body(source)
    proof = signature(secret, stamp, body)
    value = mended.replace("{}", proof if mended.startswith("{") else proof.removeprefix("v0="))
    return [(first, stamp), (second, value)], body + (b"&x=1" if late else b""), kind


def _body(source: Source) -> bytes:
    if source.flag():
        return source.rest()
    text = f"user_id={source.choose((EVE, ALICE))}&team_id={TEAM}&command=%2Fimage&channel_id=C0IMAGES&trigger_id=1.2.x"
    pieces = [f"{source.choose(WORDS[:40])}={source.text(10)}" for _ in range(source.byte() % 4)]
    return "&".join([text, *pieces, f"text={command(EVE, TEAM, 'help')['text']}"]).encode("utf-8", "replace")


def _check(verifier: SignatureVerifier, headers: dict[str, str], sent: Sent, status: int) -> None:
    stamp, proof = list(headers.values())
    taken = status not in REFUSED
    theirs = _taken_by(verifier, sent.body, stamp, proof)
    checks_certificate = not proof.strip() and b"ssl_check=1" in sent.body.split(b"&")
    if taken and not theirs and not checks_certificate:
        broken(f"HTTP {status} for what the SDK's verifier refuses: {headers}")
    plain = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    if theirs and plain and not taken and read(sent) is not None:
        broken(f"HTTP {status} for what Slack signed and can be read: {headers}, {sent.body[:200]!r}")
    if status >= 500:
        broken(f"HTTP {status} for {sent.body[:200]!r}")


def _taken_by(verifier: SignatureVerifier, body: bytes, stamp: str, proof: str) -> bool:
    """Whether the SDK's verifier takes it; what it stumbles over it does not take."""
    try:
        return verifier.is_valid(body, stamp.strip(), proof.strip())
    except (ValueError, TypeError, OverflowError):
        return False


def _check_reading(parse: Parse, body: bytes, kind: str) -> None:
    wanted = read(Sent(body=body, kind=kind, signed=True, raw=b""))
    try:
        found = parse(body.decode(), kind)
    except (UnicodeDecodeError, UnreadableBodyError):
        found = None
    if repr(found) != repr(wanted):
        broken(
            f"{body[:200]!r} as {kind!r} is read as {found!r:.200}, and by the standard library as {wanted!r:.200}"
        )


TARGET = Target(
    name="slack_signatures",
    promise="a request is let in exactly when the SDK's verifier takes it; its body is read as the standard library reads it",
    make=judge_of,
    tokens=(
        "payload=",
        "%7B%7D",
        "+",
        "%",
        "%zz",
        "%C3%A9",
        "%ff",
        "&",
        "=",
        "&&",
        ";",
        "ssl_check=1",
        "command=%2Fimage",
        "[",
        "{",
        "{}",
    ),
    longest=1_024,
    weight=2,
)
