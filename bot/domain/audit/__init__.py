"""The audit log's hash chain: each event carries the hash of the one before it, so that nothing can be
changed, taken out, put in or moved without being noticed. Here: making, checking and writing out events.
Never: where they are kept.

What the chain cannot show by itself is a log that ends too early, or one that was rewritten as a whole: for
that a hash noted elsewhere is needed, and `verify` takes it.
"""

from bot.domain.audit.anchoring import HASH, HEAD_ANCHORED, HEAD_SAID, Anchor, anchors_in, is_due
from bot.domain.audit.chaining import GENESIS, canonical, chain
from bot.domain.audit.excerpt import Excerpt, verify_part
from bot.domain.audit.ocsf import as_ocsf, from_ocsf
from bot.domain.audit.plain import COLUMNS, as_plain, as_row, from_plain, from_row
from bot.domain.audit.sealing import RETAINED, Prefix, removable, start_of, verify_kept
from bot.domain.audit.verifying import BEGINNING, Broken, Damaged, Harm, Start, Stored, verify

__all__ = [
    "BEGINNING",
    "COLUMNS",
    "GENESIS",
    "HASH",
    "HEAD_ANCHORED",
    "HEAD_SAID",
    "RETAINED",
    "Anchor",
    "Broken",
    "Damaged",
    "Excerpt",
    "Harm",
    "Prefix",
    "Start",
    "Stored",
    "anchors_in",
    "as_ocsf",
    "as_plain",
    "as_row",
    "canonical",
    "chain",
    "from_ocsf",
    "from_plain",
    "from_row",
    "is_due",
    "removable",
    "start_of",
    "verify",
    "verify_kept",
    "verify_part",
]
