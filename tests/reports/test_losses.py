from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from svg_chart import SvgChart

from gapweave.models.errors import InvalidFile, InvalidOption
from gapweave.reports.loss_chart import running_mean
from gapweave.reports.loss_curves import write_losses
from gapweave.reports.losses_file import LossCurve, read_losses

losses = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30).map(tuple)
curves = st.lists(
    st.builds(
        LossCurve,
        st.text(st.characters(codec="utf-8", exclude_characters="\r")),
        losses,
        st.integers(0, 10**9),
    ),
    unique_by=lambda curve: curve.job,
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=curves)
def test_losses_read_back_as_they_were(written: list[LossCurve], tmp_path: Path) -> None:
    file = tmp_path / "losses.csv"
    write_losses(file, written)
    assert read_losses(file) == written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: expected job,step,loss"),
        ("step,loss\n", "line 1: expected job,step,loss"),
        ("job,step,loss\na,1\n", "line 2: columns: expected 3, got 2"),
        ("job,step,loss\na,1,2.0\na,3,2.0\n", "line 3: step: expected 2, got 3"),
        ("job,step,loss\na,one,2.0\n", "line 2: step: expected an integer >= 0, got 'one'"),
        ("job,step,loss\na,1,nan\n", "line 2: loss: expected a finite number, got 'nan'"),
        ("job,step,loss\na,1,\n", "line 2: loss: expected a finite number, got ''"),
    ],
)
def test_a_spoilt_file_is_refused_by_line(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "losses.csv"
    file.write_text(text)
    with pytest.raises(InvalidFile) as refused:
        read_losses(file)
    assert str(refused.value) == f"{file}: {problem}"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be read"):
        read_losses(tmp_path / "none.csv")


def two_jobs(steps: int) -> list[LossCurve]:
    return [
        LossCurve(name, tuple(rate + 5 / (step + 1) for step in range(steps)))
        for name, rate in (("large $x$", 1.0), ("small", 2.0))
    ]


@pytest.mark.parametrize("steps", [1, 2, 200])
def test_a_picture_names_every_job_beside_its_last_loss(steps: int, tmp_path: Path) -> None:
    file = tmp_path / "losses.svg"
    write_losses(file, two_jobs(steps), title="made")
    texts = SvgChart(file).texts
    assert "made" in texts
    for name in ("large $x$", "small"):
        assert sum(text.startswith(f"{name} ") for text in texts) == 1


def test_the_curve_of_many_steps_has_its_mean_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "losses.svg"
    write_losses(file, two_jobs(200))
    groups = {element.get("id") for element in SvgChart(file).root.iter()}
    assert {"losses-0", "mean-0", "losses-1", "mean-1"} <= groups
    assert any("mean over 10 steps" in text for text in SvgChart(file).texts)


@pytest.mark.parametrize("suffix", ["html", "svg", "csv"])
def test_equal_losses_give_equal_files(suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    for file in (first, second):
        write_losses(file, two_jobs(40))
    assert first.read_bytes() == second.read_bytes()


def test_a_page_has_the_picture_and_a_table_in_both_themes(tmp_path: Path) -> None:
    file = tmp_path / "losses.html"
    write_losses(file, two_jobs(40))
    page = file.read_text(encoding="utf-8")
    assert "<svg" in page
    assert "light-dark(#5ba0d0, #63a8d8)" in page
    assert '<td class="number">1.1250</td>' in page


def test_no_losses_are_no_reason_to_fail(tmp_path: Path) -> None:
    for suffix in ("csv", "svg", "html"):
        write_losses(tmp_path / f"losses.{suffix}", [])


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"losses.txt: expected a name that ends in one of \.csv"):
        write_losses(tmp_path / "losses.txt", two_jobs(2))


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), window=st.integers(1, 12))
def test_a_running_mean_stays_between_the_losses_around_it(values: list[float], window: int) -> None:
    means = running_mean(values, window)
    assert len(means) == len(values)
    for step, mean in enumerate(means):
        around = values[max(0, step - window // 2) : step + (window + 1) // 2]
        assert min(around) - 1e-6 <= mean <= max(around) + 1e-6
