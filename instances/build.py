"""Writes every shipped instance again from its sources: ``python -m gapweave.instances.build [--check]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gapweave.instances import FOLDER, names
from gapweave.instances.compact_json import dumps
from gapweave.instances.families import FAMILIES
from gapweave.models.atomic_write import write_text
from gapweave.models.instance import Instance


def build_all() -> dict[str, Instance]:
    """Return every instance that gapweave ships, by name."""
    built: dict[str, Instance] = {}
    for family in FAMILIES:
        for instance in family():
            if instance.name in built:
                raise ValueError(f"two instances are named {instance.name}")
            built[instance.name] = instance
    return built


def outdated() -> dict[str, str]:
    """Return what the shipped files should hold, by instance name, where they hold anything else."""
    texts = {name: dumps(instance.to_document()) + "\n" for name, instance in build_all().items()}
    return {name: text for name, text in texts.items() if _bytes_of(FOLDER / f"{name}.json") != text.encode()}


def unknown() -> list[str]:
    """Return the names of the shipped files that no family builds."""
    built = build_all()
    return [name for name in names() if name not in built]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with ``--check`` say what would change; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gapweave.instances.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    check = parser.parse_args(arguments).check
    changed, foreign = outdated(), unknown()
    for name, text in changed.items():
        if not check:
            write_text(FOLDER / f"{name}.json", text)
        print(f"{name}: {'is not what its sources give' if check else 'written'}", file=sys.stderr)
    for name in foreign:
        print(f"{name}: no family builds this file", file=sys.stderr)
    return int(bool(foreign or (check and changed)))


def _bytes_of(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
