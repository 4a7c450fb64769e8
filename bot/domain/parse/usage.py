"""The table of sub-commands: the help text, docs/commands.md and the usage hint of the manifest are made
from it, and the parser's own table is compared with it. Names, words and examples only; no grammar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One sub-command, as people read of it. Synopsis and examples stand without the command word."""

    name: str
    synopsis: str
    summary: str
    """One sentence."""
    examples: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    """Other words for the name."""


USAGES: tuple[Usage, ...] = (
    Usage(
        name="share",
        synopsis="share IMAGE[, IMAGE...] to PROJECT[, PROJECT...] [for 30d] [because REASON] [--dry-run] [--break-glass]",
        summary="Ask for images to be shared with projects, for ever or for some time.",
        examples=(
            "share base-ubuntu-24 to shop-dev",
            "share base-ubuntu-24, base-debian-12 to shop-dev, shop-prod for 30d because CHG-1042",
            'share "Windows Server 2022" to 9c61004714024f9586705d090530f9fa --for=2w --reason "CHG-1042"',
            "share base-ubuntu-24 to shop-prod --dry-run",
            "share base-ubuntu-24 to shop-prod --break-glass because INC-99 production is down, no lead answers",
        ),
        aliases=("grant", "add"),
    ),
    Usage(
        name="unshare",
        synopsis="unshare IMAGE[, IMAGE...] from PROJECT[, PROJECT...] [because REASON] [--dry-run]",
        summary="Ask for images to be taken back from projects.",
        examples=(
            "unshare base-ubuntu-20 from shop-dev",
            "unshare d164b5df-1bc3-4c3f-893e-3e471fd16e64 from shop-dev, shop-prod because it is end of life",
        ),
        aliases=("revoke", "remove"),
    ),
    Usage(
        name="status",
        synopsis="status [#12]",
        summary="Show where a request is; without a number, list your own.",
        examples=("status #12", "status"),
        aliases=("show", "st"),
    ),
    Usage(
        name="list",
        synopsis="list [mine|open|all]",
        summary="List your own requests, those still open, or all, newest first.",
        examples=("list", "list open"),
        aliases=("ls",),
    ),
    Usage(
        name="who",
        synopsis="who IMAGE",
        summary="Show which projects an image is shared with.",
        examples=("who base-ubuntu-24",),
        aliases=("members",),
    ),
    Usage(
        name="why",
        synopsis="why #12",
        summary="Explain a request: every rule, every condition with its value, who could approve.",
        examples=("why #12",),
        aliases=("explain",),
    ),
    Usage(
        name="cancel",
        synopsis="cancel #12",
        summary="Take back a request of yours that does not run yet.",
        examples=("cancel #12",),
        aliases=("withdraw", "abort"),
    ),
    Usage(
        name="retry",
        synopsis="retry #12",
        summary="Try the failed pairs of a request again, under the same approvals.",
        examples=("retry #12",),
        aliases=("rerun",),
    ),
    Usage(
        name="help",
        synopsis="help [SUBCOMMAND]",
        summary="Explain all sub-commands, or one of them.",
        examples=("help", "help share"),
        aliases=("?", "h", "-h", "--help"),
    ),
)

NAMES = tuple(usage.name for usage in USAGES)
BY_WORD = {word: usage for usage in USAGES for word in (usage.name, *usage.aliases)}
"""Usage by name or alias."""
