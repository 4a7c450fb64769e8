"""auth, users, usergroups, conversations, bots, team: what an app may look up, in Slack's shapes.

Follows docs.slack.dev/reference/methods.
"""

from __future__ import annotations

from typing import Any

from bot.simulator.slack.methods_chat import flag, seen
from bot.simulator.slack.model import ApiError, Channel, Json, User, UserGroup
from bot.simulator.slack.workspace import SLACKBOT, Workspace

_EPOCH = 1_700_000_000


def auth_test(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    return {
        "url": f"https://{ws.domain}.slack.com/",
        "team": ws.domain,
        "user": ws.users[ws.bot_user].name,
        "team_id": ws.team,
        "user_id": ws.bot_user,
        "bot_id": ws.bot_id,
        "is_enterprise_install": False,
    }


def api_test(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    if params.get("error"):
        raise ApiError(str(params["error"]))
    return {"args": {key: one for key, one in params.items() if key != "token"}}


def user_object(user: User) -> Json:
    out: Json = {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.name,
        "tz": user.tz,
        "profile": {"real_name": user.name, "display_name": user.name, "team": user.team},
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": _EPOCH,
    }
    if not user.deleted:  # Slack leaves these out for people who are gone
        out |= {
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": user.is_restricted,
            "is_ultra_restricted": False,
            "real_name_normalized": user.name,
        }
    if user.is_stranger:
        out["is_stranger"] = True
    return out


def users_info(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    user = ws.users.get(str(params.get("user") or ""))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": user_object(user)}


def users_list(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    page, cursor = _page([user_object(one) for one in ws.users.values() if not one.is_stranger], params)
    return {"members": page, "cache_ts": _EPOCH, "response_metadata": {"next_cursor": cursor}}


def _page(every: list[Any], params: Json) -> tuple[list[Any], str]:
    """One page by `limit` and `cursor`, and the next cursor. Raises ApiError."""
    try:
        start = int(str(params.get("cursor") or "0").removeprefix("sim:"))
        limit = int(params.get("limit") or 0)
    except ValueError:
        raise ApiError("invalid_cursor") from None
    if limit < 0 or limit > 1000:
        raise ApiError("invalid_limit")
    end = start + limit if limit else len(every)
    return every[start:end], f"sim:{end}" if end < len(every) else ""


def group_object(ws: Workspace, group: UserGroup, with_users: bool) -> Json:
    out: Json = {
        "id": group.id,
        "team_id": ws.team,
        "is_usergroup": True,
        "name": group.handle,
        "handle": group.handle,
        "description": "",
        "date_delete": _EPOCH if group.disabled else 0,
        "user_count": len(group.members),
    }
    return out | ({"users": list(group.members)} if with_users else {})


def usergroups_list(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    wanted = [one for one in ws.groups.values() if not one.disabled or flag(params.get("include_disabled"))]
    return {"usergroups": [group_object(ws, one, flag(params.get("include_users"))) for one in wanted]}


def usergroups_users_list(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    group = ws.groups.get(str(params.get("usergroup") or ""))
    if group is None or (group.disabled and not flag(params.get("include_disabled"))):
        raise ApiError("no_such_subteam")
    return {"users": list(group.members)}


def channel_object(ws: Workspace, channel: Channel) -> Json:
    if channel.im_with:
        return {
            "id": channel.id,
            "is_im": True,
            "user": channel.im_with,
            "created": _EPOCH,
            "is_archived": False,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": channel.bot_in,
        "is_shared": False,
        "is_ext_shared": False,
        "created": _EPOCH,
        "context_team_id": ws.team,
    }


def conversations_info(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    return {"channel": channel_object(ws, seen(ws, str(params.get("channel") or "")))}


def conversations_members(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    channel = seen(ws, str(params.get("channel") or ""))
    inside = {one for one in ws.users if channel.has(one) and one not in (ws.bot_user, SLACKBOT)}
    page, cursor = _page(sorted(inside | ({ws.bot_user} if channel.bot_in else set())), params)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def conversations_open(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    users = [one for one in str(params.get("users") or "").split(",") if one]
    if len(users) != 1:
        raise ApiError("too_many_users" if users else "users_list_not_supplied")
    user = ws.users.get(users[0])
    if user is None:
        raise ApiError("user_not_found")
    if user.is_bot:
        raise ApiError("cannot_dm_bot")
    if user.deleted:
        raise ApiError("user_disabled")
    return {"channel": {"id": ws.dm(user.id).id}}


def bots_info(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    if params.get("bot", ws.bot_id) != ws.bot_id:
        raise ApiError("bot_not_found")
    name = ws.users[ws.bot_user].name
    bot = {"id": ws.bot_id, "app_id": ws.app_id, "user_id": ws.bot_user, "name": name, "deleted": False}
    return {"bot": bot | {"updated": _EPOCH}}


def team_info(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    return {"team": {"id": ws.team, "name": ws.domain, "domain": ws.domain, "email_domain": "", "icon": {}}}
