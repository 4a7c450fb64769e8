"""After a round: was anything lost, was anything done or said twice, does the audit log hold, is the database whole. Everything
is looked at from outside: in Slack as people see it, in the cloud, and in the database by SQL."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from bot.simulator.slack import SimMessage
from tests.crashes.acts import End
from tests.crashes.people import People, replies
from tests.journeys import evidence
from tests.journeys.seats import words
from tests.journeys.stage import Stage

AGAIN = "it may stand here twice"
CLAIMED = """
SELECT project FROM members WHERE image = ? AND outcome = 'done'
AND (shared_until IS NULL OR shared_until > (julianday('now') - 2440587.5) * 86400000000)
AND lane IN (SELECT lanes.id FROM lanes JOIN requests ON requests.id = request WHERE action = 'share')
"""


@dataclass(kw_only=True)
class Verdict:
    """Empty lists: all is well."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Of the audit log, of the database, of what is shown."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.double or self.broken)

    def __str__(self) -> str:
        parts = (("lost", self.lost), ("double", self.double), ("broken", self.broken))
        return "; ".join(f"{name}: {', '.join(what)}" for name, what in parts if what) or "good"


def marked(message: SimMessage) -> bool:
    """Whether it came with the words that it may be a repetition; a card loses them when it is drawn anew."""
    return any(AGAIN in words(version) for version in (message, *message.history))


async def judged(p: People, ends: Sequence[End], *, running: bool = False) -> Verdict:
    """Once nothing is left to be done. While the bot is `running` its files still hold what has been emptied since."""
    stage, verdict = p.stage, Verdict()
    with closing(sqlite3.connect(stage.database)) as db:
        verdict.lost += [*_unanswered(p), *_unfinished(db, sum(end.given_up for end in ends))]
        verdict.double += [*_repeated(stage), *_double_effects(stage), *_double_rows(db, ends)]
        verdict.broken += [*_unsound(db), *_audit_gaps(db, ends)]
        for end in ends:
            verdict.lost += [*_missing_effect(stage, db, end), *_missing_words(stage, db, end)]
    problem = await evidence.audit_problem(stage.database)
    verdict.broken += [f"audit log: {problem}"] if problem else []
    verdict.broken += evidence.misshapen(stage.slack)
    content = {"the log": stage.log.getvalue().encode(), **evidence.database_bytes(stage.database)}
    leaks = evidence.leaks(stage.slack, content)
    verdict.broken += [
        one for one in leaks if not (running and one.startswith("response_url") and "bot.db" in one)
    ]
    return verdict


# -- nothing lost ------------------------------------------------------------------------------------------


def _unanswered(p: People) -> Iterator[str]:
    """Each acknowledged command said something to the person, and nothing that only asks for patience."""
    for delivery in p.acknowledged:
        said = delivery.body.get("text", "") if isinstance(delivery.body, dict) else ""
        if delivery.kind == "slash_commands" and not said:
            yield f"an empty answer to {delivery.payload['text']!r}"
        if "Nothing was recorded: the bot" in said or "went wrong inside the bot" in said:
            yield f"{said!r} to {delivery.payload.get('text')!r}"


def _unfinished(db: sqlite3.Connection, given_up: int) -> Iterator[str]:
    rows = db.execute("SELECT kind, subject FROM due WHERE kind NOT IN ('deadline', 'remind', 'take_back')")
    yield from (f"still due: {kind} {subject}" for kind, subject in rows)
    (gone,) = db.execute("SELECT count(*) FROM notices WHERE state = 'given_up'").fetchone()
    if gone != given_up:
        yield f"{gone} notices given up, not {given_up}"
    rows = db.execute("SELECT id, kind, state FROM notices WHERE state NOT IN ('delivered', 'given_up')")
    yield from (f"notice {id} ({kind}) is {state}" for id, kind, state in rows)
    rows = db.execute("SELECT id, body FROM inbox WHERE handled_at IS NULL")
    yield from (f"press {id} was not handled: {body}" for id, body in rows)


def _missing_effect(stage: Stage, db: sqlite3.Connection, end: End) -> Iterator[str]:
    found = dict(db.execute("SELECT id, state FROM lanes WHERE request = ?", (end.request,)).fetchall())
    if end.lanes and found != dict(end.lanes):
        yield f"request #{end.request}: lanes are {found}, not {dict(end.lanes)}"
    for image, projects in end.shared.items():
        if stage.shared(image) != set(projects):
            yield f"{image} is shared with {sorted(stage.shared(image))}, not {sorted(projects)}"
        rows = db.execute(CLAIMED, (image,))
        if claimed := {row[0] for row in rows} - stage.shared(image):
            yield f"the bot says that {image} is shared with {sorted(claimed)}, and it is not"


