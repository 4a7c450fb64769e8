"""Events as a security lake takes them: Open Cybersecurity Schema Framework 1.3.0, class Entity Management.

Why that class: an event of ours is a change of a request, a lane, the policy or the log itself by a person or by the
bot, which is what Entity Management is for. API Activity (6003) would demand the caller's network address, which
Slack does not tell; the classes for accounts and sessions speak of rights given to people, and a share gives none.
https://schema.ocsf.io/1.3.0/classes/entity_management
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.domain.audit.chaining import canonical, instant
from bot.domain.audit.plain import as_plain, from_plain
from bot.domain.errors import BugError
from bot.domain.model import AuditEvent

VERSION = "1.3.0"
CATEGORY, CLASS = 3, 3004
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ACTIVITIES = {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 10: "Activate", 11: "Deactivate"}
_ACTIVITY_OF = {
    "request_received": 1, "lane_planned": 1, "agreed_end_reached": 1, "audit_exported": 2, "audit_retained": 4,
    "bot_started": 10, "bot_stopped": 11,
}  # fmt: skip
"""Whatever is not named here is an update of what there was."""
_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High"}
_SEVERITY_OF = {"glass_broken": 4, "glass_objected": 4, "lane_stuck": 3, "job_stuck": 3, "policy_refused": 3}
_STATUSES = {1: "Success", 2: "Failure"}
_FAILURES = frozenset({"notice_given_up", "lane_failed", "lane_stuck", "job_stuck", "job_refused"})


def as_ocsf(event: AuditEvent) -> dict[str, object]:
    """The event as one OCSF object of JSON values. `unmapped` holds all of it as `as_plain` gives it, hashes
    included, so that it can be verified from the export alone."""
    activity = _ACTIVITY_OF.get(event.kind, 3)
    failure = event.kind in _FAILURES or event.kind.endswith("_refused")
    severity = _SEVERITY_OF.get(event.kind, 2 if failure else 1)
    status = 2 if failure else 1
    said: dict[str, object] = {
        "activity_id": activity,
        "activity_name": _ACTIVITIES[activity],
        "actor": _actor(event),
        "category_name": "Identity & Access Management",
        "category_uid": CATEGORY,
        "class_name": "Entity Management",
        "class_uid": CLASS,
        "entity": _entity(event),
        "message": event.kind.replace("_", " "),
        "metadata": _metadata(event),
        "severity": _SEVERITIES[severity],
        "severity_id": severity,
        "status": _STATUSES[status],
        "status_id": status,
        "time": (event.at - _EPOCH) // timedelta(milliseconds=1),
        "type_name": f"Entity Management: {_ACTIVITIES[activity]}",
        "type_uid": CLASS * 100 + activity,
        "unmapped": as_plain(event),
    }
    return said | _words(event, failure)


def from_ocsf(said: Mapping[str, object]) -> AuditEvent:
    """The event that `as_ocsf` wrote. Raises BugError when it is none, or says something else beside."""
    plain = said.get("unmapped")
    if not isinstance(plain, Mapping):
        raise BugError("this is no audit event: it carries nothing unmapped")
    event = from_plain(plain)
    if canonical(as_ocsf(event)) != canonical(said):
        raise BugError(f"event {event.id} says something else than its record")
    return event


def _actor(event: AuditEvent) -> dict[str, object]:
    if event.actor is None:
        return {"app_name": "imagebot"}
    return {"user": {"uid": event.actor.user, "org": {"uid": event.actor.team}, "type": "User", "type_id": 1}}


def _entity(event: AuditEvent) -> dict[str, object]:
    if event.lane is not None:
        return _of_type("lane", f"lane {event.lane}", event.lane)
    if event.request is not None:
        return _of_type("request", f"request #{event.request}", str(event.request))
    word = event.kind.split("_")[0]
    kind = {"policy": "policy", "audit": "audit log", "head": "audit log"}.get(word, "bot")
    return _of_type(kind, kind, kind)


def _of_type(kind: str, name: str, uid: str) -> dict[str, object]:
    """An entity of a type that OCSF has no number of its own for: 99, Other."""
    return {"name": name, "type": kind, "type_id": 99, "uid": uid}


def _metadata(event: AuditEvent) -> dict[str, object]:
    said: dict[str, object] = {
        "event_code": event.kind,
        "log_name": "audit",
        "original_time": instant(event.at),
        "product": {"name": "imagebot", "vendor_name": "imagebot"},
        "sequence": event.id,
        "uid": event.hash,
        "version": VERSION,
    }
    return said if event.request is None else said | {"correlation_uid": f"request #{event.request}"}


def _words(event: AuditEvent, failure: bool) -> dict[str, object]:
    """What people said of it, where there is something."""
    said: dict[str, object] = {}
    if reason := event.data.get("reason"):
        said["comment"] = str(reason)
    if failure and (why := event.data.get("why") or event.data.get("said") or event.data.get("what")):
        said["status_detail"] = str(why)
    return said
