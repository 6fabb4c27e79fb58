"""How many threads a rank on a CPU computes with: one, whatever carries the messages.

Sums of floats depend on the number of threads, and several threads for a small task wait for each other
longer than they compute.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
