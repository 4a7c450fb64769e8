"""Promise 3: a call is never repeated blindly; after a lost answer the member list is read first."""

from __future__ import annotations

from collections.abc import Iterator

from tests.invariants.evidence import Call, Evidence


def no_blind_second_submit(evidence: Evidence) -> Iterator[str]:
    """Between two calls for the same pair its image's member list was read."""
    last: dict[object, Call] = {}
    for call in evidence.calls:
        for pair in call.pairs:
            before = last.get(pair)
            if before is not None and not _read_between(evidence, pair[0], before.at, call.at):
                yield f"{call.action.value} of {pair} was sent at {before.at:.1f} s and again, unread, at {call.at:.1f} s"
            last[pair] = call


def _read_between(evidence: Evidence, image: str, after: float, before: float) -> bool:
    return any(one.image == image and after <= one.at <= before for one in evidence.listings)
