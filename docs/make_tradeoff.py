"""Draws the pictures of docs/tradeoff.md, and prints its tables."""

import argparse
from pathlib import Path

from gapweave import Instance, pareto
from gapweave.models.placement import Placement
from gapweave.reports.pareto_page import write_pareto
from gapweave.reports.pareto_table import pareto_table
from gapweave.reports.pareto_words import pareto_words
from gapweave.reports.table_files import table_markdown

#: Name and placement of the secondary.
CASES: tuple[tuple[str, Placement], ...] = (
    ("fusion-09", "given"),
    ("zb-6.2b+1.5b-p8-m24-2x", "reversed"),
    ("uniform-p8-m16-k2-reversed", "given"),
)
FOLDER = Path(__file__).parent


def main() -> None:
    """Find each trade-off once, and draw it on light and dark paper."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds for each instance")
    parser.add_argument("--workers", type=int, help="threads of the solver")
    arguments = parser.parse_args()
    for name, placement in CASES:
        front = pareto(
            Instance.load(name),
            placement=placement,
            time_limit=arguments.time_limit,
            workers=arguments.workers,
        )
        write_pareto(front, FOLDER / f"tradeoff-{name}.svg", theme="light")
        write_pareto(front, FOLDER / f"tradeoff-{name}-dark.svg", theme="dark")
        print(f"## {name}\n\n{pareto_words(front)}\n")
        print("\n".join(table_markdown(pareto_table(front))) + "\n")


if __name__ == "__main__":
    main()
