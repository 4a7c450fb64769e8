"""What Slack and its clients do to typed text, undone. Here: invisible and look-alike characters, Slack's
`<...>` tokens and its entities. Never: the grammar of a command.

Slack sends people, channels and addresses inside `<...>` and escapes &, < and >
(https://docs.slack.dev/interactivity/implementing-slash-commands and
https://docs.slack.dev/messaging/formatting-message-text); its clients turn quotes and dashes "smart".
"""

from __future__ import annotations

import re
import unicodedata

ENTITY = r"&(?:amp|lt|gt);"
TOKEN = r"<(?:[@#!]|[A-Za-z][A-Za-z0-9+.-]*:)[^<>]*>"  # noqa: S105 # nosec B105 # a pattern, no secret
DASHES = {"‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-", "﹣": "-", "－": "-", "—": "--", "―": "--"}
"""Dashes that clients and keyboards put in place of a hyphen (or, long ones, of two)."""

_DECODED = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile(ENTITY)
_TOKEN_OR_ENTITY = re.compile(f"{TOKEN}|{ENTITY}")
_TO_HYPHENS = str.maketrans(DASHES)
_JOINERS = "\u200c\u200d"
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters and symbols that are drawn as nothing: a name or a reason made of them would look empty."""
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs"}


def visible(text: str) -> str:
    """The text in one line, without what cannot be seen: every kind of space and line break is a space;
    control characters, zero-width characters, direction marks (which can reorder what is read) and lone
    surrogates are gone. The two joiners stay: some scripts and emoji are misspelt without them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if c.isspace() else c for c in text if c.isspace() or not _is_hidden(c))


def as_name(text: str) -> str:
    """Visible text as it is compared with names: joiners gone, Unicode form NFC."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.replace(_JOINERS[0], "").replace(_JOINERS[1], ""))


def with_hyphens(text: str) -> str:
    """The text with every look-alike dash turned back into what was most likely typed."""
    return text if text.isascii() else text.translate(_TO_HYPHENS)


def decoded(text: str) -> str:
    """Slack's three entities turned back, once."""
    return _ENTITY.sub(lambda found: _DECODED[found[0]], text) if "&" in text else text


def escaped(text: str) -> str:
    """The text as Slack would send it: the opposite of `decoded`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Free text with tokens as harmless words and entities turned back. An address is kept; nothing that
    comes out has the form of a token unless somebody typed its characters one by one, and then it is only
    text."""
    return _TOKEN_OR_ENTITY.sub(lambda found: _plain_piece(found[0]), text)


def typed_name(token: str) -> str | None:
    """The name somebody typed where Slack saw an address (`shop.dev` comes as
    `<http://shop.dev|shop.dev>`), else None."""
    address, _, label = token[1:-1].partition("|")
    return decoded(label) if label and address == f"http://{label}" else None


def token_kind(token: str) -> str:
    """What a token stands for, in words for a message."""
    if token.startswith("<@"):
        return "a person"
    if token.startswith("<#"):
        return "a channel"
    return "a mention" if token.startswith("<!") else "a link"


def shown(text: str, limit: int = 60) -> str:
    """Foreign text inside a message: in back-ticks, cut to `limit` characters."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return "`" + short.replace("`", "'") + "`"


def _is_hidden(c: str) -> bool:
    if c in _JOINERS:
        return False
    return c in _BLANK_LETTERS or unicodedata.category(c) in _HIDDEN_CATEGORIES


def _plain_piece(piece: str) -> str:
    if piece.startswith("&"):
        return _DECODED[piece]
    body, _, label = piece[1:-1].partition("|")
    label = decoded(label)
    if body.startswith(("@", "#")):
        return body
    if body.startswith("!date"):
        return label
    if body.startswith("!"):
        return f"[{body[1:]}]"
    address = decoded(body)
    return f"{label} ({address})" if label and label not in address else address
