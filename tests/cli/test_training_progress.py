import io
import sys

import pytest

from gapweave.cli.training_progress import TrainingProgress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_steps_losses_and_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "160")
    with TrainingProgress(10) as display:
        for step in (1, 2):
            display.update(step, {"primary": 5.25, "[bold]other": 4.125}, seconds=30.0)
    shown = terminal.getvalue()
    assert " 2/10" in shown
    assert "loss primary 5.2500, [bold]other 4.1250 · 30.0 s per step · 4:00 min left" in shown


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingProgress(3) as display:
        display.update(1, {"job": 1.0}, seconds=0.1)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_time_left_follows_the_median_of_the_latest_steps() -> None:
    display = TrainingProgress(steps=100)
    for step, seconds in enumerate([60.0] * 5 + [0.5] * 20, start=1):
        display.update(step, {}, seconds)
    assert display.text({}).endswith("0.500 s per step · 37.5 s left")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0341, "0.034 s"), (2.5, "2.5 s"), (200, "3:20 min"), (7500, "2:05 h")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text
