"""``python -m gapweave`` is the command ``gapweave``."""

import sys

from gapweave.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
