"""Trouble to order: a queue of faults, each used up after so many requests. Carries none of them out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.simulator.ims.answers import RefusedError, gateway, ims, unauthenticated

_BODIES = ("429", "401", "403", "500", "502", "503", "504", "html", "empty", "refuse")
_CONNECTION = ("lose_answer", "hang")
JOB_ENDINGS = frozenset({"job_never_ends", "job_fail_but_shared", "job_success_but_missing"})
"""Used up by the call that makes a job."""
JOB_READINGS = frozenset({"job_absent"})
"""Used up by a look at a job."""
WIRE = (
    frozenset(_BODIES)
    | {f"{name}_after" for name in _BODIES}
    | {f"{name}_{when}" for name in _CONNECTION for when in ("before", "after")}
)
"""Used up by any request. `..._after`: the work is done first."""


@dataclass(kw_only=True)
class Fault:
    what: str
    argument: str = ""
    """After the colon: the code of `refuse:IMG.0067`, the seconds of `429:30`, the status of `html:502`."""
    times: int = 1
    match: str = ""
    """Part of `METHOD /path`."""

    @property
    def after(self) -> bool:
        return self.what.endswith("_after")

    @property
    def name(self) -> str:
        return self.what.removesuffix("_after").removesuffix("_before")


@dataclass
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def add(self, what: str, *, times: int = 1, match: str = "", retry_after: float | None = None) -> Fault:
        """ValueError, naming all that exist, for a fault that does not."""
        name, _, argument = what.partition(":")
        known = WIRE | JOB_ENDINGS | JOB_READINGS
        if name not in known or (name.startswith("refuse") and not argument):
            raise ValueError(
                f"no fault {what!r}; there are {', '.join(sorted(known))} (refuse:CODE, 429:SECONDS)"
            )
        if retry_after is not None:
            argument = f"{retry_after:g}"
        fault = Fault(what=name, argument=argument, times=times, match=match)
        self.waiting.append(fault)
        return fault

    def take(self, where: str, among: Collection[str]) -> Fault | None:
        """The oldest fault for `METHOD /path`, one use of it gone; None when there is none."""
        for fault in self.waiting:
            if fault.what in among and fault.match in where:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None


def refusal(fault: Fault) -> RefusedError | None:
    """The error answer of a fault; None for one that is no JSON error (html, empty, cut, hanging)."""
    match fault.name:
        case "429":
            wait = {"Retry-After": fault.argument} if fault.argument else None
            message = (
                "The throttling threshold has been reached: policy user over ratelimit,limit:1,time:1 second"
            )
            return gateway("APIGW.0308", message, headers=wait)
        case "401":
            return unauthenticated(fault.argument or "verify aksk signature fail")
        case "403":
            return ims("IMG.0026")
        case "500":
            return ims("IMG.0061", status=500)
        case "502":
            return gateway("APIGW.0202")
        case "503":
            return gateway("APIGW.0613")
        case "504":
            return gateway("APIGW.0203")
        case "refuse":
            return ims(fault.argument)
        case _:
            return None
