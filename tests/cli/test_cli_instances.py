"""``gapweave instances``: listing, showing and making."""

import json
from pathlib import Path

from outcome import Run

from gapweave.instances import names
from gapweave.models.instance import Instance

MAKE = ("instances", "make", "--devices", "4", "--microbatches", "8,6", "--seed", "3")


def test_list_names_every_shipped_instance(run: Run) -> None:
    rows = json.loads(run("instances", "list", "--json").out)["instances"]
    assert [row["name"] for row in rows] == names()
    for row in rows[:: len(rows) // 8]:
        instance = Instance.load(row["name"])
        assert row["tasks"] == instance.task_count
        assert row["microbatches"] == [job.microbatch_count for job in instance.jobs]


def test_the_table_has_one_line_per_instance(run: Run) -> None:
    lines = run("instances", "list").out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == names()


def test_show_as_json_is_the_instance_file(run: Run, tmp_path: Path) -> None:
    name = names()[0]
    (tmp_path / "copy.json").write_text(run("instances", "show", name, "--json").out, encoding="utf-8")
    assert Instance.load(tmp_path / "copy.json") == Instance.load(name)


def test_show_lists_every_stage(run: Run) -> None:
    instance = Instance.load("uniform-p8-m16-k2")
    out = run("instances", "show", "uniform-p8-m16-k2").out
    stages = [line for line in out.splitlines() if line.strip().startswith(("primary ", "secondary "))]
    assert len(stages) == sum(len(job.stages) for job in instance.jobs)


def test_make_writes_the_same_instance_for_the_same_seed(run: Run) -> None:
    run(*MAKE, "-o", "one.json")
    run(*MAKE, "-o", "two.json")
    run(*MAKE[:-1], "4", "-o", "other.json")
    one, two, other = (Instance.load(f"{name}.json") for name in ("one", "two", "other"))
    assert one == two
    assert one.jobs != other.jobs


def test_make_passes_every_option_on(run: Run) -> None:
    options = ("--reversed", "--split", "--spread", "0", "--transfer", "7", "--memory-microbatches", "5")
    run(*MAKE, *options, "--name", "mine", "-o", "mine.json")
    instance = Instance.load("mine.json")
    assert instance.name == "mine"
    assert [job.microbatch_count for job in instance.jobs] == [8, 6]
    assert [stage.device for stage in instance.jobs[1].stages] == [3, 2, 1, 0]
    assert len({stage.work for job in instance.jobs for stage in job.stages}) == 1
    assert all(stage.is_split for job in instance.jobs for stage in job.stages)
    assert set(instance.jobs[0].forward_lags) == {7}
    assert {device.memory_capacity for device in instance.devices} == {50}


def test_names_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    instance = Instance.load("uniform-p4-m8-k1").model_copy(update={"name": "\x1b[31m[red]\nx"})
    instance.save(tmp_path / "odd.json")
    out = run("instances", "show", "odd.json").out
    assert "\x1b" not in out
    assert "\\x1b[31m[red]\\nx" in out


def test_make_as_json_says_what_was_made(run: Run) -> None:
    made = json.loads(run(*MAKE, "-o", "one.json", "--json").out)
    instance = Instance.load("one.json")
    assert made == {"name": instance.name, "tasks": instance.task_count, "output": "one.json"}
