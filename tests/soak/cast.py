"""Who and what there is in a soak: many people, many channels, many images, a few projects, and the policy over them."""

from __future__ import annotations

from bench.servers.outside import policy_of

PEOPLE = tuple(f"U0SOAK{number:04d}" for number in range(400))
LEADERS = PEOPLE[:20]
"""They decide and ask for nothing themselves, so that nobody's own vote is in question."""
REQUESTERS = PEOPLE[20:]
CHANNELS = tuple(f"C0SOAK{number:03d}" for number in range(60))
ENGINEERS, LEADS = "S0SOAKENG", "S0SOAKLEADS"
POLICY = policy_of(
    ENGINEERS,
    LEADS,
    "{id: taking-back, effect: permit, action: unshare, when: {requester.groups: {any: [engineers]}}, require: none}",
)
SETTINGS = {
    "IMAGEBOT_LISTEN": "127.0.0.1:0",
    "IMAGEBOT_COMMANDS_PER_MINUTE": "1000000",
    "IMAGEBOT_PRESSES_PER_MINUTE": "1000000",
    "IMAGEBOT_API_RATE": "1000",
    "IMAGEBOT_API_BURST": "1000",
    "IMAGEBOT_DIGEST_ABOVE": "1000000",
    "IMAGEBOT_RETRY_DELAY": "0.2",
    "IMAGEBOT_SETTLE_READS": "3",
    "IMAGEBOT_SETTLE_DELAY": "0.3",
    "IMAGEBOT_WORKERS": "16",
}
"""What is set higher, or lower, than anybody needs it, so that the pipeline turns at the speed of the machine."""


def image_name(number: int) -> str:
    return f"soak-image-{number}"


def is_unlucky(name: str) -> bool:
    """Whether the cloud's jobs always fail at this image and shop-test."""
    return int(name.rpartition("-")[2]) % 8 == 0
