"""``gapweave check``: the independent verifier, and the lower bound proven again."""

from typing import TYPE_CHECKING, Any

from gapweave.cli.arguments import JsonOption, ScheduleArgument
from gapweave.cli.documents import refuse_violations
from gapweave.cli.output import counted, printable, write, write_fields, write_json
from gapweave.cli.steady_lines import steady_document, steady_fields
from gapweave.models.errors import Rejected

if TYPE_CHECKING:
    from gapweave.models.bounds import Verdict
    from gapweave.models.schedule import Schedule
    from gapweave.models.verify import Violation

#: Violations that are printed; all are counted, and ``--json`` gives them all.
_SHOWN = 20


def check(schedule: ScheduleArgument, as_json: JsonOption = False) -> None:
    """Verify a schedule by the rules alone, and prove its lower bound again from the instance.

    Ends with exit code 6 if a rule is broken or the bound's certificate is false.
    """
    from gapweave.models.bounds import reprove
    from gapweave.models.schedule import Schedule
    from gapweave.models.verify import verify

    loaded = Schedule.load(schedule)
    violations = verify(loaded)
    verdict = reprove(loaded)
    if as_json:
        write_json(_report(schedule, loaded, violations, verdict))
    else:
        write_fields(_description(schedule, loaded, verdict))
        write("\n".join(_rule_lines(violations)))
    refuse_violations(schedule, violations)
    if verdict.proven is False:
        raise Rejected(f"{schedule}: bound: {verdict.message}")


def _report(
    path: str, schedule: "Schedule", violations: "list[Violation]", verdict: "Verdict"
) -> dict[str, Any]:
    bound = {
        "argument": None if schedule.bound is None else schedule.bound.argument,
        "value": schedule.lower_bound,
        "proven": verdict.proven,
        "reproven_value": verdict.value,
        "message": verdict.message,
    }
    return {
        "schedule": path,
        "instance": schedule.instance.name,
        "valid": not violations and verdict.proven is not False,
        "makespan": schedule.makespan,
        "period": schedule.period,
        "status": schedule.status,
        "bound": bound,
        "violations": [_violation(violation) for violation in violations],
    } | steady_document(schedule)


def _violation(violation: "Violation") -> dict[str, Any]:
    return {
        "rule": violation.rule,
        "message": violation.message,
        "task": None if violation.task is None else str(violation.task),
        "device": violation.device,
        "time": violation.time,
    }


def _description(path: str, schedule: "Schedule", verdict: "Verdict") -> dict[str, object]:
    instance = schedule.instance
    unit = instance.time_unit
    numbers = {"job": len(instance.jobs), "device": len(instance.devices), "task": len(schedule.tasks)}
    counts = ", ".join(counted(number, noun) for noun, number in numbers.items())
    return {
        "schedule": path,
        "instance": f"{instance.name} ({counts})",
        "claim": f"{schedule.status}, mode {schedule.mode}, objective {schedule.objective}",
        "makespan": f"{schedule.makespan:,} {unit}",
        "period": None if schedule.period is None else f"{schedule.period:,} {unit}",
        "bound": _bound_line(schedule, verdict),
        **steady_fields(schedule),
    }


def _bound_line(schedule: "Schedule", verdict: "Verdict") -> str:
    if schedule.bound is None or schedule.lower_bound is None:
        return "none known"
    value = f"{schedule.lower_bound:,} {schedule.instance.time_unit} by {schedule.bound.argument}"
    if verdict.proven:
        return f"{value}, proven again"
    return f"{value}, {'not proven again' if verdict.proven is None else 'FALSE'}: {verdict.message}"


def _rule_lines(violations: "list[Violation]") -> list[str]:
    if not violations:
        return ["rules     OK: every rule of a feasible schedule holds"]
    lines = [f"rules     {counted(len(violations), 'violation')}"]
    lines += [f"  {printable(str(violation))}" for violation in violations[:_SHOWN]]
    if len(violations) > _SHOWN:
        lines.append(f"  ... and {len(violations) - _SHOWN:,} more (--json gives all)")
    return lines
