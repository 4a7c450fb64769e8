"""The card of a request: what will happen, to which pairs, why a human is needed, who may decide, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.lifecycle import countable, in_state
from bot.domain.model import (
    Action,
    Member,
    Request,
)  # fmt: skip
from bot.domain.notices import (
    Divider,
    Heading,
    Line,
    Message,
    Paragraph,
    Part,
    Who,
)  # fmt: skip
from bot.domain.policy import in_words, still_missing
from bot.domain.states import LaneState, RequestState
from bot.domain.wording.lanes import already, lane_parts
from bot.domain.wording.pairs import (
    bold,
    counted,
    image_names,
    lasting,
    names,
    plain,
    project_names,
    spoken,
)  # fmt: skip
from bot.domain.wording.views import CardView, LaneView


def title(request: Request, members: Sequence[Member]) -> str:
    """`#12 Share 2 images with 3 projects`."""
    images = len(image_names(members)) or len(request.image_refs)
    projects = len(project_names(members)) or len(request.project_refs)
    verb, word = ("Share", "with") if request.action is Action.SHARE else ("Stop sharing", "with")
    return f"#{request.id} {verb} {counted(images, 'image')} {word} {counted(projects, 'project')}"


def card(view: CardView, *, buttons: bool = True) -> Message:
    """The whole card. Without buttons it is the answer to `/image status #12`."""
    request = view.request
    parts: list[Part] = [Heading(title(request, view.members)), Paragraph(_asked(view))]
    if request.reason:
        parts.append(Paragraph((bold("Reason: "), plain(request.reason))))
    if request.state is RequestState.PLANNING:
        parts.append(Paragraph((plain("Its images and projects are being looked up."),)))
    if request.refusal:
        parts.append(Paragraph((plain(request.refusal),)))
    for lane_view in view.lanes:
        parts.append(Divider())
        parts += lane_parts(view, lane_view, buttons)
    return Message(text=spoken_card(view), parts=tuple(parts), lead=request.requester.user)


def spoken_card(view: CardView) -> str:
    """The card for the ear: enough to decide by. Begins after the requester's name."""
    request = view.request
    verb = "asks to share" if request.action is Action.SHARE else "asks to stop sharing"
    if request.parent is not None:
        verb = f"asked in #{request.parent} for a share that ends now: taking back"
    what = spoken(image_names(view.members) or list(request.image_refs))
    whom = spoken(project_names(view.members) or list(request.project_refs))
    reason = f" Reason: {request.reason}." if request.reason else " No reason given."
    lanes = " ".join(_spoken_lane(view, lane_view) for lane_view in view.lanes)
    return f"{verb} {what} with {whom}{lasting(request.duration)}.{reason} {lanes} (request #{request.id})"


def _spoken_lane(view: CardView, lane_view: LaneView) -> str:
    lane = lane_view.lane
    many = len(view.lanes) > 1
    part = f"{counted(len(lane_view.members), 'pair')}: " if many else ""
    if lane.state is LaneState.AWAITING_APPROVAL:
        missing = still_missing(
            lane.verdict.requirement, countable(lane_view.decisions, lane.verdict, view.request.requester)
        )
        return f"{part}Waiting for {in_words(missing)}: press Approve or Reject."
    if already(lane_view):
        return f"{part}Already so, nothing to do."
    sentence = f"{part}{in_state(lane.state).capitalize()}"
    return (
        f"{sentence}: {lane.verdict.why}"
        if lane.state in (LaneState.DENIED, LaneState.HOLDING)
        else f"{sentence}."
    )


def _asked(view: CardView) -> Line:
    request = view.request
    if request.parent is not None:
        return (
            plain(f"The agreed time of request #{request.parent} is over; what it shared is taken back."),
        )
    verb = " asks to share " if request.action is Action.SHARE else " asks to stop sharing "
    images = image_names(view.members) or list(request.image_refs)
    projects = project_names(view.members) or list(request.project_refs)
    return (
        Who(request.requester.user), plain(verb), *names(images), plain(" with "), *names(projects),
        plain(lasting(request.duration) + "."),
    )  # fmt: skip
