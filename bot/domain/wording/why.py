"""`why #12` in words: what each part of a request met in the policy, condition by condition."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.lifecycle import in_state
from bot.domain.notices import Bullets, Divider, Heading, Line, Message, Paragraph, Part, Small
from bot.domain.policy import in_words
from bot.domain.policy.explain import ClauseTrace, RuleTrace
from bot.domain.wording.pairs import bold, code, counted, image_names, names, plain, project_names
from bot.domain.wording.views import CardView, LaneView

BY_WHAT = "As the policy in force judges it now, by the facts of the plan and the requester's groups of this moment."
ANSWER = {True: "yes", False: "no", None: "unknown"}


def explanation(view: CardView, lanes: Sequence[tuple[LaneView, Sequence[RuleTrace]]]) -> Message:
    """Each part with its verdict and the rules that speak of it; the first pair of a part stands for all of it."""
    parts: list[Part] = [Heading(f"Why #{view.request.id}")]
    spoken = []
    for lane_view, traces in lanes:
        verdict = lane_view.lane.verdict
        needs = f" It needs {in_words(verdict.requirement)}." if "1" in in_words(verdict.requirement) else ""
        spoken.append(
            f"{counted(len(lane_view.members), 'pair')} {in_state(lane_view.lane.state)}: {verdict.why}{needs}"
        )
        parts += [Divider(), Paragraph(_head(lane_view))]
        parts += [Paragraph((plain(verdict.why),))] if verdict.why else []
        parts.append(Bullets(tuple(line for trace in traces if trace.speaks for line in _rule(trace))))
    parts.append(
        Small(
            (
                plain(
                    "As the policy in force judges it now, by the facts of the plan and the requester's groups of this moment."
                ),
            )
        )
    )
    return Message(text=f"Why #{view.request.id}: " + " ".join(spoken), parts=tuple(parts))


def _head(lane_view: LaneView) -> Line:
    members = lane_view.members
    return (
        bold(in_state(lane_view.lane.state).capitalize()), plain(f" ({counted(len(members), 'pair')}): "),
        *names(image_names(members)), plain(" with "), *names(project_names(members)),
    )  # fmt: skip


def _rule(trace: RuleTrace) -> list[Line]:
    applies = {True: "applies", False: "does not apply", None: "hangs on something unknown"}[trace.applies]
    lines: list[Line] = [(bold(trace.effect.value), plain(" "), code(trace.rule), plain(f": {applies}"))]
    lines += [(plain("    "), *_clause(clause)) for clause in trace.when]
    for exception in trace.unless:
        lines += [(plain("    unless "), *_clause(clause)) for clause in exception]
    return lines + [(plain(f"    {note}"),) for note in trace.notes]


def _clause(clause: ClauseTrace) -> Line:
    return (
        plain(f"{clause.fact} {clause.operator} {clause.wanted}: is "), code(clause.actual or "nothing"),
        plain(f", {ANSWER[clause.holds]}"),
    )  # fmt: skip
