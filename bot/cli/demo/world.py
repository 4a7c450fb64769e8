"""The stage: a simulated Slack with four people, a simulated cloud with some images, and what is true in both.

Nothing of the bot is here: what really happened is asked of the two simulators only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from bot.cli.demo import policy
from bot.simulator.ims import SimIms
from bot.simulator.slack import SimSlack

T = TypeVar("T")
Pair = tuple[str, str]
"""(image name, project name)."""

ANNA, BEN, LEA, OMAR = "U0ANNA", "U0BEN", "U0LEA", "U0OMAR"
CHANNEL = "C0IMAGES"
PROJECTS = {
    "shop-dev": policy.SHOP_DEV,
    "shop-test": policy.SHOP_TEST,
    "shop-prod": policy.SHOP_PROD,
    "acme-lab": policy.ACME_LAB,
}
IMAGES = ("base-ubuntu-24", "base-debian-12", "base-rocky-9", "base-alpine-3", "shop-web-7")
ENCRYPTED_IMAGE = "payroll-db-3"
PATIENCE = 20.0
"""Seconds anything may take. It takes about one; a busy machine gets more."""
JOB_SECONDS = 0.7


class WentWrongError(Exception):
    """Something in the story did not really happen; the message says what, in one sentence. `log`: lines of the bot's log
    that explain it."""

    def __init__(self, sentence: str, log: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.log = log


@dataclass
class World:
    """Both simulators, and the pairs the story has had shared so far."""

    slack: SimSlack = field(default_factory=SimSlack)
    cloud: SimIms = field(default_factory=lambda: SimIms(job_seconds=JOB_SECONDS))
    images: dict[str, str] = field(default_factory=dict)
    """Image id by name."""
    expected: list[Pair] = field(default_factory=list)
    _calls: int = 0
    """Calls to change something that the cloud had received when it was asked last."""

    async def open(self) -> None:
        """Both listen on 127.0.0.1 and are furnished."""
        slack, cloud = self.slack, self.cloud
        await slack.start()
        for id, name in ((ANNA, "anna"), (BEN, "ben"), (LEA, "lea"), (OMAR, "omar")):
            slack.add_user(id, name)
        slack.add_usergroup(policy.ENGINEERS, "engineers", [ANNA, BEN, LEA])
        slack.add_usergroup(policy.LEADS, "platform-leads", [LEA, OMAR])
        slack.add_usergroup(policy.SECURITY, "security", [OMAR])
        slack.add_channel(CHANNEL, "images")
        await cloud.start()
        for id in PROJECTS.values():
            cloud.add_project(id)
        self.images = {name: cloud.add_image(name) for name in IMAGES}
        self.images[ENCRYPTED_IMAGE] = cloud.add_image(ENCRYPTED_IMAGE, encrypted=True)

    async def close(self) -> None:
        await self.slack.stop()
        await self.cloud.stop()

    def names(self) -> dict[str, str]:
        """The word people read for each id of a person or a group."""
        people = {user.id: user.name for user in self.slack.ws.users.values()}
        return people | {group.id: group.handle for group in self.slack.ws.groups.values()}

    async def came(self, look: Callable[[], T | None]) -> T | None:
        """The first truthy value of `look`, or None when none came within PATIENCE."""
        try:
            return await self.slack.wait_for(look, PATIENCE)
        except TimeoutError:
            return None

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        """The first truthy value of `look`. Raises WentWrongError, saying that `what` did not come in time."""
        value = await self.came(look)
        if value is None:
            raise WentWrongError(f"{what} was expected, and did not come within {PATIENCE:g} seconds.")
        return value

    # -- the truth -----------------------------------------------------------------------------------------------

    def fail_once(self, pair: Pair) -> None:
        """The next job that comes to this pair fails at it."""
        self.cloud.fail_pair(self.images[pair[0]], PROJECTS[pair[1]], times=1)

    def check_cloud(self, added: Sequence[Pair] = (), calls: int = 0) -> str:
        """One sentence on what the cloud holds: since it was asked last, `added` by so many calls.

        Raises WentWrongError unless the cloud holds exactly the pairs the story has had shared, each added once, and was
        called exactly so often to change something.
        """
        self.expected += added
        wanted = Counter(self.expected)
        done = Counter(self._pair(one.image, one.project) for one in self.cloud.effects if one.what == "add")
        held = {self._pair(id, project) for id in self.images.values() for project in self.cloud.members(id)}
        again = (done - wanted).keys() | {self._pair(one.image, one.project) for one in self.cloud.redundant}
        came, self._calls = len(self.cloud.writes()) - self._calls, len(self.cloud.writes())
        for pairs, what in (
            (wanted.keys() - held, "does not share"),
            (held - wanted.keys(), "shares, though nobody allowed it,"),
            ((wanted - done).keys(), "shares, though no call added it,"),
            (again, "was told more than once to share"),
        ):
            if pairs:
                raise WentWrongError(f"The simulated cloud {what} {_listed(pairs)}.")
        if came != calls:
            raise WentWrongError(
                f"The simulated cloud received {_counted(came, 'call')} to change something, not {calls}."
            )
        total = _counted(len(held), "pair")
        if not added:
            return f"nothing was shared, nothing sent: still {total}"
        return (
            f"shared by {_counted(calls, 'call')}: {_listed(added)} ({total} in all, each added exactly once)"
        )

    def _pair(self, image: str, project: str) -> Pair:
        by_image = {id: name for name, id in self.images.items()}
        by_project = {id: name for name, id in PROJECTS.items()}
        return by_image.get(image, image), by_project.get(project, project)


def _listed(pairs: Iterable[Pair]) -> str:
    """`image → project, project; image → project`."""
    grouped = groupby(sorted(pairs), key=itemgetter(0))
    return "; ".join(f"{image} → {', '.join(project for _, project in those)}" for image, those in grouped)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
