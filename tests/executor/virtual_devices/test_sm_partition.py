import itertools
import sys

import pytest
from fake_driver import FakeDriver

from gapweave.executor.runtime.virtual_devices.sm_partition import (
    Unavailable,
    green_context,
    import_driver,
    sizes,
    split_shares,
    stream_of,
)


@pytest.mark.parametrize(("parts", "size"), [(2, 64), (4, 32), (8, 16)])
def test_132_multiprocessors_split_into_equal_multiples_of_eight(parts: int, size: int):
    driver = FakeDriver()
    shares = split_shares(driver, 0, parts)
    assert (len(shares.resources), shares.size, shares.total) == (parts, size, 132)
    assert driver.calls.count("cuDevSmResourceSplitByCount") == 1


def test_shares_are_disjoint():
    shares = split_shares(FakeDriver(), 0, 4)
    for one, other in itertools.combinations(shares.resources, 2):
        assert not set(one.ids) & set(other.ids)


def test_a_driver_that_refuses_a_size_is_asked_for_the_next_smaller_one():
    assert split_shares(FakeDriver(largest=24), 0, 4).size == 24


def test_too_many_shares_are_refused_with_the_reason():
    with pytest.raises(Unavailable, match="132 multiprocessors do not give 20 shares of 8"):
        split_shares(FakeDriver(), 0, 20)


@pytest.mark.parametrize("name", ["cuDeviceGet", "cuDeviceGetDevResource"])
def test_a_driver_that_cannot_split_is_named_with_its_answer(name: str):
    with pytest.raises(Unavailable, match=f"{name} answered CUDA_ERROR_NOT_SUPPORTED"):
        split_shares(FakeDriver(refuses=name), 0, 4)


def test_a_binding_without_the_functions_is_unavailable():
    with pytest.raises(Unavailable, match="this cuda-bindings has no cuDeviceGet"):
        split_shares(type("Old", (), {})(), 0, 4)


def test_a_binding_that_does_not_find_a_function_in_the_driver_is_unavailable():
    driver = FakeDriver()

    def missing(*arguments: object) -> None:
        raise RuntimeError("Function cuGreenCtxCreate not found")

    driver.cuGreenCtxCreate = missing
    with pytest.raises(Unavailable, match="cuGreenCtxCreate: Function cuGreenCtxCreate not found"):
        green_context(driver, 0, split_shares(driver, 0, 4).resources[0])


def test_each_stream_runs_on_its_own_share():
    driver = FakeDriver()
    shares = split_shares(driver, 0, 4)
    streams = [stream_of(driver, green_context(driver, 0, resource)) for resource in shares.resources]
    assert len(streams) == 4
    assert driver.contexts == [resource.ids for resource in shares.resources]


def test_sizes_go_down_to_one_alignment_and_never_beyond_an_equal_share():
    for total, parts in itertools.product(range(8, 200, 5), range(1, 12)):
        tried = list(sizes(total, parts, 8))
        assert all(size % 8 == 0 and size * parts <= total for size in tried)
        assert not tried or tried[-1] == 8


def test_a_missing_binding_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cuda.bindings.driver", None)
    with pytest.raises(Unavailable, match="cuda-bindings is missing"):
        import_driver()
