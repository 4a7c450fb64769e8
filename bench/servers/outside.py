"""Everything around the bot in one process: the simulated Slack with its people and the simulated cloud with its images.

`python -m bench.servers.outside [FIRST COUNT]...` prints one line of JSON, the environment to start a bot with, and lives until
its input ends. The cloud knows COUNT running jobs for each pair of numbers: those that bench.grown gives the rows from FIRST on.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from itertools import chain

from bot.simulator.ims import SimIms
from bot.simulator.slack import SimSlack

PEOPLE = tuple(f"U0BENCH{number:04d}" for number in range(500))
"""So many that nobody has asked for much: the policy counts a person's open requests."""
CHANNELS = tuple(f"C0BENCH{number:02d}" for number in range(20))
ENGINEERS, LEADS = "S0ENGINEERS", "S0LEADS"
IMAGES = ("base-ubuntu-24", "base-debian-12", "shop-web-7")
PROJECTS = {
    "shop-dev": "9c61004714024f9586705d090530f9fa",
    "shop-test": "7d2f1c0a5b9e4d3c8f6a7b8091a2b3c4",
    "shop-prod": "edc89b490d7d4392898e19b2deb34797",
}


def policy_of(engineers: str, leads: str, *rules: str) -> str:
    """A policy over PROJECTS in which dev and test are open to the engineers and prod needs a lead; with more rules, a line each."""
    return f"""\
version: 1
groups:
  engineers: {{slack_usergroup: {engineers}}}
  leads: {{slack_usergroup: {leads}}}
projects:
{chr(10).join(f"  - {{id: {id}, name: {name}, env: {name.removeprefix('shop-')}, tenant: self}}" for name, id in PROJECTS.items())}
limits: {{max_open_per_requester: 10000}}
rules:
  - {{id: dev, effect: permit, when: {{requester.groups: {{any: [engineers]}}, project.env: {{in: [dev, test]}}}}, require: none}}
  - id: prod
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: prod}}}}
    require: {{count: 1, from: [leads]}}
{"".join(f"  - {rule}{chr(10)}" for rule in rules)}tests:
  - name: dev is self-service
    request: {{by: {{groups: [engineers]}}, image: {{name: base-ubuntu-24}}, project: shop-dev}}
    expect: {{outcome: allow}}
"""


POLICY = policy_of(ENGINEERS, LEADS)


def environment(slack: SimSlack, cloud: SimIms) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "HUAWEICLOUD_SDK_AK": cloud.ak,
        "HUAWEICLOUD_SDK_SK": cloud.sk,
        "HUAWEICLOUD_SDK_PROJECT_ID": cloud.project_id,
        "IMAGEBOT_IMS_ENDPOINT": cloud.url,
        "IMAGEBOT_COMMANDS_PER_MINUTE": "1000000",  # a handful of people send thousands a second
        "IMAGEBOT_PRESSES_PER_MINUTE": "1000000",
    }


def job_id(row: int) -> str:
    """What the cloud calls the job of this row."""
    return f"{row:032x}"


async def serve(jobs: Sequence[range]) -> None:
    async with SimSlack() as slack:
        for number, id in enumerate(PEOPLE):
            slack.add_user(id, f"person{number}")
        slack.add_usergroup(ENGINEERS, "engineers", list(PEOPLE))
        slack.add_usergroup(LEADS, "leads", list(PEOPLE[:3]))
        for number, id in enumerate(CHANNELS):
            slack.add_channel(id, f"images-{number}")
        cloud = SimIms()
        await cloud.start()
        for project in PROJECTS.values():
            cloud.add_project(project)
        for image in IMAGES:
            cloud.add_image(image)
        for row in chain(*jobs):
            cloud.begin_job(job_id(row), IMAGES[0], PROJECTS["shop-dev"])
        print(json.dumps({"team": slack.ws.team, "url": slack.url, **environment(slack, cloud)}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await cloud.stop()


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    asyncio.run(serve([range(n, n + count) for n, count in zip(numbers[::2], numbers[1::2], strict=True)]))
