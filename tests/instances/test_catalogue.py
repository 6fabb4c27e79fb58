"""Laws of every shipped instance, whatever its family."""

import re

import pytest

from gapweave.instances import FOLDER, names
from gapweave.models.instance import Instance

FAMILY_SIZES = {
    r"zb-[0-9.]+b-p\d+-m\d+-[12]x": 24,
    r"zb-[0-9.]+b-p\d+-m\d+-unsplit": 12,
    r"zb-[0-9.]+b-p\d+-m\d+-(v|interleaved)-1x": 4,
    r"zb-[0-9.]+b\+[0-9.]+b-p\d+-m\d+-[12]x": 24,
    r"fusion-\d\d": 12,
    r"fusion-\d\d-cap": 12,
    r"opposed-v\d+": 7,
    r"opposed-x\d+": 8,
    r"uneven-p8-m32": 1,
    r"uniform-p\d+-m\d+-k1": 2,
    r"uniform-p8-m\d+-k2(-reversed)?(-cap16)?": 12,
}


@pytest.fixture(scope="module")
def shipped() -> list[Instance]:
    return [Instance.load(name) for name in names()]


@pytest.mark.parametrize(("pattern", "size"), FAMILY_SIZES.items())
def test_every_family_is_complete(pattern: str, size: int) -> None:
    assert sum(re.fullmatch(pattern, name) is not None for name in names()) == size


def test_every_name_belongs_to_one_family() -> None:
    for name in names():
        assert sum(re.fullmatch(pattern, name) is not None for pattern in FAMILY_SIZES) == 1


def test_every_instance_has_the_name_of_its_file_and_says_where_it_comes_from(
    shipped: list[Instance],
) -> None:
    for instance, name in zip(shipped, names(), strict=True):
        assert instance.name == name
        assert instance.description
        assert instance.source


def test_the_numbers_in_a_name_are_those_of_the_instance(shipped: list[Instance]) -> None:
    checked = 0
    for instance in shipped:
        sizes = re.search(r"-p(\d+)-m(\d+)", instance.name)
        if sizes is not None:
            checked += 1
            assert len(instance.devices) == int(sizes[1])
            assert {job.microbatch_count for job in instance.jobs} == {int(sizes[2])}
    assert checked == 79


def test_every_device_works_and_has_room_for_any_one_microbatch(shipped: list[Instance]) -> None:
    for instance in shipped:
        stages = [stage for job in instance.jobs for stage in job.stages]
        assert {stage.device for stage in stages} == set(range(len(instance.devices)))
        for stage in stages:
            capacity = instance.devices[stage.device].memory_capacity
            assert capacity is None or stage.memory.peak <= capacity


def test_no_two_instances_are_the_same_problem(shipped: list[Instance]) -> None:
    problems = {instance.model_dump_json(exclude={"name", "description"}) for instance in shipped}
    assert len(problems) == len(shipped)


def test_the_shipped_files_are_small() -> None:
    assert sum((FOLDER / f"{name}.json").stat().st_size for name in names()) < 2_000_000
