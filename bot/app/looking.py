"""What the operator's reading commands show: plain values out of the database, read beside a running bot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.audit import as_plain
from bot.domain.lifecycle import in_state
from bot.domain.model import Lane, Request, RequestId
from bot.domain.states import FINAL_REQUEST_STATES, RequestState
from bot.domain.wording.card import title
from bot.ports import View

EVENTS_AT_ONCE = 5000

Plain = dict[str, Any]
T = TypeVar("T")


async def requests_table(path: Path, which: str, limit: int) -> list[Plain]:
    """One plain row a request, newest first."""
    chosen: Literal["open", "all"] = "open" if which == "open" else "all"

    def query(view: View) -> list[Plain]:
        rows = []
        for request in view.requests(chosen, limit=limit):
            lanes = view.lanes(request.id)
            members = [m for lane in lanes for m in view.members(lane.id)]
            rows.append(
                _request(request) | {"what": title(request, members), "standing": _standing(request, lanes)}
            )
        return rows

    return await _read(path, query)


async def request_tree(path: Path, number: int) -> Plain | None:
    """A request with everything under it."""

    def query(view: View) -> Plain | None:
        request = view.request(RequestId(number))
        if request is None:
            return None
        lanes = [_lane(view, lane) for lane in view.lanes(request.id)]
        events = [as_plain(event) for event in view.events(request=request.id, limit=EVENTS_AT_ONCE)]
        return _request(request) | {"lanes": lanes, "events": events}

    return await _read(path, query)


def _request(request: Request) -> Plain:
    return {
        "id": request.id,
        "state": request.state.value,
        "action": request.action.value,
        "requester": request.requester.user,
        "team": request.requester.team,
        "channel": request.channel,
        "text": request.text,
        "reason": request.reason,
        "refusal": request.refusal,
        "created_at": request.created_at.isoformat(),
        "parent": request.parent,
    }


def _lane(view: View, lane: Lane) -> Plain:
    return {
        "id": lane.id,
        "state": lane.state.value,
        "rules": list(lane.verdict.rules),
        "why": lane.verdict.why,
        "note": lane.note,
        "plan_hash": lane.plan_hash,
        "deadline": lane.deadline.isoformat() if lane.deadline else None,
        "members": [
            {
                "image": m.image.id, "image_name": m.image.name, "project": m.project.id, "project_name": m.project.name,
                "outcome": m.outcome.value, "detail": m.detail, "cloud_status": m.cloud_status,
                "shared_until": m.shared_until.isoformat() if m.shared_until else None,
            }
            for m in view.members(lane.id)
        ],
        "decisions": [
            {"person": d.person.user, "approve": d.approve, "at": d.at.isoformat(), "reason": d.reason}
            for d in view.decisions(lane.id)
        ],
        "jobs": [
            {
                "id": j.id, "state": j.state.value, "cloud_job": j.cloud_job, "images": list(j.images),
                "projects": list(j.projects), "submits": j.submits, "said": j.verdict, "cloud_request": j.cloud_request_id,
            }
            for j in view.jobs(lane.id)
        ],
    }  # fmt: skip


def _standing(request: Request, lanes: tuple[Lane, ...]) -> str:
    if not lanes or request.state in FINAL_REQUEST_STATES - {RequestState.ENDED}:
        return request.state.value
    return ", ".join(dict.fromkeys(in_state(lane.state) for lane in lanes))


def request_words(tree: Plain) -> str:
    """The tree as indented lines."""
    lines = [
        f"#{tree['id']} {tree['action']} by {tree['requester']} in {tree['channel']}, {tree['created_at'][:19]}Z: {tree['state']}"
    ]
    lines.append(f"  typed: {tree['text']}")
    if tree["refusal"]:
        lines.append(f"  refused: {tree['refusal']}")
    for lane in tree["lanes"]:
        lines.append(f"  lane {lane['id']}: {lane['state']} (rules: {', '.join(lane['rules']) or 'none'})")
        lines += [f"    {text}" for text in (lane["why"], lane["note"]) if text]
        for member in lane["members"]:
            tail = ": ".join(
                part for part in (member["outcome"], member["cloud_status"], member["detail"]) if part
            )
            lines.append(f"    {member['image_name']} -> {member['project_name']}: {tail}")
        for decision in lane["decisions"]:
            word = "approved" if decision["approve"] else "rejected"
            lines.append(
                f"    {word} by {decision['person']} at {decision['at'][:19]}Z {decision['reason']}".rstrip()
            )
        for job in lane["jobs"]:
            size = f"{len(job['images'])} x {len(job['projects'])}"
            lines.append(
                f"    job {job['id']}: {job['state']}, {size}, cloud job {job['cloud_job'] or 'none'} {job['said']}".rstrip()
            )
    lines += [f"  {event['at'][:19]}Z {event['kind']}" for event in tree["events"]]
    return "\n".join(lines)


async def _read(path: Path, query: Callable[[View], T]) -> T:
    store = SqliteStore(str(path), readonly=True)
    try:
        return await store.read(query)
    finally:
        await store.close()
