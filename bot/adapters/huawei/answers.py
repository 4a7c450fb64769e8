"""An HTTP answer as a value, and how to get plain data out of a body one cannot trust. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,200}>")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, whatever it is. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """The vendor's id of this call, to quote to its support: IMS's, IAM's, or the one in a gateway's
        error body."""
        for name in ("x-request-id", "x-iam-trace-id"):
            if found := self.headers.get(name):
                return clean(found, 100)
        return clean(self.document().get("request_id"), 100) if not self.ok else ""

    def data(self) -> Any:
        """The JSON value in the body; None where there is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def document(self) -> Mapping[str, Any]:
        """The JSON object in the body; an empty one where there is none."""
        return as_object(self.data())

    def text(self) -> str:
        """The body as one line for people: the title or the text of an HTML page, the text of anything
        else."""
        raw = clean(self.body[:4000].decode(errors="replace"))
        if title := _TITLE.search(raw):
            raw = title[1]
        return " ".join(_TAG.sub(" ", raw).split())[:200]

    @property
    def retry_after(self) -> float | None:
        """Seconds the other side asks us to wait: a number, or a date read against the answer's own date."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdigit():
            return float(asked[:9])
        try:
            until, now = (parsedate_to_datetime(text) for text in (asked, self.headers.get("date", "")))
            return max(0.0, (until - now).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None


def as_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; nothing for anything else."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def clean(value: object, limit: int = 500) -> str:
    """Foreign text that every database and encoding can hold; empty for what is no text."""
    return _UNSTORABLE.sub("\ufffd", value[:limit]) if isinstance(value, str) else ""