def _missing_words(stage: Stage, db: sqlite3.Connection, end: End) -> Iterator[str]:
    if end.request and not stage.cards(end.request):
        refused = [t for user in stage.acted for t in stage.private(user) if f"#{end.request}" in t]
        if end.lanes or not refused:
            yield f"request #{end.request} has no card and no answer"
        return
    said = replies(stage, end.request)
    for part in end.says:
        if not any(part in text for text in said):
            yield f"request #{end.request}: nobody said {part!r}, but {said}"
    if end.request:
        known = db.execute("SELECT channel, ts FROM cards WHERE request = ?", (end.request,)).fetchall()
        left = [button for channel, ts in known for button in stage.slack.buttons(channel, ts)]
        if left:
            yield f"request #{end.request} still shows {[b.text for b in left]}"
    for user, part in end.private:
        if not any(part in text for text in stage.private(user)):
            yield f"{user} was never told {part!r}"


# -- nothing twice -----------------------------------------------------------------------------------------


def _repeated(stage: Stage) -> Iterator[str]:
    """No message stands there twice without the words that it may."""
    every = [
        m
        for key in stage.slack.ws.messages
        for m in stage.slack.messages(key)
        if m.user == stage.slack.bot_user
    ]
    plain = Counter((m.channel, m.thread_ts, m.text.partition(AGAIN)[0]) for m in every if not marked(m))
    yield from (f"said {times} times: {what[2]!r}" for what, times in plain.items() if times > 1)


def _double_effects(stage: Stage) -> Iterator[str]:
    yield from (f"a useless call: {effect}" for effect in stage.ims.redundant)
    done = Counter((e.what, e.image, e.project) for e in stage.ims.effects)
    yield from (f"{times} times: {what}" for what, times in done.items() if times > 1)


def _double_rows(db: sqlite3.Connection, ends: Sequence[End]) -> Iterator[str]:
    asked = sum(1 for end in ends if end.request)
    (there,) = db.execute("SELECT count(*) FROM requests WHERE parent IS NULL").fetchone()
    if there != asked:
        yield f"{there} requests of {asked} commands"
    for end in ends:
        (counted,) = db.execute(
            "SELECT count(*) FROM decisions JOIN lanes ON lanes.id = lane WHERE request = ?", (end.request,)
        ).fetchone()
        if end.request and counted != end.decisions:
            yield f"request #{end.request}: {counted} decisions, not {end.decisions}"


# -- sound -------------------------------------------------------------------------------------------------


def _unsound(db: sqlite3.Connection) -> Iterator[str]:
    yield from (f"integrity: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok")
    yield from (f"foreign key: {row}" for row in db.execute("PRAGMA foreign_key_check"))


def _audit_gaps(db: sqlite3.Connection, ends: Sequence[End]) -> Iterator[str]:
    """Every request, decision, job and final lane has its event, once."""
    events = db.execute("SELECT id, kind, request, lane, data FROM events ORDER BY id").fetchall()
    first = events[0][0] if events else 1
    if [row[0] for row in events] != list(range(first, first + len(events))):
        yield "the numbers of the audit log have a gap"
    for end in ends:
        kinds = Counter(kind for _, kind, request, _, _ in events if request == end.request)
        yield from (f"#{end.request}: {kinds[kind]} events {kind}" for kind in end.audit if kinds[kind] != 1)
    for lane, cloud_job in db.execute("SELECT lane, cloud_job FROM jobs WHERE cloud_job IS NOT NULL"):
        told = [
            data
            for _, kind, _, at, data in events
            if at == lane and cloud_job in json.dumps(json.loads(data))
        ]
        if not told:
            yield f"job {cloud_job} of lane {lane} stands in no event"
    for lane, user in db.execute("SELECT lane, user FROM decisions"):
        number = db.execute("SELECT request FROM lanes WHERE id = ?", (lane,)).fetchone()[0]
        known = db.execute(
            "SELECT count(*) FROM events WHERE request = ? AND actor_user = ?", (number, user)
        ).fetchone()[0]
        if not known:
            yield f"the decision of {user} on {lane} stands in no event"
    for lane, state in db.execute("SELECT id, state FROM lanes WHERE ended_at IS NOT NULL"):
        if not any(at == lane for _, _, _, at, _ in events):
            yield f"lane {lane} is {state} and stands in no event"


__all__ = ["AGAIN", "Verdict", "judged", "marked", "replies"]
