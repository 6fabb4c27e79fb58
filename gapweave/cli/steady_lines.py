"""What ``solve``, ``check`` and ``show`` say about a schedule with a period."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gapweave.models.schedule import Schedule
    from gapweave.models.steady_state import SteadyState

#: Numbers of steps that are listed at most.
_MOST_LISTED = 4


def steady_fields(schedule: "Schedule") -> dict[str, object]:
    """Return labels and texts; none without a period."""
    from gapweave.models.steady_state import steady_state

    steady = steady_state(schedule)
    if steady is None:
        return {}
    rates = ", ".join(f"{name} {rate:.4g}" for name, rate in steady.rates.items())
    return {
        f"steps per {steady.rate_unit}": rates,
        "secondary": _ratio_line(schedule),
        "bubble rate": f"{steady.bubble_rate:.2%}",
        "stage-span rate": f"{steady.stage_span_bubble_rate:.2%}",
        "throughput": _gain_line(steady),
    }


def steady_document(schedule: "Schedule") -> dict[str, Any]:
    """Return the same as JSON values, below ``steady_state``; nothing without a period."""
    from gapweave.models.steady_state import steady_state

    steady = steady_state(schedule)
    return {} if steady is None else {"steady_state": steady.to_document()}


def _gain_line(steady: "SteadyState") -> str | None:
    """Return the gain over job after job, and what is known of the jobs alone."""
    if steady.gain is None:
        return None
    if steady.evidence == "bound":
        return f"at least {steady.gain:+.2%} against job after job (each alone no faster than its bound)"
    return f"{steady.gain:+.2%} against job after job (each at its best period found alone)"


def _ratio_line(schedule: "Schedule") -> str | None:
    """Return how many secondary steps fit per step of the primary, and how many more might."""
    note = schedule.solver.notes.get("steps_ratio")
    if not isinstance(note, Mapping):
        return None
    own, *others = schedule.steps
    text = f"{others[0]} {_steps(others[0])} per {own} of the primary, at most {note['at_most']:.3g} per step"
    text += f" by the {note['by']}"
    if note["impossible"]:
        text += f"; proven not to fit: {_listed(note['impossible'])}"
    if note["not_found"]:
        text += f"; not found: {_listed(note['not_found'])}"
    return text


def _steps(count: int) -> str:
    return "step" if count == 1 else "steps"


def _listed(choices: Sequence[Sequence[int]]) -> str:
    texts = [":".join(map(str, steps)) for steps in choices[:_MOST_LISTED]]
    more = [f"{len(choices) - _MOST_LISTED} more"] if len(choices) > _MOST_LISTED else []
    return ", ".join([*texts, *more])
