"""Shell completion: commands, options, and the names of shipped instances."""

import os
import subprocess
import sys

import pytest

from gapweave.instances import names


def completions(line: str) -> list[str]:
    words = line.split(" ")
    wanted = {
        "_GAPWEAVE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gapweave"],
        env=os.environ | wanted,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("command", ["instances show", "show", "solve", "compare"])
def test_instance_names_are_completed(command: str) -> None:
    expected = [name for name in names() if name.startswith("uniform-p8")]
    assert completions(f"gapweave {command} uniform-p8") == expected


def test_commands_are_completed() -> None:
    assert completions("gapweave che") == ["check"]


def test_options_are_completed() -> None:
    assert "--idle" in completions("gapweave show x --i")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_printed(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gapweave", "--show-completion", shell],
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_GAPWEAVE_COMPLETE=complete_" + shell in done.stdout
