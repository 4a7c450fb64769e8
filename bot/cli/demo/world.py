"""The stage: a simulated Slack with four people, a simulated cloud with some images, and what is true in both.

Nothing of the bot is here: what really happened is asked of the two simulators only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
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
JOB_SECONDS = 1.0


class WentWrongError(Exception):
    """Something in the story did not really happen; the message says what, in one sentence."""


@dataclass
class World:
    """Both simulators, and the pairs the story has had shared so far."""

    slack: SimSlack = field(default_factory=SimSlack)
    cloud: SimIms = field(default_factory=lambda: SimIms(job_seconds=JOB_SECONDS))
    images: dict[str, str] = field(default_factory=dict)
    """Image id by name."""
    expected: list[Pair] = field(default_factory=list)

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

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        """The first truthy value of `look`. Raises WentWrongError, saying that `what` did not happen in time."""
        try:
            return await self.slack.wait_for(look, PATIENCE)
        except TimeoutError:
            raise WentWrongError(f"{what} did not happen within {PATIENCE:g} seconds.") from None

    # -- the truth -----------------------------------------------------------------------------------------------

    def fail_once(self, pair: Pair) -> None:
        """The next job that comes to this pair fails at it."""
        self.cloud.fail_pair(self.images[pair[0]], PROJECTS[pair[1]], times=1)

    def check_cloud(self, added: Iterable[Pair] = ()) -> str:
        """One sentence on what the cloud holds, after `added` were to be added to it.

        Raises WentWrongError unless the cloud holds exactly the pairs the story has had shared, each added once.
        """
        self.expected += added
        wanted = Counter(self.expected)
        done = Counter(self._pair(one.image, one.project) for one in self.cloud.effects if one.what == "add")
        held = {self._pair(id, project) for id in self.images.values() for project in self.cloud.members(id)}
        missing, extra = wanted.keys() - held, held - wanted.keys()
        if missing:
            raise WentWrongError(f"The simulated cloud does not share {_listed(missing)}.")
        if extra:
            raise WentWrongError(f"The simulated cloud shares {_listed(extra)}, which nobody allowed.")
        again = (done - wanted).keys() | {self._pair(one.image, one.project) for one in self.cloud.redundant}
        if again:
            raise WentWrongError(f"The simulated cloud was told more than once to share {_listed(again)}.")
        return f"{len(held)} pair{'s' * (len(held) != 1)} shared there, each added exactly once"

    def _pair(self, image: str, project: str) -> Pair:
        by_image = {id: name for name, id in self.images.items()}
        by_project = {id: name for name, id in PROJECTS.items()}
        return by_image.get(image, image), by_project.get(project, project)


def _listed(pairs: Iterable[Pair]) -> str:
    return ", ".join(f"{image} with {project}" for image, project in sorted(pairs))
