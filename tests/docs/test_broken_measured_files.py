"""What benchmarks.measured_files notices: numbers of broken files, flags in the place of numbers, figures not drawn."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imsave

from benchmarks import measured_files
from tsbench.errors import ConfigurationError

NUMBER: dict[str, Any] = {"quantity": "relaxation_time", "value": 1e-3, "flags": []}
FLAG: dict[str, Any] = {"quantity": "relaxation_time", "value": None, "flags": ["no_event"]}


@pytest.mark.parametrize(("with_number", "with_flag", "good"), [
    (58, 6, True), (0, 64, False), (50, 14, False), (58, 0, False)])
def test_flags_in_the_place_of_most_numbers_do_not_pass(with_number: int, with_flag: int, good: bool) -> None:
    assert measured_files.devices_told("a", with_number, with_flag).passed is good


@pytest.mark.parametrize(("rows", "good"), [
    ([FLAG], True), ([FLAG, NUMBER], False), ([], False), ([{**FLAG, "flags": []}], False)])
def test_a_broken_file_that_gives_a_number_or_nothing_does_not_pass(
    rows: list[dict[str, Any]], good: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measured_files, "analyse_files", lambda *_: SimpleNamespace(rows=rows))
    assert measured_files.without_numbers("a", Path("a")).passed is good


def test_a_question_passes_and_another_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(*_: object) -> None:
        raise ConfigurationError("a.csv: which column is the voltage?")

    monkeypatch.setattr(measured_files, "analyse_files", asks)
    line = measured_files.without_numbers("a", Path("a"))
    assert line.passed and "which column" in line.measured
    monkeypatch.setattr(measured_files, "analyse_files", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        measured_files.without_numbers("a", Path("a"))


def test_files_are_broken_as_they_say(tmp_path: Path) -> None:
    high = [10 < k < 40 for k in range(6000)]
    text = "time,voltage,current\n" + "".join(f"{1e-6 * k:g},{float(on):g},1e-6\n" for k, on in enumerate(high))
    (tmp_path / "ag_pulse_02.csv").write_text(text, "utf-8")
    (tmp_path / "clarius_forming.xlsx").write_bytes(bytes(100))
    found = {what: content for what, _, content in measured_files.broken(tmp_path)}
    assert len(found) == 7 and all(content != text.encode() for content in found.values())
    assert found["header missing"].startswith(b"0,0,1e-6") and found["the current is in mV"].startswith(
        b"time,voltage,current [mV]")
    assert found["currents of the relaxation are NaN"].count(b"nan") == 3000
    assert len(found["cut in the middle"]) == 50 and found["cut in the middle of the pulse"].count(b"\n") == 26


@pytest.mark.parametrize(("pixels", "good"), [(None, False), (np.ones((9, 9, 3)), False), (np.eye(9), True)])
def test_a_figure_that_is_missing_or_empty_does_not_pass(
    pixels: Any, good: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(call: list[str], **_: object) -> Any:
        if "--out" in call and pixels is not None:
            imsave(Path(call[-1]) / "a.png", pixels)
        return SimpleNamespace(
            returncode=0, stdout='[{"quantity": "relaxation_time", "value": 0.001, "flags": []}]')

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(measured_files, "analyse_files", lambda *_: SimpleNamespace(rows=[NUMBER]))
    *figures, numbers = measured_files.by_command(Path("data"))
    assert len(figures) == 7 and all(one.passed is good for one in figures) and numbers.passed
