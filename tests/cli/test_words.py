"""How values, results, entries and characters are written for a terminal, a pipe and a program."""

import argparse
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tsbench.extraction
from tsbench.cli import main
from tsbench.cli.listing import _words
from tsbench.cli.plain_text import PLAIN_TEXT, plain_text
from tsbench.cli.printing import ProgressPrinter, print_entries, print_json, print_results
from tsbench.cli.serving import _port
from tsbench.cli.simulating import _draw
from tsbench.records import RunEvent


def test_each_character_has_a_plain_form() -> None:
    assert plain_text("≥ 5 µA ± 1 Ω, é → ²") == ">= 5 uA +/- 1 Ohm, e -> ^2"
    assert plain_text("漢 plain") == "? plain"
    assert "U ≤ 3 V".encode("cp1252", errors=PLAIN_TEXT) == b"U <= 3 V"
    assert "5 µA".encode("cp1252", errors=PLAIN_TEXT) == b"5 \xb5A"   # what the console can show stays
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", errors=PLAIN_TEXT)


def test_facts_of_a_table_in_words() -> None:
    assert [_words(value) for value in (True, False, None, 3, ["a", None, True], ())] == [
        "yes", "no", "", "3", "a, , yes", ""]


def test_what_json_cannot_write_is_written_so_that_every_program_reads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json({"a": math.inf, 1: [np.float64(2.5), np.int64(3), math.nan], "p": Path("x"), "t": (True, None)})
    assert json.loads(capsys.readouterr().out) == {
        "a": None, "1": [2.5, 3, None], "p": "x", "t": [True, None]}


def row(**more: Any) -> dict[str, Any]:
    return {"device": "D1", "protocol": "iv_sweep", "quantity": "hold_voltage", "conditions": {}, "value": 0.5,
            "low": 0.4, "high": 0.6, "unit": "V", "flags": ["NOISY", "SHORT"], "run": "RUN1", **more}


def test_results_with_the_truth_beside_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([], "Nothing")
    assert capsys.readouterr().out.strip() == "Nothing: no numbers were extracted"
    print_results([row()])
    plain = capsys.readouterr().out
    assert "hold voltage" in plain and "NOISY, SHORT" in plain and "true" not in plain and "RUN1" not in plain
    print_results([row(true=0.4), row(true=None), row(true=0.0), row(true=0.4, value=None)])
    lines = capsys.readouterr().out.splitlines()
    assert [("+25.00 %" in line) for line in lines if "D1" in line] == [True, False, False, False]
    assert sum("  -  " in line for line in lines) == 3
    print_results([row(), row()], files=True)
    assert "RUN1" not in capsys.readouterr().out
    print_results([row(), row(run="RUN2")], files=True)
    assert {"RUN1", "RUN2"} <= set(capsys.readouterr().out.split())
    print_results([row(), row(run="RUN2")])
    assert "RUN2" not in capsys.readouterr().out


def test_entries_are_numbered_from_one(capsys: pytest.CaptureFixture[str]) -> None:
    entry = SimpleNamespace(protocol="sweep", device="D1", earlier=False, status="fail", run_id="RUN1", reason="why")
    print_entries([entry, SimpleNamespace(**{**vars(entry), "earlier": True})], "Entries")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "RUN1" in line]
    assert lines == [["1", "sweep", "D1", "fail", "RUN1", "why"],
                     ["2", "sweep", "D1", "done", "before", "RUN1", "why"]]


