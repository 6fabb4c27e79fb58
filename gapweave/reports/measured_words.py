"""A run beside its plan in words and tables."""

from collections.abc import Iterable

from gapweave.executor.measured.comparison import RunComparison
from gapweave.executor.measured.gaps import CAUSES, Cause, DeviceLosses, Loss
from gapweave.models.task import Task
from gapweave.reports.captions import KIND_NAMES, printable
from gapweave.reports.row_table import Cell, RowTable
from gapweave.reports.time_scale import TimeScale, grouped

#: What each cause of lost time means.
CAUSE_WORDS: dict[Cause, str] = {
    "peer": "an input was produced late",
    "transfer": "a message travelled longer than planned",
    "step before": "the device was still busy with the step before",
    "overhead": "all inputs were there, but the task had not begun",
    "slower": "the median of such tasks takes longer than planned",
    "interference": "this task took longer than the median of its kind",
    "unplanned": "an optimizer step that the plan does not have",
}
_LONGEST_NAME = 24
_MOST_RATIOS = 12
#: Beyond this factor, planned and measured busy times are not of the same stages.
_ALIKE = 2.0


def comparison_sentences(run: RunComparison) -> list[str]:
    """Return what is to be said about makespans, the length of a tick, and how far to trust it."""
    scale = _scale(run)
    sentences = [
        f"Makespan: planned {_time(scale, run.planned_makespan)}, measured "
        f"{_time(scale, run.median_makespan)}{_over_steps(run)}; planned / measured "
        f"{run.median_ratio:.3f}."
    ]
    if len(run.steps) > 1:
        sentences.append(f"By step: {_ratios(run)}.")
    if run.step_time is not None:
        sentences.append(
            f"From one step to the next: {_time(scale, run.step_time)}; planned / measured "
            f"{run.planned_makespan / run.step_time:.3f}."
        )
    if run.left_out:
        names = ", ".join(printable(name, _LONGEST_NAME) for name in run.left_out)
        sentences.append(f"No task of {names} ran: the plan is shown without, its time kept free.")
    sentences += _about_ticks(run)
    if run.is_serial:
        sentences.append(
            "No two devices ever worked at the same time, as if one thread carried out all of them: causes "
            "of idle time then say nothing."
        )
    return sentences


def losses_table(run: RunComparison) -> RowTable:
    """Return one row per device: what each cause took, what was regained, and how late the device ended."""
    scale = _loss_scale(run)
    names = _device_names(run)
    shown = [cause for cause in CAUSES if run.by_cause[cause]]
    columns = ("device", *shown, "lost", "regained", f"ends later ({scale.unit})")
    rows = [_numbers(device, shown) for device in run.losses]
    rows.append([sum(column) for column in zip(*rows, strict=True)])
    cells = tuple(
        (Cell(name), *(_number(scale, value) for value in numbers))
        for name, numbers in zip([*names, "all"], rows, strict=True)
    )
    return RowTable(columns, cells, (None,) * len(cells), 1)


def longest_losses(run: RunComparison, most: int | None = None) -> RowTable:
    """Return one row per idle interval or task that took longer than planned, the longest loss first."""
    scale, names = _loss_scale(run), _device_names(run)
    found = sorted(
        ((loss, device.device) for device in run.losses for loss in device.losses),
        key=lambda entry: (-entry[0].lost, entry[1], entry[0].begin),
    )
    unit = f"({scale.unit})"
    columns = ("device", "what", "why", "from", "planned", "measured", f"lost {unit}")
    cells = tuple(
        (
            Cell(names[device]),
            Cell(_what(run, loss)),
            Cell(_why(loss, scale)),
            *(
                _number(scale, value)
                for value in (loss.begin, loss.planned, loss.end - loss.begin, loss.lost)
            ),
        )
        for loss, device in found[:most]
    )
    return RowTable(columns, cells, (None,) * len(cells), 3)


def loss_count(run: RunComparison) -> int:
    """Return how many idle intervals and tasks took longer than planned."""
    return sum(len(device.losses) for device in run.losses)


def meanings(run: RunComparison) -> list[tuple[Cause, str]]:
    """Return the causes that occur, with what they mean."""
    return [(cause, CAUSE_WORDS[cause]) for cause in CAUSES if run.by_cause[cause]]


def shown_title(run: RunComparison) -> str:
    """Return the title of the measured chart."""
    last = run.steps[-1].repetition + 1
    return f"measured, step {run.shown.repetition + 1} of {last}"


def _scale(run: RunComparison) -> TimeScale:
    return TimeScale.fitting("ns", max(run.planned_makespan, run.shown.makespan))


def _loss_scale(run: RunComparison) -> TimeScale:
    """Return a unit in which the largest loss of a device has a few digits."""
    largest = max((sum(device.by_cause.values()) for device in run.losses), default=0)
    return TimeScale.fitting("ns", largest)


def _time(scale: TimeScale, nanoseconds: float) -> str:
    return scale.format(round(nanoseconds))


def _number(scale: TimeScale, nanoseconds: int) -> Cell:
    """Write a time without its unit: with so many decimals that columns line up."""
    return Cell(f"{nanoseconds / scale.ticks:,.2f}")


def _over_steps(run: RunComparison) -> str:
    count = len(run.steps) - (run.steps[0].repetition == 0 and len(run.steps) > 1)
    if count == 1:
        return f" in step {run.shown.repetition + 1}"
    return f" (median of {count:,} steps{' after the first' if count < len(run.steps) else ''})"


def _ratios(run: RunComparison) -> str:
    ratios = list(run.ratios.items())
    texts = [f"{ratio:.3f}" for _, ratio in ratios]
    if len(texts) > _MOST_RATIOS:
        half = _MOST_RATIOS // 2
        texts = [*texts[:half], "…", *texts[-half:]]
    return " ".join(texts)


def _about_ticks(run: RunComparison) -> list[str]:
    if run.length.is_estimated:
        each = TimeScale.fitting("ns", round(run.length.nanoseconds)).format(round(run.length.nanoseconds))
        return [f"A tick of the plan is taken for {each}: then planned and measured busy time are the same."]
    if not 1 / _ALIKE < run.busy_ratio < _ALIKE:
        return [
            f"Tasks took {grouped(run.busy_ratio)} times as long as planned: the plan is of other stages "
            "or devices (--rescale compares it all the same)."
        ]
    return []


def _numbers(device: DeviceLosses, shown: Iterable[Cause]) -> list[int]:
    lost = device.by_cause
    return [*(lost[cause] for cause in shown), sum(lost.values()), device.regained, device.lateness]


def _device_names(run: RunComparison) -> list[str]:
    return [printable(device.name, _LONGEST_NAME) for device in run.schedule.instance.devices]


def _what(run: RunComparison, loss: Loss) -> str:
    return f"{'idle before ' if loss.is_idle else ''}{_task_words(run, loss.task)}"


def _task_words(run: RunComparison, task: Task) -> str:
    job = printable(run.schedule.instance.jobs[task.job].name, _LONGEST_NAME)
    kind = KIND_NAMES.get(task.kind, task.kind)  # type: ignore[call-overload]
    step = f", step {task.step}" if run.schedule.steps[task.job] > 1 else ""
    microbatch = "" if task.microbatch is None else f" {task.microbatch}"
    return f"{kind}{microbatch} of {job}, stage {task.stage}{step}"


def _why(loss: Loss, scale: TimeScale) -> str:
    if len(loss.parts) == 1:
        return next(iter(loss.parts))
    parts = sorted(loss.parts.items(), key=lambda entry: -entry[1])
    return ", ".join(f"{cause} {_number(scale, part).text}" for cause, part in parts)
