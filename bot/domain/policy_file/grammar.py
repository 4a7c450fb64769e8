"""The grammar of the file as tables: the keys of each section, the form of each word, the bounds of each number.
What the reader refuses and what the JSON Schema says both come from here. Reads nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.policy import Effect

VERSION = 1

Keys = Mapping[str, str]
"""Each key with what it means, in words an editor can show."""

POLICY: Keys = {
    "version": "the version of this language: 1",
    "groups": "who is who: name to slack_usergroup and/or slack_users",
    "projects": "the register: the only targets that exist",
    "defaults": "what holds where a rule does not say otherwise",
    "limits": "how much one request, and one person, may ask for",
    "break_glass": "who may go ahead without approvals in an emergency, and who reviews it",
    "rules": "forbid, permit and require; their order never matters",
    "tests": "what this file promises; a file that breaks one is not loaded",
}
POLICY_REQUIRED = ("version", "groups", "projects", "rules")
GROUP: Keys = {
    "slack_usergroup": "id of a Slack user group, such as S0ENGINEERS",
    "slack_users": "member ids of people, such as U0ALICE",
}
PROJECT: Keys = {
    "id": "the cloud's id: 32 of 0-9a-f",
    "name": "what people type",
    "env": "yours to choose, such as dev or prod; the fact project.env",
    "tenant": "yours to choose, such as self; the fact project.tenant",
    "labels": "name to text; each is a fact project.labels.NAME",
}
DEFAULTS: Keys = {
    "self_approval": "whether the requester's own approval counts",
    "expires_after": "an undecided or holding request is over after that",
    "remind": "times after the start at which approvers are reminded",
    "channel": "id of the channel all cards go to",
    "time_zone": "IANA name, for request.hour and request.weekday",
}
LIMITS: Keys = {
    "max_pairs": "images times projects of one request",
    "max_open_per_requester": "open requests of one person",
    "max_images": "images of one request",
    "max_projects": "projects of one request",
    "max_duration": "the longest a share may last; one without an end ends then",
}
BREAK_GLASS: Keys = {
    "by": "groups whose people may go ahead without approvals",
    "review": "who has to look at it afterwards, such as {count: 1, from: [security]}",
    "reason": "min_length: how many characters the reason has at least",
    "max_pairs": "images times projects of one such request",
    "review_within": "how soon it has to be reviewed",
}
BREAK_GLASS_REASON: Keys = {"min_length": "characters of the reason, at least"}
RULE: Keys = {
    "id": "unique; people see it in refusals and in the audit log",
    "effect": "forbid denies, permit opens, require only adds approvals",
    "action": "share, unshare, or any",
    "mode": "enforce, or warn: on trial, told of without effect",
    "when": "conditions that must all be true; {} is always true",
    "unless": "exceptions: one mapping of conditions, or a list of them",
    "require": "none, {count, from}, {all_of: [...]} or {any_of: [...]}",
    "message": "one sentence that people see",
    "reason": "what the typed reason must look like",
    "share_for": "how long a share may last: 30d, or {max: 30d, default: 7d}",
    "self_approval": "whether the requester's own approval counts",
    "notify": "groups to tell, instead of those who can approve",
    "escalate": "groups to tell when it still waits after a time: {after: 4h, to: [group]}, or a list of these",
}
RULE_REQUIRED = ("id", "effect", "when")
REASON: Keys = {"pattern": "a regular expression the reason contains", "hint": "what to write, for people"}
SHARE_FOR: Keys = {"max": "the longest time", "default": "how long when no time was typed"}
ESCALATE: Keys = {"after": "how long it has waited", "to": "groups to tell"}
NEED: Keys = {"count": "how many different people", "from": "groups they are in"}
MANY: Keys = {"all_of": "all of these", "any_of": "one of these"}
TEST: Keys = {"name": "what is promised", "request": "what is asked", "expect": "what has to come out"}
EXPECT: Keys = {
    "outcome": "allow, needs_approvals, hold or deny",
    "rule": "id of a rule that takes part",
    "require": "the approvals, in words or as in a rule",
    "warns": "id of a rule on trial that gives a warning",
}
REQUEST: Keys = {
    "by": "who asks",
    "image": "facts of the image; what is not said is unknown",
    "project": "a name of the register",
    "action": "share or unshare",
    "duration": "how long, such as 7d",
    "reason": "the reason as typed",
    "pairs": "pairs of the whole request",
    "images": "images of the whole request",
    "projects": "projects of the whole request",
    "channel": "id of the channel it is typed in",
    "at": "a moment with its zone, such as 2025-01-01T12:00:00Z",
}
REQUEST_REQUIRED = ("by", "image", "project")
BY: Keys = {
    "groups": "groups they are in",
    "unknown_groups": "groups Slack could not tell",
    "guest": "whether they are a guest",
    "id": "their Slack user id",
}

ONLY_WITH: Mapping[str, tuple[Effect, ...]] = {
    "require": (Effect.PERMIT, Effect.REQUIRE),
    "reason": (Effect.PERMIT, Effect.REQUIRE),
    "self_approval": (Effect.PERMIT, Effect.REQUIRE),
    "notify": (Effect.PERMIT, Effect.REQUIRE),
    "escalate": (Effect.PERMIT, Effect.REQUIRE),
    "share_for": (Effect.PERMIT,),
}
"""Keys of a rule that only some effects have."""

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""Of a group, a project, a rule."""
PROJECT_ID = r"[0-9a-f]{32}"
IMAGE_ID = r"[0-9a-f-]{32,36}"
USER = r"[UW][A-Z0-9]{1,20}"
USERGROUP = r"S[A-Z0-9]{1,20}"
CHANNEL = r"[CGD][A-Z0-9]{1,20}"
TIME_ZONE = r"[A-Za-z0-9_+/-]{1,64}"

MAX_SENTENCE = 300
MAX_COUNT = 20
MAX_ITEMS = 8
"""Of one all_of or any_of; at least 2."""
MAX_REMINDERS = 10
MAX_ESCALATIONS = 5
MAX_PAIRS = 100_000
MAX_OPEN = 10_000
MAX_REASON = 256