def test_progress_on_a_pipe_is_a_line_for_each_twentieth_and_not_too_many(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("tsbench.cli.printing.time", SimpleNamespace(monotonic=lambda: now[0]))

    def progress(done: int, total: int, message: str = "") -> None:
        now[0] += 100.0
        printer(RunEvent("progress", message, 0.0, {"done": done, "total": total}))

    with ProgressPrinter("sweep") as printer:
        progress(1, 40)
        progress(1, 40)
        progress(21, 40, "half")
        now[0] -= 100.0
        progress(39, 40)
        progress(7, 0)
        printer(RunEvent("warning", "careful", 0.0))
        printer(RunEvent("log", "noted", 0.0))
        printer(RunEvent("state", "not shown", 0.0))
        printer.next("pulses")
        progress(1, 40)
    said = capsys.readouterr().err.splitlines()
    assert said == ["sweep:   0 %", "sweep:  50 %  half", "sweep: 7", "sweep: warning: careful", "sweep: noted",
                    "pulses:   0 %"]


@pytest.mark.parametrize(("text", "port"), [("0", 0), ("65535", 65535), ("65536", None), ("-1", None), ("x", None)])
def test_ports(text: str, port: int | None) -> None:
    if port is not None:
        assert _port(text) == port
        return
    with pytest.raises(argparse.ArgumentTypeError, match=f"{text} is not a port number"):
        _port(text)


def test_a_picture_has_one_plot_for_voltages_and_one_for_currents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    drawn: list[Any] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, path, **_: drawn.append((path, self)))
    times = np.arange(3.0)
    _draw(tmp_path / "a.png", "a title", times, {"v(a)": times, "i(v1)": 2 * times, "v(b)": -times})
    _draw(tmp_path / "b.png", "b", times, {"i(v1)": times})
    (path, first), (_, second) = drawn
    assert path == tmp_path / "a.png" and [len(axes.lines) for axes in first.axes] == [2, 1]
    assert first.axes[0].get_title() == "a title"
    assert [axes.yaxis.get_major_formatter().unit for axes in first.axes] == ["V", "A"]
    assert len(second.axes) == 1 and second.axes[0].yaxis.get_major_formatter().unit == "A"
    assert second.axes[-1].xaxis.get_major_formatter().unit == "s"


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("problems", [(), ("x.csv: no numbers",)])
def test_analyse_writes_results_then_pictures_then_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str],
    problems: tuple[str, ...],
) -> None:
    asked: list[Any] = []
    found = SimpleNamespace(understood=["read as a sweep"], rows=[row()], lines=["a remark"], figures=[Path("f.png")],
                            problems=problems)
    monkeypatch.setattr(tsbench.extraction, "analyse_files", lambda files, **more: asked.append((files, more)) or found)
    monkeypatch.chdir(tmp_path)
    assert main(["analyse", "x.csv", *options]) == (2 if problems else 0)
    said = capsys.readouterr()
    assert asked[0][0] == [Path("x.csv")] and asked[0][1]["out"] == Path("analysed")
    words = said.err if options else said.out
    assert words.index("read as a sweep") < words.index("a remark") < words.index("figure: f.png")
    assert ("tsbench: x.csv: no numbers" in said.err) == bool(problems)
    assert json.loads(said.out)[0]["value"] == 0.5 if options else "hold voltage" in said.out
    main(["analyse", "x.csv", "--out", "there"])
    assert asked[1][1]["out"] == Path("there")


def test_progress_is_a_line_a_second_at_most_and_a_word_after_two_without_any(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A long sweep does not fill a log, and a slow start is not taken for a hang."""
    now = [50.0]
    monkeypatch.setattr("tsbench.cli.printing.time", SimpleNamespace(monotonic=lambda: now[0]))
    printer = ProgressPrinter("sweep", "opening x.toml")
    assert printer._patience.interval == 2.0 and printer._patience.daemon
    printer._patience.function()
    assert "sweep: opening x.toml" in capsys.readouterr().err
    for seconds, done in ((50.75, 10), (51.0, 20), (51.75, 30), (52.0, 40)):
        now[0] = seconds
        printer(RunEvent("progress", "", 0.0, {"done": done, "total": 40}))
    assert capsys.readouterr().err.splitlines() == ["sweep:  50 %", "sweep: 100 %"]


def test_a_true_value_is_told_more_finely_than_it_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([{**row(), "true": 0.512347}])
    assert "512.35 mV" in capsys.readouterr().out


def test_a_true_frequency_has_the_digits_that_its_interval_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([{**row(), "value": 2.779076e6, "low": 2.779059e6, "high": 2.779093e6, "unit": "Hz",
                    "true": 2.7790712e6}])
    printed = capsys.readouterr().out
    assert "2.7790712 MHz" in printed
    assert "+0.0002 %" in printed
