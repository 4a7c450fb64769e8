"""Whether a request came to the end it must, in the store and in Slack; and whether all of them together did, in the cloud. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.soak.stories import Asked
from tests.soak.watching import Ended

HEADS = {"done": "Done and verified:", "part": "Partly done:", "failed": "Failed:"}
LANES = {"done": "succeeded", "part": "partly_succeeded", "failed": "failed"}
MARK = "it may stand here twice"
"""What a repetition after a cut connection says of itself."""
ENDINGS = {"reject": "rejected it", "cancel": "cancelled", "cancel by command": "cancelled"}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What stands in Slack of a request."""

    cards: int = 0
    text: str = ""
    replies: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)


def false_of(asked: Asked, ended: Ended, said: Said) -> list[str]:
    """Everything that is not as it must be; empty when all is well."""
    who = f"#{ended.id} ({asked.story})"
    found = (
        [f"false: {who} is {ended.state} in the store, not {asked.state}"]
        if ended.state != asked.state
        else []
    )
    if dict(ended.outcomes) != dict(asked.outcomes):
        found.append(f"false: {who} has the outcomes {dict(ended.outcomes)}, not {dict(asked.outcomes)}")
    found += [f"false: {who} {what}" for what in _said_falsely(asked, ended, said)]
    return found


def _said_falsely(asked: Asked, ended: Ended, said: Said) -> Iterator[str]:
    if asked.state == "refused":
        if not said.private:
            yield "was refused, and nobody was told"
        return
    if said.cards != 1:
        yield f"has {said.cards} cards"
    replies = [text for text in said.replies if MARK not in text]
    for head, words in HEADS.items():
        told = sum(text.startswith(words) for text in replies)
        marked = sum(text.startswith(words) for text in said.replies) - told
        true = 0 if set(ended.outcomes.values()) == {"nothing_to_do"} else ended.lanes.count(LANES[head])
        if not told <= true <= told + marked:
            yield f"says {words!r} {told} times under its card, and {true} lanes are so"
        if true and words.rstrip(":") not in said.text:
            yield f"does not say {words!r} on its card: {said.text[:200]!r}"
        if not true and words in said.text:
            yield f"says {words!r} on its card, and no lane is so"
    ending = ENDINGS.get(asked.deed)
    if ending and not any(ending in text for text in said.replies):
        yield f"does not say {ending!r} under its card, but {said.replies}"


@dataclass(frozen=True, kw_only=True)
class Everything:
    """At the end, from all three sides. Members by image name: names of projects."""

    expected: Mapping[str, frozenset[str]]
    cloud: Mapping[str, frozenset[str]]
    store: Mapping[str, frozenset[str]]
    untold: frozenset[str] = frozenset()
    """Images of requests that were lost: nobody knows what they should be shared with."""
    asked: int
    stored: int
    left: Mapping[str, int]
    """Due rows by kind: nothing is asked for here that ends later."""
    counts: Mapping[str, int]
    done: Mapping[str, int]
    """Members that the store calls done, by action."""


def false_in_all(all_: Everything) -> list[str]:
    found = []
    for image, there in all_.cloud.items():
        if image in all_.untold:
            continue
        if there != all_.expected[image]:
            found.append(f"false: {image} is shared with {sorted(there)}, not {sorted(all_.expected[image])}")
        if there != all_.store.get(image, frozenset()):
            found.append(f"false: the store says {image} is shared with {sorted(all_.store.get(image, ()))}")
    if all_.asked != all_.stored:
        found.append(f"lost: {all_.asked} requests were acknowledged, and {all_.stored} are stored")
    found += [f"lost: {count} due rows of kind {kind} are left" for kind, count in all_.left.items() if count]
    counts = Counter(all_.counts)
    if counts["redundant"]:
        found.append(f"false: {counts['redundant']} pairs were sent to the cloud in vain")
    for action, effect in (("share", "effect_add"), ("unshare", "effect_delete")):
        if all_.done.get(action, 0) != counts[effect]:
            found.append(
                f"false: {all_.done.get(action, 0)} pairs of {action} are called done, {counts[effect]} changed"
            )
    return found
