"""1,000 schedules, each with one thing changed: the verifier and a tick-by-tick simulation must agree."""

from collections.abc import Callable
from random import Random

from rule_simulator import broken_rules, has_exactly_its_tasks, simulated_levels
from schedule_factory import as_fill, edited, random_instance, random_schedule, with_capacity

from gapweave.models.schedule import Primary, Schedule
from gapweave.models.verify import verify

Mutation = Callable[[Random, Schedule], Schedule]


def _nonzero(rng: Random, most: int) -> int:
    return rng.choice([-1, 1]) * rng.randint(1, most)


def _shift_one_task(rng: Random, schedule: Schedule) -> Schedule:
    rows = list(schedule.tasks)
    index, by = rng.randrange(len(rows)), _nonzero(rng, 4)
    rows[index] = rows[index]._replace(start=rows[index].start + by, end=rows[index].end + by)
    return edited(schedule, rows)


def _swap_two_tasks(rng: Random, schedule: Schedule) -> Schedule:
    rows = list(schedule.tasks)
    one = rng.randrange(len(rows))
    alike = [i for i, row in enumerate(rows) if row[:4] == rows[one][:4] and i != one]
    two = rng.choice(alike) if alike and rng.random() < 0.7 else rng.randrange(len(rows))
    first, second = rows[one], rows[two]
    rows[one] = first._replace(start=second.start, end=second.start + first.end - first.start)
    rows[two] = second._replace(start=first.start, end=first.start + second.end - second.start)
    return edited(schedule, rows)


def _drop_one_task(rng: Random, schedule: Schedule) -> Schedule:
    dropped = rng.randrange(len(schedule.tasks))
    return edited(schedule, [row for index, row in enumerate(schedule.tasks) if index != dropped])


def _double_one_task(rng: Random, schedule: Schedule) -> Schedule:
    row, by = rng.choice(schedule.tasks), rng.randint(0, 5)
    return edited(schedule, [*schedule.tasks, row._replace(start=row.start + by, end=row.end + by)])


def _run_on_wrong_device(rng: Random, schedule: Schedule) -> Schedule:
    rows, count = list(schedule.tasks), len(schedule.instance.devices)
    index = rng.randrange(len(rows))
    rows[index] = rows[index]._replace(
        device=(rows[index].device + rng.randint(1, max(1, count - 1))) % count
    )
    return edited(schedule, rows)


def _change_a_capacity(rng: Random, schedule: Schedule) -> Schedule:
    peaks = [max(levels.values()) for levels in simulated_levels(schedule)]
    device = rng.randrange(len(peaks))
    peaks[device] = rng.randint(max(0, peaks[device] - 3), peaks[device])
    return with_capacity(schedule, *peaks)


def _change_a_duration(rng: Random, schedule: Schedule) -> Schedule:
    rows = list(schedule.tasks)
    index = rng.randrange(len(rows))
    rows[index] = rows[index]._replace(end=rows[index].end + _nonzero(rng, 3))
    return edited(schedule, rows)


def _change_the_period(rng: Random, schedule: Schedule) -> Schedule:
    if schedule.period is None:
        return _shift_one_task(rng, schedule)
    return schedule.model_copy(update={"period": max(1, schedule.period + _nonzero(rng, 2))})


def _change_a_claim(rng: Random, schedule: Schedule) -> Schedule:
    value = schedule.value
    headers: list[dict[str, object]] = [
        {"makespan": schedule.makespan + _nonzero(rng, 1)},
        {"job_makespans": {**schedule.job_makespans, "job0": rng.randint(0, value)}},
        {"lower_bound": value + rng.randint(-1, 1), "status": rng.choice(["optimal", "feasible"])},
    ]
    return schedule.model_copy(update=rng.choice(headers))


MUTATIONS: tuple[Mutation, ...] = (
    _shift_one_task,
    _shift_one_task,
    _shift_one_task,
    _swap_two_tasks,
    _swap_two_tasks,
    _drop_one_task,
    _double_one_task,
    _run_on_wrong_device,
    _change_a_capacity,
    _change_a_duration,
    _change_the_period,
    _change_a_claim,
)


def _valid_schedule(rng: Random) -> Schedule:
    """A random valid schedule of a random flavour, often with no memory to spare."""
    flavour = rng.choice(["joint", "slack", "fill", "period", "period"])
    instance = random_instance(rng)
    if flavour == "period":
        jobs = tuple(job.model_copy(update={"release": 0}) for job in instance.jobs)
        instance = instance.model_copy(update={"jobs": jobs})
    schedule = random_schedule(rng, instance)
    if flavour == "fill":
        schedule = as_fill(schedule)
    elif flavour == "slack":
        limit = schedule.job_makespans["job0"] + rng.randint(0, 1)
        primary = Primary(source="factory", makespan=limit, limit=limit)
        schedule = schedule.model_copy(update={"primary": primary})
    elif flavour == "period":
        schedule = _periodic(rng, schedule)
    if rng.random() < 0.7:
        return with_capacity(schedule, *(max(levels.values()) for levels in simulated_levels(schedule)))
    return schedule


def _periodic(rng: Random, schedule: Schedule) -> Schedule:
    """The same tasks, repeated with the least period of some tries at which nothing collides."""
    tries = sorted(rng.randint(1, schedule.makespan) for _ in range(6))
    for period in (*tries, max(row.end for row in schedule.tasks)):
        repeated = edited(schedule, schedule.tasks, period=period)
        if not broken_rules(repeated):
            return repeated
    raise AssertionError("a period as long as the whole schedule is always possible")


def test_the_verifier_agrees_with_brute_force_on_1000_mutations() -> None:
    breaking = 0
    for seed in range(1000):
        rng = Random(seed)
        schedule = _valid_schedule(rng)
        assert not broken_rules(schedule), f"seed {seed} begins with a broken schedule"
        assert verify(schedule) == [], f"seed {seed}"
        mutated = rng.choice(MUTATIONS)(rng, schedule)
        found = {violation.rule for violation in verify(mutated)}
        if has_exactly_its_tasks(mutated):
            assert found == broken_rules(mutated), f"seed {seed}"
        else:
            assert "1" in found, f"seed {seed}"
        breaking += bool(found)
    assert 500 < breaking < 950, "the mutations must both break and keep the rules"
