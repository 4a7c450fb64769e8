"""What people ask for in a soak and what must come of it: each request has an image to itself while it is under way, so that what
must be so afterwards is known beforehand. No I/O."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from bench.servers.outside import PROJECTS
from tests.soak.cast import CHANNELS, LEADERS, REQUESTERS, image_name, is_unlucky

Deed = Literal["", "approve", "reject", "cancel", "cancel by command"]
NOT_THERE = "no-such-image-anywhere"
DEV, TEST, PROD = PROJECTS


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: who types what where, what others then do, and what must come of each project."""

    story: str
    user: str
    channel: str
    text: str
    image: str = ""
    deed: Deed = ""
    lead: str = ""
    twice: bool = False
    """Whether Slack delivers the command, and the press, a second time."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """Of each project, as in bot.domain.states.MemberOutcome; empty: the request is refused."""
    after: frozenset[str] | None = None
    """The projects the image is shared with afterwards; None: as before."""

    @property
    def state(self) -> str:
        return "ended" if self.outcomes else "refused"


class More(TypedDict, total=False):
    deed: Deed
    outcomes: Mapping[str, str]
    after: frozenset[str]


Made = tuple[str, More]
"""The words and the further fields of Asked."""
_Story = Callable[["Shelf", str], Made | None]


@dataclass(kw_only=True)
class Shelf:
    """The images, which of them nobody works with just now, and what each is shared with when all went as it must."""

    images: int
    dice: random.Random
    shared: dict[str, frozenset[str]] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """How many of each story."""

    def __post_init__(self) -> None:
        self.free = [image_name(number) for number in range(self.images)]
        self.shared = {name: frozenset() for name in self.free}

    def take(self) -> Asked:
        """The next request; its image is taken until `back`."""
        while True:
            story = self.dice.choices(list(_STORIES), list(_STORIES.values()))[0]
            number = self.dice.randrange(len(self.free))
            made = story(self, self.free[number])
            if made is not None:
                image = self.free.pop(number)
                self.asked[story.__name__] += 1
                return self._asked(story.__name__, image, *made)

    def back(self, asked: Asked) -> None:
        if asked.after is not None:
            self.shared[asked.image] = asked.after
        self.free.append(asked.image)

    def question(self) -> tuple[str, str, str]:
        """(person, channel, words) of something that is only looked up."""
        words = self.dice.choice(
            ("help", "who soak-image-1", "share soak-image-2 to shop-dev --dry-run", "list")
        )
        return self.dice.choice(REQUESTERS), self.dice.choice(CHANNELS), words

    def _asked(self, story: str, image: str, text: str, more: More) -> Asked:
        return Asked(
            story=story, user=self.dice.choice(REQUESTERS), channel=self.dice.choice(CHANNELS), text=text, image=image,
            lead=self.dice.choice(LEADERS), twice=self.dice.random() < 0.03, **more,
        )  # fmt: skip


def goes_at_once(shelf: Shelf, image: str) -> Made | None:
    project = DEV if is_unlucky(image) else shelf.dice.choice((DEV, TEST))
    if project in shelf.shared[image]:
        return None
    return f"share {image} to {project}", _done(shelf, image, project)


def is_taken_back(shelf: Shelf, image: str) -> Made | None:
    there = sorted(shelf.shared[image])
    if not there:
        return None
    outcomes = dict.fromkeys(there, "done")
    return f"unshare {image} from {', '.join(there)} because no longer needed", {
        "outcomes": outcomes, "after": frozenset(),
    }  # fmt: skip


def is_approved(shelf: Shelf, image: str) -> Made | None:
    if PROD in shelf.shared[image]:
        return None
    return f"share {image} to {PROD} because CHG-1042", _done(shelf, image, PROD, deed="approve")


def goes_in_two_lanes(shelf: Shelf, image: str) -> Made | None:
    if shelf.shared[image] & {DEV, PROD}:
        return None
    return f"share {image} to {DEV}, {PROD} because CHG-1043", _done(shelf, image, DEV, PROD, deed="approve")


def is_rejected(shelf: Shelf, image: str) -> Made | None:
    return _not_run(shelf, image, "reject")


def is_cancelled(shelf: Shelf, image: str) -> Made | None:
    return _not_run(shelf, image, "cancel")


def is_cancelled_by_command(shelf: Shelf, image: str) -> Made | None:
    return _not_run(shelf, image, "cancel by command")


def fails(shelf: Shelf, image: str) -> Made | None:
    if not is_unlucky(image):
        return None
    return f"share {image} to {TEST}", {"outcomes": {TEST: "failed"}}


def fails_in_part(shelf: Shelf, image: str) -> Made | None:
    if not is_unlucky(image) or DEV in shelf.shared[image]:
        return None
    there = shelf.shared[image] | {DEV}
    return f"share {image} to {DEV}, {TEST}", {
        "outcomes": {DEV: "done", TEST: "failed"}, "after": there,
    }  # fmt: skip


def is_so_already(shelf: Shelf, image: str) -> Made | None:
    there = sorted(shelf.shared[image] - {PROD})
    if not there:
        return None
    return f"share {image} to {there[0]}", {"outcomes": {there[0]: "nothing_to_do"}}


def is_refused(shelf: Shelf, image: str) -> Made:
    del shelf, image
    return f"share {NOT_THERE} to {DEV}", {}


def _not_run(shelf: Shelf, image: str, deed: Deed) -> Made | None:
    if PROD in shelf.shared[image]:
        return None
    return f"share {image} to {PROD} because CHG-1044", {"outcomes": {PROD: "not_run"}, "deed": deed}


def _done(shelf: Shelf, image: str, *projects: str, deed: Deed = "") -> More:
    return {
        "deed": deed,
        "outcomes": dict.fromkeys(projects, "done"),
        "after": shelf.shared[image] | set(projects),
    }


_STORIES: Mapping[_Story, float] = {
    goes_at_once: 30, is_taken_back: 24, is_approved: 14, goes_in_two_lanes: 8, is_rejected: 5, is_cancelled: 4,
    is_cancelled_by_command: 3, fails: 12, fails_in_part: 24, is_so_already: 3, is_refused: 3,
}  # fmt: skip
"""How often each is thought of; one that does not fit the image at hand is thought of in vain."""
