"""How ranks that were started together agree on a prefix of their own in a store that outlives them.

torchrun's agents keep one store over restarts and count restarts each for itself: neither tells one round of
processes from the next; keys of an earlier round would be taken for those of this one.
"""

import json
import time
import uuid
from typing import Protocol

from gapweave.models.errors import ExecutionFailed

_GLANCE = 0.02


class Store(Protocol):
    """What is needed of ``torch.distributed.Store``."""

    def set(self, key: str, value: str, /) -> None:
        """Write a value."""

    def get(self, key: str, /) -> bytes:
        """Read a value, as soon as there is one."""

    def check(self, keys: list[str], /) -> bool:
        """Whether there are values."""


def common_prefix(store: Store, rank: int, ranks: int, seconds: float) -> str:
    """Return a prefix that the ranks of this round share, and no earlier round had.

    Every rank draws a name; rank 0 lists the names that it finds until all ranks have confirmed one list.

    Raises
    ------
    ExecutionFailed
        Some rank was missing for so long.
    """
    name, end = uuid.uuid4().hex, time.monotonic() + seconds
    store.set(f"name/{rank}", name)
    while time.monotonic() < end:
        if rank == 0:
            listed = json.dumps([name, *(store.get(f"name/{other}").decode() for other in range(1, ranks))])
            store.set("listed", listed)
            if all(_confirmed(store, other) == listed for other in range(1, ranks)):
                store.set("agreed", listed)
                return name
        else:
            listed = store.get("listed").decode()
            if json.loads(listed)[rank] == name:
                store.set(f"confirmed/{rank}", listed)
                agreed = json.loads(store.get("agreed").decode()) if _has(store, "agreed") else []
                if agreed[rank : rank + 1] == [name]:
                    return str(agreed[0])
        time.sleep(_GLANCE)
    raise ExecutionFailed(f"rank {rank}: the ranks did not meet within {seconds:g} s")


def _confirmed(store: Store, rank: int) -> str:
    key = f"confirmed/{rank}"
    return store.get(key).decode() if _has(store, key) else ""


def _has(store: Store, key: str) -> bool:
    return store.check([key])
