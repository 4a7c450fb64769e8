"""From an answer that is no success to the error to raise. Pure. Knows every shape an error body was seen
in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.huawei.answers import Answer, as_object, clean
from bot.adapters.huawei.codes import CODES, Kind, explain, normal
from bot.domain.errors import (
    AnswerLostError,
    BotError,
    CloudAuthError,
    CloudBusyError,
    CloudRefusedError,
)  # fmt: skip

_PAIRS = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))
_UNITS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_UNIT = re.compile(rf"time:\s*(\d{{0,6}})\s*({'|'.join(_UNITS)})", re.IGNORECASE)
_DEPTH = 3
_TELLING = 4
"""Characters of a secret that are too many to be told."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that is no success, read."""

    kind: Kind
    status: int
    code: str = ""
    """As the cloud spells it, such as IMG.0047 or APIGW.0301; empty where it gave none."""
    said: str = ""
    """The cloud's own words."""
    request_id: str = ""
    retry_after: float | None = None

    def error(self) -> BotError:
        """What to raise."""
        words = explain(self.code, self.said, self.status)
        match self.kind:
            case Kind.REFUSED:
                return CloudRefusedError(
                    words, status=self.status, code=self.code, request_id=self.request_id
                )
            case Kind.CREDENTIALS:
                return CloudAuthError(words, status=self.status, code=self.code, request_id=self.request_id)
            case Kind.UNSURE:
                return AnswerLostError(words, retry_after=self.retry_after, request_id=self.request_id)
            case Kind.BUSY | Kind.THROTTLED:
                return CloudBusyError(words, retry_after=self.retry_after, request_id=self.request_id)


def read_refusal(answer: Answer, *, write: bool, hide: Sequence[str] = ()) -> Refusal:
    """What an answer outside 2xx means. For a write, whatever could have happened counts as unsure. The
    texts to `hide` are left out of the cloud's words."""
    code, said = _code_and_words(answer.document())
    code, said = _without(code, hide), _without(said or answer.text(), hide)
    kind = _kind(answer.status, normal(code), write=write)
    wait = answer.retry_after
    if kind is Kind.THROTTLED and wait is None:
        wait = _unit(said)
    return Refusal(
        kind=kind, status=answer.status, code=code, said=said, request_id=answer.request_id, retry_after=wait
    )


def _without(text: str, secrets: Sequence[str]) -> str:
    """The text with none of the secrets in it, nor with the beginning of one that was cut off at its end: a token is longer
    than what is kept of the cloud's words."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
        lengths = range(min(len(text), len(secret)), _TELLING - 1, -1)
        cut = next((length for length in lengths if text.endswith(secret[:length])), 0)
        text = text[: len(text) - cut] + "…" if cut else text
    return text


def _kind(status: int, code: str, *, write: bool) -> Kind:
    if status == 401:
        return Kind.CREDENTIALS
    unsure = Kind.UNSURE if write else Kind.BUSY
    if status >= 500 or status == 408:
        return unsure
    if status == 429:
        return Kind.THROTTLED
    if status < 400:
        return Kind.UNSURE if write else Kind.REFUSED
    if status == 404 and not write:
        return Kind.REFUSED
    known = CODES.get(code)
    if known is None:
        return Kind.REFUSED
    return unsure if known.kind is Kind.UNSURE else known.kind


def _code_and_words(body: Mapping[str, Any], depth: int = 0) -> tuple[str, str]:
    """Code and message of any of the shapes: IMS's {"error": {"code", "message"}}, the gateway's and IAM's
    {"error_code", "error_msg"}, the camel-cased one, a plain {"code", "message"}, Keystone's numeric code,
    and those inside another object."""
    for code_name, words_name in _PAIRS:
        code, words = body.get(code_name), body.get(words_name)
        if isinstance(code, int) and not isinstance(code, bool):
            code = str(code)
        if code or words:
            return clean(code, 60), " ".join(clean(words).split())
    if depth < _DEPTH:
        for value in body.values():
            found = _code_and_words(as_object(value), depth + 1)
            if any(found):
                return found
    return "", ""


def _unit(said: str) -> float | None:
    """The window of the throttle, from words such as "policy user over ratelimit,limit:200,time:1 second"."""
    found = _UNIT.search(said)
    return None if found is None else float(found[1] or 1) * _UNITS[found[2].lower()]
