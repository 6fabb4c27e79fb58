"""What only a GPU can show; `benchmarks/gpu.py` measures the rest."""

from itertools import combinations

import pytest
import torch
from test_races import PLACEMENTS, pair
from virtual_runs import tiny_jobs

from gapweave.executor.run import run
from gapweave.executor.runtime.virtual_devices.sm_partition import partition
from gapweave.executor.runtime.virtual_devices.streams import CudaStream

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


@pytest.mark.parametrize("split", [True, False])
def test_products_are_right_on_every_share(split: bool):
    device = torch.device("cuda", 0)
    share = partition(device, 4, split=split)
    left = torch.randn(512, 512, device=device)
    torch.cuda.synchronize()
    expected = left @ left
    torch.cuda.synchronize()
    for stream in share.streams:
        with stream.active():
            found = left @ left
        stream.synchronize()
        torch.testing.assert_close(found, expected)


def test_shares_are_streams_of_their_own():
    share = partition(torch.device("cuda", 0), 4)
    raw = [one.stream.cuda_stream for one in share.streams if isinstance(one, CudaStream)]
    assert len(raw) == 4
    assert all(one != other for one, other in combinations(raw, 2))


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_pair_ends_with_the_parameters_of_another_run(placement: str):
    schedule = pair(PLACEMENTS[placement], split=True, clipped=True)
    first, second = (run(schedule, tiny_jobs(schedule), steps=3, backend="one-gpu") for _ in range(2))
    assert first.digests == second.digests
    assert first.losses == second.losses
