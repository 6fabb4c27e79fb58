"""Whatever an input file holds: exit code 3 and one line that names the file and the field."""

import json
import os
import socket
from pathlib import Path

import pytest
from bad_files import INSTANCE_FAULTS, SCHEDULE_FAULTS, broken_texts, valid_instance, with_fault
from outcome import Run

from gapweave.models.schedule import Schedule

READERS = {
    "instances show": ("instances", "show"),
    "solve": ("solve", "--json", "-o", "never.csv"),
    "compare": ("compare", "--json"),
    "show": ("show",),
    "check": ("check",),
    "export": ("export", "--to", "csv", "-o", "never.csv"),
}
INSTANCE_READERS = ("instances show", "solve", "compare", "show")
SCHEDULE_READERS = ("check", "show", "export")
BROKEN = {label: (text, said) for label, text, said in broken_texts(valid_instance())}

for_each_reader = pytest.mark.parametrize("reader", READERS)


def refused(run: Run, reader: str, file: str | Path, said: str) -> None:
    outcome = run(*READERS[reader], file)
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.error.startswith(f"gapweave: error: {file}: ")
    assert said in outcome.error
    assert not Path("never.csv").exists()


@pytest.mark.parametrize("reader", INSTANCE_READERS)
@pytest.mark.parametrize("label", INSTANCE_FAULTS)
def test_an_instance_with_a_fault_is_refused_by_field(
    run: Run, tmp_path: Path, reader: str, label: str
) -> None:
    text, field = with_fault(valid_instance(), INSTANCE_FAULTS[label])
    file = tmp_path / "bad.json"
    file.write_bytes(text)
    refused(run, reader, file, f"{field}: ")


@pytest.mark.parametrize("reader", SCHEDULE_READERS)
@pytest.mark.parametrize("label", SCHEDULE_FAULTS)
def test_a_schedule_with_a_fault_is_refused_by_field(
    run: Run, tmp_path: Path, schedule: Schedule, reader: str, label: str
) -> None:
    text, field = with_fault(json.loads(schedule.to_text()), SCHEDULE_FAULTS[label])
    file = tmp_path / "bad.schedule.json"
    file.write_bytes(text)
    refused(run, reader, file, f"{field}: ")


@for_each_reader
@pytest.mark.parametrize("label", BROKEN)
def test_what_is_no_document_is_refused(run: Run, tmp_path: Path, reader: str, label: str) -> None:
    text, said = BROKEN[label]
    file = tmp_path / "bad.json"
    file.write_bytes(text)
    refused(run, reader, file, said)


@for_each_reader
def test_a_missing_file_is_refused(run: Run, reader: str) -> None:
    refused(run, reader, "nowhere/missing.json", "No such file")


@for_each_reader
def test_a_directory_is_refused(run: Run, tmp_path: Path, reader: str) -> None:
    refused(run, reader, tmp_path, "is a directory")


@for_each_reader
def test_a_file_that_cannot_be_opened_is_refused(run: Run, tmp_path: Path, reader: str) -> None:
    os.symlink("loop.json", tmp_path / "loop.json")
    refused(run, reader, "loop.json", "cannot be read")


@for_each_reader
def test_a_socket_is_refused(run: Run, reader: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.json")
        refused(run, reader, "socket.json", "cannot be read")


@for_each_reader
def test_a_file_beyond_the_limit_of_its_format_is_refused(run: Run, tmp_path: Path, reader: str) -> None:
    limit = 256 if reader in SCHEDULE_READERS else 16
    with (tmp_path / "huge.json").open("wb") as stream:
        stream.truncate(limit * 2**20 + 1)
    refused(run, reader, "huge.json", f"larger than {limit} MiB")


@for_each_reader
def test_show_alone_takes_both_formats(run: Run, tmp_path: Path, schedule: Schedule, reader: str) -> None:
    instance, file = tmp_path / "instance.json", tmp_path / "schedule.json"
    instance.write_text(json.dumps(valid_instance()), encoding="utf-8")
    schedule.save(file)
    if reader not in SCHEDULE_READERS:
        refused(run, reader, file, "format: expected 'gapweave.instance/1'")
    elif reader != "show":
        refused(run, reader, instance, "format: expected 'gapweave.schedule/1'")
    else:
        assert run(reader, file).code == run(reader, instance).code == 0


def test_an_instance_beyond_its_limit_is_refused_by_show_as_well(run: Run, tmp_path: Path) -> None:
    document = valid_instance() | {"description": "x" * 16 * 2**20}
    (tmp_path / "long.json").write_text(json.dumps(document), encoding="utf-8")
    refused(run, "show", "long.json", "larger than 16 MiB")


def test_an_unknown_name_is_refused_with_a_hint(run: Run) -> None:
    refused(run, "instances show", "uniform-p8-m16-k3", "did you mean uniform-p8-m16-k")


def test_a_file_name_with_a_line_break_still_gives_one_line(run: Run) -> None:
    outcome = run("check", "two\nlines\x1b[31m.json")
    assert outcome.code == 3
    assert "two\\nlines\\x1b[31m.json: cannot be read" in outcome.error
