"""The Slack app manifest as text, with the usage hint of the parser's own table."""

from __future__ import annotations

from typing import Literal

from bot.adapters.slack.manifest import as_yaml, manifest
from bot.domain.parse import USAGES


def usage_hint() -> str:
    """The first line of the help: what Slack shows beside the command."""
    share = next(usage for usage in USAGES if usage.name == "share")
    return share.synopsis


def manifest_text(mode: str, *, command: str, url: str | None) -> str:
    """YAML, ready to be pasted into Slack's form for a new app."""
    kind: Literal["socket", "http"] = "socket" if mode == "socket" else "http"
    return as_yaml(manifest(kind, command=command, usage_hint=usage_hint(), request_url=url))
