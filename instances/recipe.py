"""The options of a made instance: their ranges, and the name and the command that they add up to."""

from dataclasses import dataclass

from gapweave.models.errors import InvalidOption
from gapweave.models.fields import MAX_MAGNITUDE, MAX_TASKS, shown
from gapweave.models.instance import MAX_DEVICES, MAX_JOBS

#: Units of memory that a microbatch in flight holds on its stage.
CLAIM = 10

# A drawn duration of about 1000 ticks is rounded by at most half a tick: less than 0.1 %.
_SPLIT_MEANS = (1000, 1000, 1000)
_UNSPLIT_MEANS = (1000, 2000)


@dataclass(frozen=True)
class Recipe:
    """The options of `gapweave.instances.generator.make_instance`, in range once constructed."""

    devices: int
    microbatches: tuple[int, ...]
    reversed_order: bool
    split: bool
    spread: float
    transfer: int
    memory_microbatches: int | None
    seed: int

    def __post_init__(self) -> None:
        _require_integer("--devices", self.devices, 1, MAX_DEVICES)
        self._check_microbatches()
        if not isinstance(self.spread, int | float) or not 0 <= self.spread < 1:
            raise InvalidOption(f"--spread: expected a number >= 0 and < 1, got {shown(self.spread)}")
        _require_integer("--transfer", self.transfer, 0, self._longest_transfer())
        if self.memory_microbatches is not None:
            _require_integer("--memory-microbatches", self.memory_microbatches, 1, MAX_MAGNITUDE // CLAIM)
        _require_integer("--seed", self.seed, 0, 2**63 - 1)

    @property
    def means(self) -> tuple[int, ...]:
        """Average ticks of F and B (with the work of W), or of F, B and W."""
        return _SPLIT_MEANS if self.split else _UNSPLIT_MEANS

    @property
    def capacity(self) -> int | None:
        """Memory of each device, in units; None is unlimited."""
        return None if self.memory_microbatches is None else CLAIM * self.memory_microbatches

    @property
    def command(self) -> str:
        """The command that makes the same instance."""
        options = [f"--devices {self.devices}", f"--microbatches {','.join(map(str, self.microbatches))}"]
        options += ["--reversed"] * self.reversed_order + ["--split"] * self.split
        options += [f"--spread {self.spread}", f"--transfer {self.transfer}"]
        if self.memory_microbatches is not None:
            options.append(f"--memory-microbatches {self.memory_microbatches}")
        return " ".join(["gapweave instances make", *options, f"--seed {self.seed}"])

    @property
    def name(self) -> str:
        """A short name; it leaves out spread and transfer."""
        parts = [f"made-p{self.devices}-m{'+'.join(map(str, self.microbatches))}"]
        parts += ["reversed"] * self.reversed_order + ["split"] * self.split
        if self.memory_microbatches is not None:
            parts.append(f"mem{self.memory_microbatches}")
        return "-".join([*parts, f"s{self.seed}"])

    def _check_microbatches(self) -> None:
        counts = self.microbatches
        if not 1 <= len(counts) <= MAX_JOBS:
            raise InvalidOption(f"--microbatches: expected 1 to {MAX_JOBS} numbers, got {len(counts)}")
        for count in counts:
            _require_integer("--microbatches", count, 1, MAX_TASKS)
        tasks = sum(counts) * self.devices * len(self.means)
        if tasks > MAX_TASKS:
            raise InvalidOption(f"--microbatches: {tasks} tasks in all, expected at most {MAX_TASKS}")

    def _longest_transfer(self) -> int:
        """Return the longest transfer with which the horizon stays within the format, whatever is drawn."""
        longest_work = 2 * sum(self.means) * self.devices * sum(self.microbatches)
        transfers = 2 * (self.devices - 1) * sum(self.microbatches)
        return (MAX_MAGNITUDE - longest_work) // max(1, transfers)


def _require_integer(option: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidOption(f"{option}: expected an integer from {least} to {most}, got {shown(value)}")
