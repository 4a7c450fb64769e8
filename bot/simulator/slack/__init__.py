"""A small strict Slack on loopback: Web API, Socket Mode, signed HTTP, response_url, and a browser page.

async with SimSlack() as slack:
    slack.add_user("U0ANNA", "anna")
    slack.add_channel("C0OPS", "ops")
    ...  # start an app against slack.api_url with slack.bot_token and slack.app_token
    await slack.command("U0ANNA", "C0OPS", "/image", "help")
"""

from bot.simulator.slack.delivery import sign
from bot.simulator.slack.mentions import mentions
from bot.simulator.slack.model import (
    Button,
    Call,
    Channel,
    Delivery,
    ResponsePost,
    SimError,
    SimMessage,
    User,
    UserGroup,
)
from bot.simulator.slack.sim import SimSlack

__all__ = [
    "Button",
    "Call",
    "Channel",
    "Delivery",
    "ResponsePost",
    "SimError",
    "SimMessage",
    "SimSlack",
    "User",
    "UserGroup",
    "mentions",
    "sign",
]
