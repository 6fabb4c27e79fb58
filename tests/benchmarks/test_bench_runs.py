"""Results survive interruptions, and nothing is measured twice."""

from dataclasses import replace
from pathlib import Path

from bench_runs import SETTING, make_run

from benchmarks.digests import digest_of_code, digest_of_problem
from benchmarks.json_lines import append_line, read_lines
from benchmarks.runs import Run, Setting, latest, pending
from gapweave import Instance

RUN = make_run((1.0, 120, 90), (2.0, 100, 100), status="optimal")


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    file = tmp_path / "results" / "runs.jsonl"
    for run in (RUN, make_run(status="unknown")):
        append_line(file, run.to_document())
    assert [Run.from_document(line) for line in read_lines(file)] == [RUN, make_run(status="unknown")]


def test_a_line_cut_off_by_an_interruption_is_forgotten_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    append_line(file, {"number": 1})
    with file.open("a") as stream:
        stream.write('{"number": 2, "trajec')
    assert read_lines(file) == [{"number": 1}]
    append_line(file, {"number": 3})
    assert read_lines(file) == [{"number": 1}, {"number": 3}]


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "none.jsonl") == []


def test_what_has_an_answer_is_not_asked_again() -> None:
    other = replace(RUN.request, instance="opposed-x8")
    assert pending([RUN.request, other], [RUN]) == [other]


def test_a_failed_run_is_no_answer() -> None:
    assert pending([RUN.request], [replace(RUN, status="failed")]) == [RUN.request]


def test_whatever_changes_the_question_is_asked_again() -> None:
    changed = [
        replace(RUN.request, problem="other"),
        replace(RUN.request, version="2"),
        replace(RUN.request, setting=Setting(SETTING.time_limit, SETTING.workers, seed=1)),
    ]
    assert pending(changed, [RUN]) == changed


def test_answers_of_other_versions_are_taken_on_request() -> None:
    newer, harder = replace(RUN.request, version="2"), replace(RUN.request, problem="other")
    assert pending([newer, harder], [RUN], any_version=True) == [harder]


def test_the_last_run_of_a_request_counts() -> None:
    again = make_run((1.0, 99, 99), version="2")
    elsewhere = make_run((1.0, 99, 99), setting=Setting(5.0, 1))
    assert latest([RUN, elsewhere, again]) == [again, elsewhere]


def test_the_digest_of_a_problem_ignores_texts_and_nothing_else() -> None:
    instance = Instance.load("uniform-p4-m8-k1")
    renamed = instance.model_copy(update={"name": "x", "description": "y", "source": "z"})
    slower = instance.model_copy(update={"time_unit": "us"})
    assert digest_of_problem(renamed) == digest_of_problem(instance) != digest_of_problem(slower)


def test_the_digest_of_code_depends_on_the_files() -> None:
    one, two = ("benchmarks/runs.py",), ("benchmarks/recorder.py",)
    assert digest_of_code(one) == digest_of_code(one) != digest_of_code(two)
    assert digest_of_code(("benchmarks",)) not in (digest_of_code(one), digest_of_code(two))
