import pytest

from gapweave.reports.memory_scale import MemoryScale


@pytest.mark.parametrize(
    ("unit", "largest", "text"),
    [
        ("B", 29_796_335_616, "29.8 GB"),
        ("MB", 19_840, "19.8 GB"),
        ("MB", 943, "943 MB"),
        ("MiB", 2048, "2 GiB"),
        ("GB", 0, "0 GB"),
        ("unit", 1, "1 unit"),
        ("unit", 12, "12 units"),
        ("microbatch", 3, "3 microbatch"),
    ],
)
def test_amounts_are_written_in_the_unit_that_suits_them(unit: str, largest: int, text: str) -> None:
    assert MemoryScale.fitting(unit, largest).format(largest) == text


def test_small_amounts_beside_large_ones_keep_the_common_unit() -> None:
    scale = MemoryScale.fitting("MB", 20_000)
    assert [scale.format(level) for level in (0, 50, 500)] == ["0 GB", "0.05 GB", "0.5 GB"]
