"""What can be typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.domain.model.ids import Action, RequestId


@dataclass(frozen=True, kw_only=True)
class ShareCommand:
    """share or unshare. References are ids or names as typed, without duplicates, in the typed order."""

    action: Action
    images: tuple[str, ...]
    projects: tuple[str, ...]
    duration: timedelta | None = None
    reason: str = ""
    break_glass: bool = False
    """Ask for the possibility to go without the approvals, in an emergency."""
    dry_run: bool = False
    """Show the plan to the one who asks, and do nothing."""


@dataclass(frozen=True, kw_only=True)
class StatusCommand:
    request: RequestId | None = None


@dataclass(frozen=True, kw_only=True)
class ListCommand:
    which: Literal["mine", "open", "all"] = "mine"


@dataclass(frozen=True, kw_only=True)
class WhoCommand:
    image: str


@dataclass(frozen=True, kw_only=True)
class WhyCommand:
    request: RequestId


@dataclass(frozen=True, kw_only=True)
class CancelCommand:
    request: RequestId


@dataclass(frozen=True, kw_only=True)
class RetryCommand:
    request: RequestId


@dataclass(frozen=True, kw_only=True)
class HelpCommand:
    topic: str | None = None


Command = (
    ShareCommand
    | StatusCommand
    | ListCommand
    | WhoCommand
    | WhyCommand
    | CancelCommand
    | RetryCommand
    | HelpCommand
)
