"""The idle intervals of a schedule as tables and as JSON."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from gapweave.cli.output import write, write_table

if TYPE_CHECKING:
    from gapweave.models.schedule import Schedule

_PHASES = ("warm-up", "steady", "drain", "unused")


def idle_document(schedule: "Schedule", *, primary_only: bool) -> dict[str, Any]:
    """Return the idle intervals, and their sums per device and overall.

    ``horizon`` is the time span that is looked at, in ticks: the makespan of the jobs considered, or one
    period. A ``share`` is idle time divided by it (overall: by devices x horizon).
    """
    from gapweave.models.idle import idle_intervals

    intervals = idle_intervals(schedule, [0] if primary_only else None)
    horizon = _horizon(schedule, primary_only)
    sums: Counter[tuple[int, str]] = Counter()
    for gap in intervals:
        sums[gap.device, gap.phase] += gap.length
    devices = [
        _device_sums(schedule, device, sums, horizon) for device in range(len(schedule.instance.devices))
    ]
    total = sum(row["idle"] for row in devices)
    return {
        "jobs": "primary" if primary_only else "all",
        "horizon": horizon,
        "idle": total,
        "share": total / (horizon * len(devices)) if horizon else 0.0,
        "devices": devices,
        "intervals": [
            {
                "device": gap.device,
                "start": gap.start,
                "end": gap.end,
                "length": gap.length,
                "phase": gap.phase,
            }
            for gap in intervals
        ],
    }


def write_idle(schedule: "Schedule", *, primary_only: bool) -> None:
    """Write every idle interval, then the sums."""
    document = idle_document(schedule, primary_only=primary_only)
    names = [device.name for device in schedule.instance.devices]
    unit = schedule.instance.time_unit
    rows = [
        [names[gap["device"]], *(f"{gap[key]:,}" for key in ("start", "end", "length")), gap["phase"]]
        for gap in document["intervals"]
    ]
    write_table(("device", "start", "end", "length", "phase"), rows, left=["device", "phase"])
    is_periodic = schedule.period is not None
    if is_periodic:
        write("from 0 to the end of the period; an interval across its end is listed as two")
    phases = () if is_periodic else _PHASES
    sums = [
        [row["name"], *(f"{row[phase]:,}" for phase in phases), f"{row['idle']:,}", f"{row['share']:.2%}"]
        for row in document["devices"]
    ]
    write("")
    write_table(("device", *phases, "idle", "share"), sums, left=["device"])
    span = "period" if is_periodic else "makespan"
    whose = "of the primary alone" if primary_only else "of all jobs"
    write(
        f"\nidle {whose}: {document['idle']:,} {unit} on {len(names)} devices, {document['share']:.2%} of"
        f" devices x {span} ({document['horizon']:,} {unit})"
    )


def _horizon(schedule: "Schedule", primary_only: bool) -> int:
    if schedule.period is not None:
        return schedule.period
    return max((row.end for row in schedule.tasks if row.job == 0 or not primary_only), default=0)


def _device_sums(
    schedule: "Schedule", device: int, sums: Counter[tuple[int, str]], horizon: int
) -> dict[str, Any]:
    by_phase = {phase: sums[device, phase] for phase in _PHASES}
    idle = sum(by_phase.values())
    share = idle / horizon if horizon else 0.0
    return {
        "device": device,
        "name": schedule.instance.devices[device].name,
        **by_phase,
        "idle": idle,
        "share": share,
    }
