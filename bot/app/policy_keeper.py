"""The policy in force. A changed file is tried aside; a bad one never replaces a good one (design promise 12)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from bot.domain.errors import PolicyError, Problem
from bot.domain.policy import Policy
from bot.domain.policy.comparison import Direction, compared
from bot.domain.policy.grid import Grid
from bot.domain.policy.settings_change import settings_changed
from bot.domain.policy_file import load

log = structlog.get_logger("policy")

LARGEST = 1_000_000
"""Bytes of a policy file. A larger one is a mistake."""
LOOK_FOR = 0.5
"""Seconds a new policy is compared with the old one."""
MAX_TOLD = 8
"""Looser things told at once; the rest is counted."""


def read_policy(path: Path) -> Policy:
    """The policy of a file. Raises PolicyError with every problem, an unreadable file included."""
    return load(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a file. Raises PolicyError when it is too large or cannot be read."""
    try:
        if path.stat().st_size > LARGEST:
            raise PolicyError(
                (Problem(where=str(path), what="is larger than 1 MB", instead="it is one YAML file"),)
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        hint = "set IMAGEBOT_POLICY to your policy file; policy.example.yml is a start"
        raise PolicyError((Problem(where=str(path), what=f"cannot be read: {why}", instead=hint),)) from None
    except UnicodeDecodeError:
        raise PolicyError((Problem(where=str(path), what="is not a text in UTF-8"),)) from None


def loosened_in_words(old: Policy, new: Policy, within: float = LOOK_FOR) -> tuple[str, ...]:
    """What became looser: a sentence for each kind of pair, with its rules, then limits, groups and the like. Looked for
    over generated requests, for at most `within` seconds; what it does not name may be looser too."""
    end = time.monotonic() + within
    changes, _ = compared(old, new, Grid(old, new).cases(), lambda: time.monotonic() > end)
    said: dict[str, None] = {}
    for change in changes:
        if change.direction is Direction.LOOSENED:
            rules = f"rules {', '.join(change.rules)}" if change.rules else "no rule"
            said[f"{change.pairs}: {change.before} -> {change.after} ({rules})"] = None
    settings = (c.words for c in settings_changed(old, new) if c.direction is Direction.LOOSENED)
    return (*said, *settings)


class PolicyKeeper:
    """Holds the last good policy of a file."""

    def __init__(self, path: Path) -> None:
        """Raises PolicyError when there is no good policy to begin with."""
        self._path = path
        self._stamp = self._look()
        self.policy = read_policy(path)
        self.problem = ""
        """Why the file on disk is not the policy in force; empty when it is."""

    def current(self) -> Policy:
        return self.policy

    def _look(self) -> tuple[int, int]:
        try:
            stat = self._path.stat()
        except OSError:
            return 0, 0
        return stat.st_mtime_ns, stat.st_size

    def changed(self) -> bool:
        """Whether the file looks other than when it was last read."""
        return self._look() != self._stamp

    async def reload(self, announce: Callable[[str, str], Awaitable[None]]) -> bool:
        """True when another policy is in force now. `announce(kind, sentence)` is told what happened: policy_loaded or
        policy_refused."""
        self._stamp = self._look()
        try:
            policy = read_policy(self._path)
        except PolicyError as error:
            self.problem = error.message
            log.error("policy_refused", problems=error.message, in_force=self.policy.digest[:12])
            await announce(
                "policy_refused", f"The policy file was not loaded, the last good one stays: {error.message}"
            )
            return False
        self.problem = ""
        if policy.digest == self.policy.digest:
            return False
        before, self.policy = self.policy, policy
        looser = await asyncio.to_thread(loosened_in_words, before, policy)
        log.info("policy_loaded", digest=policy.digest[:12], rules=len(policy.rules), looser=len(looser))
        sentence = f"The policy file was loaded: {len(policy.rules)} rules, {policy.digest[:12]}."
        await announce("policy_loaded", f"{sentence} {_told(looser)}".rstrip())
        return True


def _told(looser: tuple[str, ...]) -> str:
    if not looser:
        return ""
    more = (
        f"; and {len(looser) - MAX_TOLD} more (imagebot policy diff shows all)"
        if len(looser) > MAX_TOLD
        else ""
    )
    return f"Looser than before: {'; '.join(looser[:MAX_TOLD])}{more}."
