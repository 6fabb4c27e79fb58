"""A process that ends when the process that started it does, however that one ended."""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """End this process as soon as its standard input closes or, on Linux, its parent is gone."""
    be_killed_with_parent()
    threading.Thread(target=_exit_at_end_of_input, daemon=True).start()


def be_killed_with_parent() -> None:
    """On Linux, let the system end this process when its parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _exit_at_end_of_input() -> None:
    while os.read(0, 64):
        pass
    os._exit(1)
