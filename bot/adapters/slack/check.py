"""What the doctor asks of Slack: is the token accepted, are the scopes there, can groups and channels be
reached. Every finding is one plain sentence; nothing here raises and nothing is changed in Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bot.adapters.slack.socket import open_url
from bot.adapters.slack.trouble import LIBRARY_ERRORS, translated, word_of
from bot.domain.errors import BotError

Level = Literal["ok", "warning", "error"]
Finding = tuple[Level, str]


async def check_slack(
    client: AsyncWebClient,
    *,
    app_token: str | None = None,
    usergroups: Mapping[str, str] | None = None,
    channels: Sequence[str] = (),
) -> list[Finding]:
    """Findings in the order of asking. `usergroups` maps the policy's group names to Slack's ids. With a
    refused bot token nothing more is asked of it."""
    found: list[Finding] = []
    accepted = await _token(client, found)
    if accepted:
        for name, usergroup in (usergroups or {}).items():
            found.append(await _usergroup(client, name, usergroup))
        for channel in channels:
            found.append(await _channel(client, channel))
    if app_token is not None:
        found.append(await _app_token(client, app_token))
    return found


async def own_identity(client: AsyncWebClient) -> Mapping[str, str]:
    """auth.test's answer: team_id, user_id, bot_id, team, url. Raises ChatAuthError and ChatBusyError."""
    try:
        response = await client.auth_test()
    except LIBRARY_ERRORS as error:
        raise translated(error, repeatable=True) from error
    data = response.data if isinstance(response.data, dict) else {}
    return {key: value for key, value in data.items() if isinstance(value, str)}


async def _token(client: AsyncWebClient, found: list[Finding]) -> bool:
    try:
        response = await client.auth_test()
    except LIBRARY_ERRORS as error:
        found.append(
            ("error", f"Slack does not accept SLACK_BOT_TOKEN, or cannot be reached: {_why(error)}.")
        )
        return False
    team, user = response.get("team", "?"), response.get("user", "?")
    found.append(("ok", f"Slack knows the bot as {user} in the workspace {team}."))
    if response.get("is_enterprise_install") is True:
        found.append(
            (
                "warning",
                "The app is installed for a whole organisation; one workspace is what it is made for.",
            )
        )
    found.append(_scopes(response.headers))
    found += _optional_scopes(response.headers)
    return True


def _granted(headers: Mapping[str, Any]) -> set[str] | None:
    said = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return None if said is None else {scope.strip() for scope in said.split(",") if scope.strip()}


def _optional_scopes(headers: Mapping[str, Any]) -> list[Finding]:
    """Whether the bot can look for a message whose answer was lost; silent where the scopes are not known."""
    granted = _granted(headers)
    if granted is None:
        return []
    missing = [scope for scope in OPTIONAL_SCOPES if scope not in granted]
    if not missing:
        return [
            (
                "ok",
                "After a lost answer of Slack the bot looks whether the message stands, before it sends it again.",
            )
        ]
    return [
        (
            "ok",
            f"Without the optional {' and '.join(missing)} the bot cannot look whether a message stands whose answer was lost; it "
            "then sends it again with a remark that it may stand there twice.",
        )
    ]


def _scopes(headers: Mapping[str, Any]) -> Finding:
    granted = _granted(headers)
    if granted is None:
        return "warning", "Slack did not say which scopes the token has, so they cannot be checked."
    missing = [f"{scope} ({why})" for scope, why in SCOPES.items() if scope not in granted]
    if missing:
        return "error", f"The token lacks {', '.join(missing)}: add it to the app and install the app again."
    spare = sorted(granted - set(SCOPES) - set(OPTIONAL_SCOPES))
    if spare:
        return "warning", f"The token has scopes the bot never uses: {', '.join(spare)}."
    return "ok", f"The token has exactly the scopes it needs: {', '.join(SCOPES)}."


async def _usergroup(client: AsyncWebClient, name: str, usergroup: str) -> Finding:
    try:
        response = await client.usergroups_users_list(usergroup=usergroup)
    except LIBRARY_ERRORS as error:
        return "error", f"The members of group {name} ({usergroup}) cannot be read: {_why(error)}."
    users = response.get("users") or []
    if not users:
        return "warning", f"Group {name} ({usergroup}) has no members: nobody can approve for it."
    return "ok", f"Group {name} ({usergroup}) has {len(users)} member{'s' if len(users) != 1 else ''}."


async def _channel(client: AsyncWebClient, channel: str) -> Finding:
    try:
        response = await client.conversations_info(channel=channel)
    except LIBRARY_ERRORS as error:
        if word_of(error) == "missing_scope":
            return "warning", f"Whether the bot can post in {channel} cannot be checked (no scope for that)."
        return "error", f"Channel {channel} cannot be reached: {_why(error)}. Invite the bot there."
    info = response.get("channel") or {}
    if info.get("is_archived") is True:
        return "error", f"Channel {channel} is archived."
    if info.get("is_member") is False:
        return "error", f"The bot is not a member of {channel}: type /invite @imagebot there."
    return "ok", f"The bot is in channel {channel}."


async def _app_token(client: AsyncWebClient, app_token: str) -> Finding:
    try:
        await open_url(client, app_token)
    except BotError as error:
        return "error", f"Socket Mode does not work: {error.message}"
    return "ok", "Slack accepts SLACK_APP_TOKEN for Socket Mode."


def _why(error: BaseException) -> str:
    return word_of(error) or type(error).__name__
