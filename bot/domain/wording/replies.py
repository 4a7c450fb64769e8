"""What one person is told privately: the answer to a command, and why a click did not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.errors import BotError, CloudRefusedError, CommandError, OperatorError, TransientError
from bot.domain.lifecycle import in_state
from bot.domain.model import CloudMember, Lane, Member, ProjectId, Request
from bot.domain.notices import Bullets, Heading, Line, Message, Moment, Paragraph, Part, Small, Span, Who
from bot.domain.parse import USAGES
from bot.domain.states import RequestState
from bot.domain.wording.card import title
from bot.domain.wording.pairs import bold, code, counted, plain, spoken


def said(text: str) -> Message:
    """One plain paragraph."""
    return Message(text=text, parts=(Paragraph((plain(text),)),))


def received(request: Request) -> Message:
    """The answer in the acknowledgement: stored, not yet judged."""
    text = (
        f"Request #{request.id} is recorded: {counted(len(request.image_refs), 'image')}, "
        f"{counted(len(request.project_refs), 'project')}. They are being looked up; the card follows."
    )
    return said(text)


def dry_run(plan: Message) -> Message:
    """The plan as it would be."""
    first = Paragraph(
        (bold("Dry run: nothing was recorded, nothing will be done. "), plain("It would look like this:"))
    )
    return Message(
        text=f"Dry run, nothing was recorded. It would be: {plan.text}",
        parts=(first, *plan.parts),
        lead=plan.lead,
    )


def looking_up() -> Message:
    return said("Looking that up; the answer follows here.")


def not_understood(error: CommandError, command: str) -> Message:
    """A typing error: what is wrong, what was probably meant, where to read on."""
    parts: list[Part] = [Paragraph((plain(error.message),))]
    if error.suggestion:
        parts.append(Paragraph((plain("Did you mean "), code(error.suggestion), plain("?"))))
    if error.hint:
        parts.append(Paragraph((plain(error.hint),)))
    parts.append(Small((plain("All commands: "), code(f"{command} help"))))
    guess = f" Did you mean {error.suggestion}?" if error.suggestion else ""
    return Message(text=f"{error.message}{guess} Nothing was recorded.", parts=tuple(parts))


def refused(request: Request, why: str) -> Message:
    """A stored request that could not become a plan."""
    text = f"Request #{request.id} cannot be carried out: {why}"
    return Message(
        text=text, parts=(Paragraph((bold(f"Request #{request.id} cannot be carried out: "), plain(why))),)
    )


def too_many_open(count: int, limit: int, command: str) -> Message:
    return said(
        f"You have {count} open requests; the policy allows {limit}. Nothing was recorded. "
        f"See them with {command} list mine, and cancel one with {command} cancel #12."
    )


def too_many_pairs(count: int, limit: int) -> Message:
    return said(
        f"That is {counted(count, 'pair')} of an image and a project; the policy allows {limit} in one request. "
        "Nothing was recorded. Split it into several requests."
    )


def click_ignored(why: str) -> Message:
    """To the person whose click did not count."""
    return said(f"Your click was not counted. {why}")


def cannot_post(request: Request, channel: str, reason: str) -> Message:
    """The bot cannot show the card; the request is kept."""
    text = (
        f"Request #{request.id} is recorded, but I cannot post its card in this channel ({reason}). "
        "Type /invite and my name there; the card then appears by itself, and nothing is lost."
    )
    return said(text)


def unknown_request(number: int) -> Message:
    return said(f"There is no request #{number}.")


def not_yours(request: Request, verb: str) -> Message:
    text = f"Only the person who asked can {verb} request #{request.id}."
    return Message(
        text=text, parts=(Paragraph((plain(text[:-1] + ": "), Who(request.requester.user), plain("."))),)
    )


def nothing_to(verb: str, request: Request) -> Message:
    return said(f"Request #{request.id} has nothing to {verb} any more.")


def done(text: str) -> Message:
    return said(text)


# -- lists -------------------------------------------------------------------------------------------------------


def listing(
    rows: Sequence[tuple[Request, Sequence[Lane], Sequence[Member]]], which: str, command: str
) -> Message:
    """`/image list`: one line a request, newest first."""
    if not rows:
        return said(f"No requests ({which}). Ask with {command} share.")
    lines: list[Line] = []
    for request, lanes, members in rows:
        line: list[Span] = [
            bold(title(request, members)),
            plain(f", {_standing(request, lanes)}, asked by "),
            Who(request.requester.user),
        ]
        line += [plain(", "), Moment(request.created_at)]
        lines.append(tuple(line))
    text = f"{counted(len(rows), 'request')} ({which}): " + "; ".join(
        f"#{r.id} {_standing(r, lanes)}" for r, lanes, _ in rows
    )
    return Message(text=text, parts=(Heading(f"Requests ({which})"), Bullets(tuple(lines))))


def _standing(request: Request, lanes: Sequence[Lane]) -> str:
    if request.state is RequestState.PLANNING:
        return "being looked up"
    if request.state in (RequestState.REFUSED, RequestState.EXPIRED, RequestState.CANCELLED) or not lanes:
        return request.state.value
    return ", ".join(dict.fromkeys(in_state(lane.state) for lane in lanes))


def who_has(
    image: str, members: Sequence[CloudMember], register: Mapping[ProjectId, str], at: datetime
) -> Message:
    """`/image who IMAGE`: the image's member list as the cloud shows it just now."""
    if not members:
        return said(f"{image} is shared with no project.")
    lines: list[Line] = []
    for member in members:
        name = register.get(member.project)
        label: Line = (
            (code(name), plain(f" ({member.project})"))
            if name
            else (code(member.project), plain(" (not in the register)"))
        )
        lines.append((*label, plain(f": {_ACCEPTED.get(member.status, member.status)}")))
    shown = lines[:40] + ([(plain(f"… and {len(lines) - 40} more"),)] if len(lines) > 40 else [])
    text = f"{image} is shared with {counted(len(members), 'project')}."
    spoken_names = spoken([register.get(m.project, m.project) for m in members])
    return Message(
        text=f"{text} {spoken_names}",
        parts=(
            Heading(text[:150]),
            Bullets(tuple(shown)),
            Small((plain("As the cloud showed it, "), Moment(at))),
        ),
    )


