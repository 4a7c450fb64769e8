"""One message that says how many requests stand, in the stead of a reply under each card. What somebody must act on comes first
and is named with its pairs; what ended well is one short line a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.lifecycle import countable, in_state
from bot.domain.model import Glass, RequestId
from bot.domain.notices import Bullets, Heading, Line, Link, Message, Paragraph, Part, Small, Span, Text, Who
from bot.domain.policy import still_missing
from bot.domain.states import FINAL_LANE_STATES, LaneState, MemberOutcome
from bot.domain.wording.lanes import REVIEW_WORDS, already, tried_again
from bot.domain.wording.pairs import bold, counted, needed, pair_lines, plain
from bot.domain.wording.thread import GOOD, phrase
from bot.domain.wording.views import CardView, LaneView

MAX_CHARS = 9_000
"""Of one digest's lines; Slack takes some 12,000 in a message."""
MAX_SPOKEN = 3_000
"""Of what the top-level text must not leave out."""
_CHUNK, _DETAILS, _REASON, _NUMBERS = 2_400, 3, 160, 120
TROUBLE = (LaneState.FAILED, LaneState.PARTLY_SUCCEEDED, LaneState.STUCK)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One request in a digest."""

    id: RequestId
    line: Line
    spoken: str
    """For the ear."""
    rank: int
    """0: somebody must act; 1: somebody must decide; 2: it has ended or goes on."""
    good: bool
    """Whether all of it is done and verified."""
    over: bool
    """Whether nothing of it goes on."""

    @property
    def chars(self) -> int:
        return sum(len(span.text) if isinstance(span, Text) else 20 for span in self.line)


def entry(view: CardView, url: str) -> Entry:
    """The request as it is stored now. `url` leads to its card; empty when unknown."""
    request = view.request
    troubled = [one for one in view.lanes if one.lane.state in TROUBLE and not tried_again(view, one)]
    waiting = [one for one in view.lanes if one.lane.state is LaneState.AWAITING_APPROVAL]
    head: list[Span] = [
        Link(f"#{request.id}", url),
        plain(" asked by "),
        Who(request.requester.user),
        plain(": "),
    ]
    line: list[Span] = [*head, plain(_standing(view)), *_details(view, troubled), *_needs(view, waiting)]
    states = {one.lane.state for one in view.lanes if not tried_again(view, one)}
    first, then, others = _standing(view).partition("; ")
    rank = 0 if troubled else 1 if waiting else 2
    return Entry(
        id=request.id,
        line=tuple(line),
        spoken=f"#{request.id} {first}{_spoken_pairs(troubled or waiting)}{then}{others}",
        rank=rank,
        good=bool(states) and states == {LaneState.SUCCEEDED},
        over=states <= FINAL_LANE_STATES,
    )


def how_many_fit(entries: Sequence[Entry], most: int) -> int:
    """How many of the first ones make one message in which nothing is left out; at least one."""
    chars = spoken = 0
    for index, one in enumerate(entries):
        chars, spoken = chars + one.chars, spoken + (8 if one.good else len(one.spoken))
        if index and (index >= most or chars > MAX_CHARS or spoken > MAX_SPOKEN):
            return index
    return len(entries)


def digest(entries: Sequence[Entry]) -> Message:
    """The message."""
    groups = [[one for one in entries if one.rank == rank] for rank in range(3)]
    parts: list[Part] = [Heading(f"{counted(len(entries), 'request')}: {_summary(groups)}")]
    for title, group in zip(
        ("Somebody has to act:", "A decision is needed:", "The others:"), groups, strict=True
    ):
        if group:
            parts.append(Paragraph((bold(title),)))
            parts += [Bullets(tuple(lines)) for lines in _chunks(group)]
    parts.append(Small((plain("Said together because many ended at once. Each card shows all of it."),)))
    return Message(text=_spoken(entries, groups), parts=tuple(parts))


def _summary(groups: Sequence[Sequence[Entry]]) -> str:
    act, decide, rest = groups
    good = [one for one in rest if one.good]
    going = [one for one in rest if not one.over]
    counts = {
        "to act on": len(act), "to decide": len(decide), "done and verified": len(good), "not over yet": len(going),
        "ended otherwise": len(rest) - len(good) - len(going),
    }  # fmt: skip
    return ", ".join(f"{count} {words}" for words, count in counts.items() if count)


def _spoken(entries: Sequence[Entry], groups: Sequence[Sequence[Entry]]) -> str:
    act, decide, rest = groups
    said = [f"{counted(len(entries), 'request')}: {_summary(groups)}."]
    if act:
        said.append(f"Somebody has to act: {'; '.join(one.spoken for one in act)}.")
    if decide:
        said.append(f"A decision is needed: {'; '.join(one.spoken for one in decide)}.")
    good, other = [one for one in rest if one.good], [one for one in rest if not one.good]
    if good:
        said.append(f"Done and verified: {_numbers(good)}.")
    if other:
        said.append(f"Also: {'; '.join(one.spoken for one in other)}.")
    return " ".join(said)


def _numbers(entries: Sequence[Entry]) -> str:
    shown = ", ".join(f"#{one.id}" for one in entries[:_NUMBERS])
    return shown + (f" and {len(entries) - _NUMBERS} more" if len(entries) > _NUMBERS else "")


def _chunks(entries: Iterable[Entry]) -> list[list[Line]]:
    """Lists that each fit into one block."""
    chunks: list[list[Line]] = [[]]
    chars = 0
    for one in entries:
        chars += one.chars
        if chunks[-1] and (chars > _CHUNK or len(chunks[-1]) >= 40):
            chunks.append([])
            chars = one.chars
        chunks[-1].append(one.line)
    return chunks


# -- one request -------------------------------------------------------------------------------------------------


def _standing(view: CardView) -> str:
    """`failed, 2 pairs; done and verified, 4 pairs`: what somebody must act on first."""
    sizes: dict[str, list[int]] = {}
    for one in sorted(view.lanes, key=_urgency):
        if tried_again(view, one):
            continue
        good = sum(member.outcome in GOOD for member in one.members)
        size = sizes.setdefault(_state(one), [0, 0])
        size[0], size[1] = size[0] + good, size[1] + len(one.members)
    return (
        "; ".join(f"{state}{_pairs(state, *size)}" for state, size in sizes.items())
        or view.request.state.value
    )


def _urgency(one: LaneView) -> int:
    """What somebody must act on or decide stands first."""
    return 0 if one.lane.state in TROUBLE else 1 if one.lane.state is LaneState.AWAITING_APPROVAL else 2


def _state(one: LaneView) -> str:
    if one.lane.verdict.glass is Glass.REVIEW:
        words = REVIEW_WORDS.get(one.lane.state, in_state(one.lane.state))
        return words[0].lower() + words[1:]
    return "already so" if already(one) else in_state(one.lane.state)


def _pairs(state: str, good: int, all_of_them: int) -> str:
    if not all_of_them:
        return ""
    if state == in_state(LaneState.PARTLY_SUCCEEDED):
        return f", {good} of {counted(all_of_them, 'pair')}"
    return f", {counted(all_of_them, 'pair')}"


def _details(view: CardView, troubled: Sequence[LaneView]) -> list[Span]:
    """What failed, pair by pair, with the reason; where it is not known, what a person can do."""
    spans: list[Span] = []
    for one in troubled:
        if one.lane.state is LaneState.STUCK:
            spans += [plain(". "), plain(_short(one.lane.note or "It is not known whether it was done."))]
            spans.append(
                plain(f" It concerns {phrase(one.members)}. Look at the console, then press Check Again.")
            )
            continue
        bad = [member for member in one.members if member.outcome not in GOOD]
        lines = pair_lines(
            view.request.action, bad, lambda member: _short(member.detail or "no reason is known")
        )
        for line in lines[:_DETAILS]:
            spans += [plain(". "), *line]
        spans += (
            [plain(f" and {len(lines) - _DETAILS} more lines on the card")] if len(lines) > _DETAILS else []
        )
        if any(member.outcome is MemberOutcome.FAILED for member in bad):
            spans.append(plain(". Press Retry Failed on the card."))
    return spans


def _needs(view: CardView, waiting: Sequence[LaneView]) -> list[Span]:
    spans: list[Span] = []
    for one in waiting:
        votes = countable(one.decisions, one.lane.verdict, view.request.requester)
        missing = still_missing(one.lane.verdict.requirement, votes)
        spans += [plain(". Needs "), *needed(missing, view.groups)]
    return spans


def _spoken_pairs(lanes: Sequence[LaneView]) -> str:
    """The pairs that somebody must act on, with the reason of the first: two lanes of them."""
    named = []
    for one in lanes[:2]:
        bad = [member for member in one.members if member.outcome not in GOOD]
        why = (
            one.lane.note
            if one.lane.state is LaneState.STUCK
            else next((m.detail for m in bad if m.detail), "")
        )
        named += [_short(phrase(bad)) + (f": {_short(why, 80)}" if why else "")] if bad else []
    return f" ({'; '.join(named)})" if named else ""


def _short(text: str, most: int = _REASON) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
