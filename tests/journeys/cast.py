"""Who and what there is in every journey: people, groups, channels, images, projects, and the policy over them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulator.ims import SimIms
from bot.simulator.slack import SimSlack

TEAM, CHANNEL, OTHER, OPS = "T0OWN", "C0IMAGES", "C0OTHER", "C0OPS"
ALICE, BOB, LEA, LEO, SEC = "U0ALICE", "U0BOB", "U0LEA", "U0LEO", "U0SEC"
EVE, GUEST, FOREIGN = "U0EVE", "U0GUEST", "U0FOREIGN"
"""In no group; a guest and a foreigner whom somebody put into the leads' group all the same."""

DEV, TEST, PROD, LAB = (
    "9c61004714024f9586705d090530f9fa",
    "7d2f1c0a5b9e4d3c8f6a7b8091a2b3c4",
    "edc89b490d7d4392898e19b2deb34797",
    "0f0e0d0c0b0a09080706050403020100",
)
NEVER = "11" * 16
"""In the register of the policy; the cloud does not know it."""

POLICY = f"""
version: 1
groups:
  engineers: {{slack_usergroup: S0ENG}}
  leads: {{slack_usergroup: S0LEADS}}
  security: {{slack_usergroup: S0SEC}}
projects:
  - {{id: {DEV}, name: shop-dev, env: dev, tenant: self}}
  - {{id: {TEST}, name: shop-test, env: dev, tenant: self}}
  - {{id: {PROD}, name: shop-prod, env: prod, tenant: self}}
  - {{id: {LAB}, name: acme-lab, env: partner, tenant: acme}}
  - {{id: {NEVER}, name: no-such-project, env: dev, tenant: self}}
defaults: {{expires_after: 24h}}
limits: {{max_pairs: 500, max_open_per_requester: 5}}
rules:
  - {{id: encrypted-image, effect: forbid, when: {{image.encrypted: {{eq: true}}}}, message: "Encrypted images cannot be shared."}}
  - id: dev-self-service
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: dev}}}}
    require: none
  - id: prod
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: prod}}}}
    require: {{count: 1, from: [leads]}}
  - id: partner
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.tenant: {{ne: self}}}}
    require: {{all_of: [{{count: 1, from: [leads]}}, {{count: 1, from: [security]}}]}}
    share_for: {{max: 30d}}
  - {{id: taking-back, effect: permit, action: unshare, when: {{requester.groups: {{any: [engineers]}}}}, require: none}}
"""

CANARIES = {
    "bot token": "xoxb-canary-1111-bot",
    "app token": "xapp-canary-2222-app",
    "signing secret": "canary3333signingsecret",
    "secret key": "Canary4444SecretAccessKeyOfNobody0000000",
}
"""Values that must be found nowhere but in the environment."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """Ids of what there is in the cloud."""

    ubuntu: str
    debian: str
    data: str
    full: str
    encrypted: str
    public: str
    windows: str
    queued: str
    hostile: str


HOSTILE_NAME = "<!channel> *x* `y` ‮dne‬ & <@U0EVE>"
"""A cloud that names an image like this is another's account, or a joker's."""


def workspace() -> SimSlack:
    """A Slack with everybody in it, not yet served."""
    slack = SimSlack(
        team=TEAM,
        bot_token=CANARIES["bot token"],
        app_token=CANARIES["app token"],
        signing_secret=CANARIES["signing secret"],
    )
    for user in (ALICE, BOB, LEA, LEO, SEC, EVE):
        slack.add_user(user, user.removeprefix("U0").lower())
    slack.add_user(GUEST, "guest", is_restricted=True)
    slack.add_user(FOREIGN, "foreign", team="T0OTHER", is_stranger=True)
    slack.add_usergroup("S0ENG", "engineers", [ALICE, BOB, LEA])
    slack.add_usergroup("S0LEADS", "leads", [LEA, LEO, GUEST, FOREIGN])
    slack.add_usergroup("S0SEC", "security", [SEC])
    slack.add_channel(CHANNEL, "images")
    slack.add_channel(OTHER, "other", bot_in=False)
    slack.add_channel(OPS, "ops")
    return slack


def cloud(job_seconds: float) -> tuple[SimIms, Images]:
    """An IMS with an image of every kind, not yet served."""
    ims = SimIms(sk=CANARIES["secret key"], job_seconds=job_seconds)
    for project in (DEV, TEST, PROD, LAB):
        ims.add_project(project)
    images = Images(
        ubuntu=ims.add_image("base-ubuntu-24"),
        debian=ims.add_image("base-debian-12"),
        data=ims.add_image("data-disk-1", kind="data"),
        full=ims.add_image("full-server-1", kind="full-ecs"),
        encrypted=ims.add_image("vault-1", encrypted=True),
        public=ims.add_image("CentOS-7", public=True),
        windows=ims.add_image("win-2022", os="Windows Server 2022"),
        queued=ims.add_image("still-uploading", status="queued"),
        hostile=ims.add_image(HOSTILE_NAME),
    )
    return ims, images