_ACCEPTED = {"pending": "not yet accepted", "accepted": "accepted", "rejected": "rejected by the receiver"}


def help_text(command: str, topic: str | None) -> Message:
    """The help, made from the parser's own table."""
    usages = [u for u in USAGES if topic in (None, u.name)] or list(USAGES)
    lines: list[Line] = []
    for usage in usages:
        lines.append((code(f"{command} {usage.synopsis}".strip()), plain(f"  {usage.summary}")))
        if topic == usage.name:
            lines += [(plain("e.g. "), code(f"{command} {example}".strip())) for example in usage.examples]
    text = "; ".join(f"{command} {u.synopsis}: {u.summary}" for u in usages)
    return Message(
        text=text,
        parts=(Heading(f"{command} {topic}" if topic else f"What {command} can do"), Bullets(tuple(lines))),
    )


# -- errors ------------------------------------------------------------------------------------------------------


def trouble(error: BotError, reference: str) -> Message:
    """An error in a person's words. The branch of the error tree decides what is promised."""
    if isinstance(error, CloudRefusedError):
        number = f" (cloud request {error.request_id})" if error.request_id else ""
        return said(f"The cloud refused: {error.message}{number}")
    if isinstance(error, OperatorError):
        return said(
            f"The bot cannot do this just now and its operator has to help (reference {reference}). Nothing was recorded."
        )
    if isinstance(error, TransientError):
        return said("That did not work just now. Nothing was recorded; please try again in a minute.")
    return said(f"Something went wrong in the bot (reference {reference}). Please tell its operator.")
