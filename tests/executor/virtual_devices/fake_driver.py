"""A stand-in for cuda-bindings' driver module: grants shares as a device of some size would."""

from enum import IntEnum
from types import SimpleNamespace
from typing import Any


class Status(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_NOT_SUPPORTED = 801


class FakeDriver:
    CUdevResourceType = SimpleNamespace(CU_DEV_RESOURCE_TYPE_SM=1)

    def __init__(
        self, total: int = 132, alignment: int = 8, largest: int = 10_000, refuses: str = ""
    ) -> None:
        self.total, self.alignment, self.largest, self.refuses = total, alignment, largest, refuses
        self.calls: list[str] = []
        self.contexts: list[tuple[int, ...]] = []

    def cuDeviceGet(self, ordinal: int) -> tuple[Any, ...]:
        return self._answer("cuDeviceGet", ordinal)

    def cuDeviceGetDevResource(self, device: int, kind: int) -> tuple[Any, ...]:
        return self._answer("cuDeviceGetDevResource", self._resource(range(self.total)))

    def cuDevSmResourceSplitByCount(self, groups: int, whole: Any, flags: int, least: int) -> tuple[Any, ...]:
        size = -(-least // self.alignment) * self.alignment
        if size > self.largest:
            return (Status.CUDA_ERROR_NOT_SUPPORTED, [], 0, None)
        count = min(groups, self.total // size)
        shares = [self._resource(whole.ids[size * i : size * (i + 1)]) for i in range(count)]
        return self._answer(
            "cuDevSmResourceSplitByCount", shares, count, self._resource(whole.ids[size * count :])
        )

    def cuDevResourceGenerateDesc(self, resources: list[Any], count: int) -> tuple[Any, ...]:
        return self._answer("cuDevResourceGenerateDesc", tuple(resources[0].ids))

    def cuGreenCtxCreate(self, described: tuple[int, ...], device: int, flags: int) -> tuple[Any, ...]:
        assert flags == 1
        self.contexts.append(described)
        return self._answer("cuGreenCtxCreate", described)

    def cuGreenCtxStreamCreate(self, context: Any, flags: int, priority: int) -> tuple[Any, ...]:
        assert flags == 1
        return self._answer("cuGreenCtxStreamCreate", 4711)

    def _resource(self, ids: Any) -> Any:
        ids = tuple(ids)
        sm = SimpleNamespace(smCount=len(ids), smCoscheduledAlignment=self.alignment)
        return SimpleNamespace(ids=ids, sm=sm)

    def _answer(self, name: str, *values: Any) -> tuple[Any, ...]:
        self.calls.append(name)
        status = Status.CUDA_ERROR_NOT_SUPPORTED if name == self.refuses else Status.CUDA_SUCCESS
        return (status, *values)
