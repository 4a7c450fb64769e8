"""The app's manifest, made from what the listeners register, so that both cannot differ. Lives here: what
is asked of Slack. Follows https://docs.slack.dev/reference/app-manifest."""

from __future__ import annotations

from typing import Any, Literal

import yaml

from bot.adapters.slack.http import PATH

SCOPES = {
    "commands": "the slash command",
    "chat:write": "cards, thread replies, private answers, direct messages",
    "users:read": "guests, deactivated people and people of other workspaces cannot approve",
    "usergroups:read": "who is in the policy's groups",
}
"""Every scope the bot asks for, and what it needs it for."""
OPTIONAL_SCOPES = {
    "channels:history": "after a lost answer, looking whether the message stands in a public channel before it is sent again",
    "groups:history": "the same in a private channel",
}
"""What the bot does without, and the manifest does not ask for: they let an app read everything in the channels it is in. Without
them a message whose answer was lost is sent again with a remark that it may stand there twice. With them the bot's own messages
are looked for, by their metadata; nothing else is looked at, and nothing is kept."""
APP_LEVEL_SCOPE = "connections:write"
"""Of the app-level token for Socket Mode, which is made by hand on the app's page."""

DESCRIPTION = "Share cloud images: asked in a command, approved with a button, verified in the cloud."
_MAX_HINT = 1_000


def manifest(
    mode: Literal["socket", "http"], *, command: str, usage_hint: str, request_url: str | None = None
) -> dict[str, Any]:
    """The manifest for Socket Mode, or for HTTP with `request_url` as the public address of /slack/events.
    Raises ValueError for HTTP without an address."""
    if mode == "http" and not request_url:
        raise ValueError(f"HTTP mode needs the public address that ends in {PATH}")
    url = {} if mode == "socket" else {"url": request_url}
    slash = {
        "command": command,
        **url,
        "description": "Share or un-share cloud images",
        "usage_hint": usage_hint[:_MAX_HINT],
        "should_escape": True,
    }
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "imagebot",
            "description": DESCRIPTION,
            "background_color": "#1d3d5c",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "imagebot", "always_online": True},
            "slash_commands": [slash],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True, **({"request_url": request_url} if url else {})},
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,  # nosec B105 # a switch of the manifest, no secret
        },
    }


def as_yaml(content: dict[str, Any]) -> str:
    """The manifest as Slack's "From a manifest" page takes it."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
