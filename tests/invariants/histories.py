"""Bad histories, each made from a good one by one change, with the name of the invariant that has to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.domain.model import DueKind, Person
from bot.domain.notices import (
    Bullets,
    Group,
    Heading,
    Message,
    NoticeKind,
    NoticeState,
    Paragraph,
    Text,
)
from bot.domain.states import FINAL_LANE_STATES, JobState, LaneState, MemberOutcome, RequestState
from tests.invariants.evidence import Change, Collected, DueRow, Said, Typed

Bad = Callable[[Collected], None]


def change(seen: Collected, table: str, which: Callable[[Any], bool], **changes: Any) -> Any:
    """The first fitting row of a table is other than it was; it comes back as it was."""
    rows = list(getattr(seen.stored, table))
    place = next(n for n, row in enumerate(rows) if which(row))
    old, rows[place] = rows[place], replace(rows[place], **changes)
    seen.stored = replace(seen.stored, **{table: tuple(rows)})
    return old


def drop(seen: Collected, table: str, which: Callable[[Any], bool]) -> Any:
    rows = list(getattr(seen.stored, table))
    gone = next(row for row in rows if which(row))
    rows.remove(gone)
    seen.stored = replace(seen.stored, **{table: tuple(rows)})
    return gone


def say(seen: Collected, **said: Any) -> None:
    seen.said = [*seen.said, Said(**{"at": 1e9, "method": "post", "channel": "C0IMAGES", **said})]


# -- bad histories ---------------------------------------------------------------------------------------------


def unapproved(seen: Collected) -> None:
    """The votes for a lane that ran were never given."""
    lanes = {job.lane for job in seen.stored.jobs}
    needs = {d.lane for d in seen.stored.decisions if d.approve} & lanes
    seen.stored = replace(
        seen.stored, decisions=tuple(d for d in seen.stored.decisions if d.lane not in needs)
    )


def nobodys_call(seen: Collected) -> None:
    """Something is shared that no lane asked for."""
    first = seen.calls[0]
    seen.calls = [*seen.calls, replace(first, at=1e9, projects=(*first.projects, "f" * 32))]  # type: ignore[arg-type]


def forgotten_command(seen: Collected) -> None:
    drop(seen, "requests", lambda r: r.dedupe_key == _recorded(seen).key)


def _recorded(seen: Collected) -> Typed:
    return next(t for t in seen.typed if t.answer.text.startswith("Request #"))


def command_twice(seen: Collected) -> None:
    first = seen.stored.requests[0]
    seen.stored = replace(seen.stored, requests=(*seen.stored.requests, replace(first, id=999)))  # type: ignore[arg-type]


def forgotten_click(seen: Collected) -> None:
    drop(seen, "inbox", lambda item: item.dedupe_key == seen.pressed[0].key)


def click_twice(seen: Collected) -> None:
    event = next(e for e in seen.stored.events if e.kind == "lane_approved_by")
    seen.stored = replace(seen.stored, events=(*seen.stored.events, event))


def unanswered(seen: Collected) -> None:
    """A question is acknowledged that nobody stored."""
    message = Message(text="Looking that up; the answer follows here.")
    asked = Typed(at=1, person=Person("T0OWN", "U0BOB"), text="who x", key="lost", answer=message)
    seen.typed = [*seen.typed, asked]


def unsaid_answer(seen: Collected) -> None:
    seen.said = [said for said in seen.said if said.method != "respond"]


def blind(seen: Collected) -> None:
    """The same call once more, at once."""
    seen.calls = sorted(
        [*seen.calls, replace(seen.calls[0], at=seen.calls[0].at + 0.001)], key=lambda c: c.at
    )


def unread(seen: Collected) -> None:
    seen.listings = []


def never_sent(seen: Collected) -> None:
    change(seen, "members", lambda m: m.outcome is MemberOutcome.NOT_RUN, outcome=MemberOutcome.DONE)


def not_so(seen: Collected) -> None:
    """What the last job shared was never shared."""
    jobs = {job.cloud_job for job in seen.stored.jobs}
    last = next(c for c in reversed(seen.changes) if c.by in jobs)
    other = Change(
        at=last.at,
        image=last.image,
        project=last.project,
        status=None if last.status else "pending",
        by=last.by,
    )
    seen.changes = [c for c in seen.changes if c is not last] + [other]


def untrue_result(seen: Collected) -> None:
    bad = next(
        r
        for r in seen.stored.requests
        if not any(la.state is LaneState.SUCCEEDED for la in seen.stored.lanes_of(r.id))
    )
    text = f"Done and verified: x shared with y. (request #{bad.id})"
    say(seen, thread="1.1", message=Message(text=text))


def untrue_card(seen: Collected) -> None:
    done = Paragraph((Text("Done and verified", "bold"),))
    number = seen.stored.requests[0].id
    many = (done,) * 50
    say(seen, message=Message(text="x", parts=(Heading(f"#{number} Share"), *many)))


def untrue_job(seen: Collected) -> None:
    say(seen, message=Message(text="x", parts=(Bullets(((Text("a" * 32, "code"),),)),)))


def for_ever(seen: Collected) -> None:
    change(seen, "lanes", lambda lane: lane.state is LaneState.SUCCEEDED, state=LaneState.RUNNING)


def left_over(seen: Collected) -> None:
    seen.stored = replace(seen.stored, due=(DueRow(DueKind.POLL, "1", seen.stored.events[0].at, None),))


def job_for_ever(seen: Collected) -> None:
    change(seen, "jobs", lambda job: True, state=JobState.UNKNOWN)


def request_for_ever(seen: Collected) -> None:
    change(seen, "requests", lambda r: r.state is RequestState.ENDED, state=RequestState.PLANNING)


def silently_stuck(seen: Collected) -> None:
    change(seen, "lanes", lambda lane: lane.state in FINAL_LANE_STATES, state=LaneState.STUCK)


def undelivered(seen: Collected) -> None:
    change(seen, "notices", lambda n: n.kind is NoticeKind.THREAD, state=NoticeState.PENDING)


def given_up_in_silence(seen: Collected) -> None:
    change(seen, "notices", lambda n: n.kind is NoticeKind.PRIVATE, state=NoticeState.GIVEN_UP)


def never_stood(seen: Collected) -> None:
    text = next(n.message.text for n in seen.stored.notices if n.kind is NoticeKind.THREAD and n.message)
    seen.said = [said for said in seen.said if said.message.text != text]


def out_of_order(seen: Collected) -> None:
    seen.said = list(reversed(seen.said))


def card_twice(seen: Collected) -> None:
    card = next(s for s in seen.said if s.method == "post" and isinstance(s.message.parts[0], Heading))
    seen.said = [*seen.said, replace(card, ref=replace(card.ref, ts="9.9"))]  # type: ignore[type-var]


def reply_twice(seen: Collected) -> None:
    seen.said = [*seen.said, next(s for s in seen.said if s.thread)]


def marked_for_nothing(seen: Collected) -> None:
    seen.interruptions = []
    say(seen, mark="it may stand here twice", message=Message(text="x"))


def rejected_in_vain(seen: Collected) -> None:
    change(seen, "decisions", lambda d: d.approve, approve=False)


def strangers_vote(seen: Collected) -> None:
    change(seen, "decisions", lambda d: True, person=Person("T0OTHER", "U0LEO"))


def wrong_groups(seen: Collected) -> None:
    event = next(e for e in seen.stored.events if e.kind == "lane_approved_by")
    change(
        seen,
        "events",
        lambda e: e is event,
        data={**event.data, "groups": ["engineers", "leads", "security"]},
    )


def refused_for_nothing(seen: Collected) -> None:
    lane = next(lane for lane in seen.stored.lanes if lane.state is LaneState.DENIED)
    change(seen, "lanes", lambda la: la is lane, verdict=replace(lane.verdict, why=""))


def failed_for_nothing(seen: Collected) -> None:
    change(seen, "members", lambda m: m.outcome is MemberOutcome.NOT_RUN, detail="")


def refusal_not_shown(seen: Collected) -> None:
    lane = next(lane for lane in seen.stored.lanes if lane.state is LaneState.DENIED)
    rule = lane.verdict.rules[0] if lane.verdict.rules else ""
    change(
        seen,
        "lanes",
        lambda la: la is lane,
        verdict=replace(lane.verdict, why=f"no rule permits this {rule} (unsaid)"),
    )


def click_unanswered(seen: Collected) -> None:
    drop(seen, "notices", lambda n: n.message is not None and "Your click" in n.message.text)


def event_changed(seen: Collected) -> None:
    change(seen, "events", lambda e: True, kind="something_else")


def event_gone(seen: Collected) -> None:
    drop(seen, "events", lambda e: e.id == 3)


def step_unlogged(seen: Collected) -> None:
    event = next(
        e for e in reversed(seen.stored.events) if e.lane and "state" in e.data and "job" not in e.data
    )
    drop(seen, "events", lambda e: e is event)


def decision_unlogged(seen: Collected) -> None:
    seen.stored = replace(
        seen.stored, events=tuple(e for e in seen.stored.events if e.kind != "lane_approved_by")
    )


def illegal_step(seen: Collected) -> None:
    event = next(e for e in reversed(seen.stored.events) if e.kind == "lane_succeeded")
    seen.stored = replace(
        seen.stored,
        events=(*seen.stored.events, replace(event, data={**event.data, "state": "awaiting_approval"})),
    )


def secret_kept(seen: Collected) -> None:
    change(seen, "requests", lambda r: True, response_url=seen.secrets[0])


def secret_shown(seen: Collected) -> None:
    say(seen, message=Message(text=f"see {seen.secrets[0]}"))


def strange_group(seen: Collected) -> None:
    say(seen, message=Message(text="x", parts=(Paragraph((Group("all", "S0EVERYBODY"),)),)))


BAD: list[tuple[str, Bad]] = [
    ("shared_by_right", unapproved), ("shared_by_right", nobodys_call), ("acknowledged_commands", forgotten_command),
    ("acknowledged_commands", command_twice), ("acknowledged_clicks", forgotten_click),
    ("acknowledged_clicks", click_twice), ("questions_answered", unanswered), ("questions_answered", unsaid_answer),
    ("no_blind_second_submit", blind), ("outcomes_were_read", unread), ("outcomes_were_read", never_sent),
    ("truth_at_the_end", not_so), ("messages_hold", untrue_result), ("messages_hold", untrue_card),
    ("messages_hold", untrue_job), ("everything_ends", for_ever), ("everything_ends", left_over),
    ("everything_ends", job_for_ever), ("everything_ends", request_for_ever), ("stuck_is_said", silently_stuck),
    ("everything_delivered", undelivered), ("everything_delivered", given_up_in_silence),
    ("everything_delivered", never_stood), ("delivered_in_order", out_of_order), ("duplicates_are_marked", card_twice),
    ("duplicates_are_marked", reply_twice), ("duplicates_are_marked", marked_for_nothing),
    ("votes_count", rejected_in_vain), ("votes_count", strangers_vote), ("votes_count", wrong_groups),
    ("refusals_say_why", refused_for_nothing), ("refusals_say_why", failed_for_nothing),
    ("refusals_say_why", refusal_not_shown), ("clicks_are_answered", click_unanswered),
    ("chain_holds", event_changed), ("chain_holds", event_gone), ("every_step_is_logged", step_unlogged),
    ("every_step_is_logged", decision_unlogged), ("steps_are_legal", illegal_step), ("no_secret_left", secret_kept),
    ("no_secret_left", secret_shown), ("no_foreign_mention", strange_group),
]  # fmt: skip
