"""``analyse``: tables and run files to result rows; with the shared measured data where they are."""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.made_runs import sweep
from tsbench.analysis.threshold.switching_rule import Above
from tsbench.cli import main
from tsbench.cli.plain_text import PLAIN_TEXT
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import ExtractionOptions, FileAnalysis, analyse_files, extract
from tsbench.extraction.paths import named_files
from tsbench.extraction.table_files import read_table
from tsbench.protocols import IVSweep

SHARED = Path(os.environ.get("TSBENCH_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
MEASURED = SHARED / "ag_diffusive_asymmetric_iv.csv"
COLUMNS = "voltage=voltage_V,current=current_A,sweep=sweep"
needs_measured = pytest.mark.skipif(
    not MEASURED.is_file(), reason=f"others' measured data are not there: {MEASURED}"
)


def rows_of(analysis, quantity):
    return [row for row in analysis.rows if row["quantity"] == quantity]


@needs_measured
def test_measured_sweeps_by_a_current_level():
    analysis = analyse_files([MEASURED], COLUMNS, "above=10n")
    found = [row for row in rows_of(analysis, "threshold_voltage") if row["value"] is not None]
    others = [row for row in rows_of(analysis, "threshold_voltage") if row["value"] is None]
    assert (len(found), len(others)) == (101, 100)
    assert all(row["flags"] == ["no_event"] for row in others)
    assert np.mean([row["low"] for row in found]) == pytest.approx(0.138, abs=0.0005)
    assert np.mean([row["high"] for row in found]) == pytest.approx(0.146, abs=0.0005)
    assert len([row for row in rows_of(analysis, "hold_voltage") if row["value"] is not None]) == 101
    assert found[-1]["conditions"] == {"sweep": 200, "polarity": "+"}
    (mean,) = [row for row in rows_of(analysis, "threshold_voltage_mean") if row["value"] is not None]
    assert 0.138 < mean["low"] < mean["value"] < mean["high"] < 0.146
    assert mean["conditions"]["number"] == 101
    assert any("101 of 201 half-sweeps switch, 100 do not" in line for line in analysis.lines)


@needs_measured
def test_measured_sweeps_by_the_largest_jump_and_how_it_differs():
    analysis = analyse_files([MEASURED], COLUMNS)
    assert sum(row["value"] is not None for row in rows_of(analysis, "threshold_voltage")) == 101
    (difference,) = rows_of(analysis, "threshold_voltage_difference")
    assert abs(difference["value"]) < 1e-3
    assert difference["conditions"]["reference_rule"] == "above=10nA"
    assert any("minus threshold_voltage by rule above=10nA" in line for line in analysis.lines)
    json.dumps(analysis.rows, allow_nan=False)


@pytest.mark.thorough
@needs_measured
def test_measured_columns_are_guessed_and_drawn(tmp_path):
    analysis = analyse_files([MEASURED], None, None, tmp_path)
    assert sum(row["value"] is not None for row in rows_of(analysis, "threshold_voltage")) == 101
    assert [path.name for path in analysis.figures] == [
        "ag_diffusive_asymmetric_iv_iv.png",
        "ag_diffusive_asymmetric_iv_thresholds.png",
    ]


def test_paths_may_be_text(tmp_path):
    path = written(tmp_path, "a.csv", "V,I,sweep", *half_sweeps([(1, True), (-1, False)]))
    one = analyse_files(str(path), out=str(tmp_path / "figures"))
    assert one.rows == analyse_files([path]).rows
    assert one.figures and all(figure.is_file() for figure in one.figures)


def written(tmp_path: Path, name: str, header: str, *columns) -> Path:
    path = tmp_path / name
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="")
    return path


def half_sweeps(switches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    up = np.concatenate((np.arange(0, 1.0, 0.02), np.arange(1.0, -0.01, -0.02)))
    volts, amps, sweeps = [], [], []
    for number, (side, fires) in enumerate(switches):
        on = False
        for k, level in enumerate(up):
            on = fires and (level >= 0.7 if not on and k < 50 else on and level > 0.3)
            volts.append(side * level)
            amps.append(min(level * 1e-3, 1e-4) if on else level * 1e-9)
            sweeps.append(number)
    return np.array(volts), np.array(amps), np.array(sweeps)


def test_a_table_of_sweeps(tmp_path):
    path = written(
        tmp_path, "a.csv", "V,I,sweep", *half_sweeps([(1, True), (-1, False), (1, True), (1, False)])
    )
    analysis = analyse_files([path])
    assert [
        None if row["value"] is None else round(row["value"], 2)
        for row in rows_of(analysis, "threshold_voltage")
    ] == [0.69, None, 0.69, None]
    assert all(
        row["low"] <= 0.3 <= row["high"]
        for row in rows_of(analysis, "hold_voltage")
        if row["value"] is not None
    )
    assert {row["run"] for row in analysis.rows} == {"a.csv"}


@pytest.mark.thorough
def test_a_table_over_time(tmp_path):
    time = 1e-5 * np.arange(5000)
    path = written(tmp_path, "b.csv", "time,voltage", time, (time * 321.0) % 1.0)
    analysis = analyse_files([path], None, None, tmp_path)
    (frequency,) = rows_of(analysis, "frequency")
    assert frequency["low"] <= 321.0 <= frequency["high"]
    assert [figure.name for figure in analysis.figures] == ["b_spikes.png"]
    quiet = written(tmp_path, "c.csv", "time,voltage", time, 0 * time)
    (nothing,) = rows_of(analyse_files([quiet]), "frequency")
    assert nothing["flags"] == ["no_event"]


def test_one_clear_line_for_what_cannot_be_used(tmp_path):
    good = written(tmp_path, "good.csv", "V,I", np.arange(9), 0.1 * np.arange(9))
    (tmp_path / "empty").mkdir()
    for arguments, error, word in [
        (([good], "voltage=W,current=I"), ConfigurationError, "'W'"),
        (([good], None, None, None, "spikes"), ConfigurationError, "--columns 'voltage=V,current=I,time=NAME'"),
        (([good], None, "over=3"), ConfigurationError, "rule"),
        (([tmp_path / "empty"],), ConfigurationError, "no run file or table"),
        (([tmp_path / "*.nxs"],), ConfigurationError, "no file matches"),
    ]:
        with pytest.raises(error, match=word) as caught:
            analyse_files(*arguments)
        assert "\n" not in str(caught.value)
    backwards = written(tmp_path, "back.csv", "time,voltage", np.array([0, 1, 1, 2.0]), np.arange(4))
    with pytest.raises(ConfigurationError, match="does not rise"):
        analyse_files([backwards])
    with pytest.raises(FileNotFoundError):
        analyse_files([tmp_path / "none.csv"])
    noise = tmp_path / "noise.nxs"
    noise.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(UnreadableFile):
        analyse_files([noise])
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"V,I\n\x00\x01\x02\n")
    with pytest.raises(UnreadableFile):
        analyse_files([binary])


@pytest.fixture
def blank(monkeypatch):
    """Figures are blank files: a test that looks at none need not wait for the ink."""
    from tsbench.analysis import figures

    def touched(_, path):
        path.touch()
        return path

    monkeypatch.setattr(figures, "save", touched)


@pytest.mark.usefixtures("blank")
def test_the_first_thing_said_is_what_was_understood(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("V [mV],I [uA]\n" + "".join(f"{k},{k}\n" for k in range(9)), encoding="utf-8")
    assert main(["analyse", str(path), "--out", str(tmp_path)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("a.csv: this file is read as sweep, 1 half-sweep. Columns: voltage = 'V [mV]' [mV], ")


@pytest.mark.thin(4)
@pytest.mark.parametrize("number", [1, 6, 7, 8])
def test_any_number_of_half_sweeps_is_drawn(tmp_path, number):
    path = written(tmp_path, "n.csv", "V,I,sweep", *half_sweeps([(1, True)] * number))
    analysis = analyse_files([path], out=tmp_path)
    assert not any("could not be drawn" in line for line in analysis.lines)
    assert analysis.figures


@pytest.mark.usefixtures("blank")
def test_a_figure_that_fails_costs_no_numbers(tmp_path, monkeypatch, capsys):
    from tsbench.analysis import figures

    def broken(*_, **__):
        raise ValueError("no ink")

    monkeypatch.setattr(figures, "sweep_figure", broken)
    path = written(tmp_path, "a.csv", "V,I,sweep", *half_sweeps([(1, True), (1, True)]))
    assert main(["analyse", str(path), "--out", str(tmp_path), "--json"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) > 4
    assert "figure a_iv.png could not be drawn (ValueError: no ink (test_analyse_files.py, line " in said.err
    assert "a_thresholds.png" in said.err


@pytest.mark.usefixtures("blank")
def test_patterns_and_folders(tmp_path, monkeypatch, capsys):
    for name in ("a.csv", "b.csv", "deeper/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path, name, "V,I", np.arange(9), 0.1 * np.arange(9))
    (tmp_path / "notes.md").write_text("not a table")
    (tmp_path / "x.nxs").write_bytes(b"")
    (tmp_path / "x.tsj").write_bytes(b"")
    assert [path.name for path in named_files([tmp_path])] == ["a.csv", "b.csv", "x.nxs"]
    assert [path.name for path in named_files([tmp_path / "*.csv"])] == ["a.csv", "b.csv"]
    assert [path.name for path in named_files([tmp_path / "**" / "*.csv"])] == ["a.csv", "b.csv", "c.csv"]
    monkeypatch.chdir(tmp_path)
    assert main(["analyse", "*.csv", "a.csv", "--json", "--out", "drawn"]) == 0
    assert {row["run"] for row in json.loads(capsys.readouterr().out)} == {"a.csv", "b.csv"}
    assert main(["validate", "*.nxs"]) == 2
    assert "x.nxs" in capsys.readouterr().out


def test_one_file_that_cannot_be_read_does_not_cost_the_others(tmp_path, capsys):
    written(tmp_path, "good.csv", "V,I", np.arange(9), 0.1 * np.arange(9))
    (tmp_path / "bad.csv").write_text("V,I\n1,x\n")
    assert main(["analyse", str(tmp_path), "--json", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert {row["run"] for row in json.loads(said.out)} == {"good.csv"}
    assert "bad.csv: line 2: 'x'" in said.err


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1"])
def test_a_console_without_the_characters_keeps_the_meaning(encoding):
    for text, plain in {"≥ 3 µs": ">= 3 us", "≤ 3 Ω": "<= 3 Ohm", "1 ± 2": "1 +/- 2", "1 … 2": "1 ... 2"}.items():
        shown = text.encode(encoding, PLAIN_TEXT).decode(encoding)
        assert shown in {plain, text} or encoding != "ascii"
        assert "?" not in shown
        assert ("≥" in text) == (">" in shown or "≥" in shown)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", {"xl/workbook.xml": "", "[Content_Types].xml": ""}, ("workbook", "damaged", "another copy")),
        ("a.ods", {"mimetype": "", "content.xml": ""}, ("workbook", "damaged", "another copy")),
        ("a.npz", {"V.npy": "", "I.npy": ""}, ("damaged", "another copy")),
        ("a.zip", {"a.csv": "V,I"}, ("zip archive", "Unpack")),
        ("a.epub", {"mimetype": "", "a.html": ""}, ("zip archive", "Unpack")),
        ("a.docx", {"content.xml": ""}, ("zip archive", "Unpack")),
        ("b.zip", {"V.npy": "", "a.csv": ""}, ("zip archive", "Unpack")),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), ("workbook", "damaged", "another copy")),
        ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(99), ("MATLAB", "damaged")),
        ("a.bin", bytes(range(256)), ("binary", "CSV")),
        ("a.csv.gz", b"\x1f\x8b\x08" + bytes(9), ("gzip", "Unpack")),
    ],
)
def test_workbooks_and_binary_files_are_named(tmp_path, name, content, words):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in content.items():
                archive.writestr(member, text)
    with pytest.raises(UnreadableFile) as refused:
        analyse_files([path])
    assert all(word in str(refused.value) for word in (name, *words))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_lines_are_counted_as_an_editor_counts_them(tmp_path, end):
    """A program that writes CR LF to a text file of Windows makes CR CR LF of it."""
    path = tmp_path / "iv.csv"
    path.write_bytes(end.join(["V [V],I [A]", "1,2", "2,3", "", "x,4", ""]).encode())
    with pytest.raises(UnreadableFile, match=r"line 5: 'x' in column"):
        read_table(path)
    path.write_bytes(end.join(["V [V],I [A]", "1,2", "2,3", ""]).encode())
    assert read_table(path).columns["current"] == pytest.approx([2.0, 3.0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_micro_in_any_usual_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_text("U [mV];I [µA]\n1,5;2\n", encoding=encoding)
    table = read_table(path)
    assert (table.columns["voltage"][0], table.columns["current"][0]) == pytest.approx((1.5e-3, 2e-6))


def test_a_rule_whose_current_is_below_that_of_the_off_state_tells_no_number_and_says_why(tmp_path):
    """60 uA at 1 V in the off state; it switches on at 1 V."""
    level = np.concatenate((np.arange(0, 1.5, 0.01), np.arange(1.5, -0.001, -0.01)))
    on = (np.arange(level.size) >= 100) & ((np.arange(level.size) < 150) | (level > 0.4))
    path = written(tmp_path, "a.csv", "V [V],I [A]", level, np.where(on, 1e-2, 6e-5) * level)
    low = analyse_files([path], rule="above=10n")
    events = [row for row in low.rows if row["quantity"] in ("threshold_voltage", "hold_voltage")]
    assert events and all((row["value"], row["low"], row["high"]) == (None, None, None) for row in events)
    assert all("ambiguous" in row["flags"] for row in events)
    assert any("1 of 1 half-sweeps pass the current of the rule 'above=10nA' from the first readings on" in line
               for line in low.lines)
    high = analyse_files([path], rule="above=1m")
    assert next(row for row in high.rows if row["quantity"] == "threshold_voltage")["value"] == pytest.approx(0.995)
    assert not any("half-sweeps pass" in line for line in high.lines)


def test_options_take_a_rule_as_text():
    assert ExtractionOptions(rule="above=100u").rule == Above(100e-6)
    with pytest.raises(ConfigurationError, match="rule 'over=3'"):
        ExtractionOptions(rule="over=3")
    with pytest.raises(ConfigurationError, match=r"rule 'above=nonsense': .*nonsense"):
        ExtractionOptions(rule="above=nonsense")
    with pytest.raises(ConfigurationError, match="rule 3"):
        ExtractionOptions(rule=3)


def test_a_column_without_a_unit_that_is_too_large_is_doubted(tmp_path):
    path = written(tmp_path, "a.csv", "V,I", 10.0 * np.arange(60), 1e-9 * np.arange(60))
    with pytest.raises(ConfigurationError, match=(
            r"a\.csv: the units cannot be right, because the voltage would reach 590 V.*"
            r"--columns 'voltage=V \[mV\],current=I \[A\]'")):
        analyse_files([path])
    assert analyse_files([path], "voltage=V [mV],current=I").rows
    assert analyse_files([path], "voltage=V [V],current=I").rows   # the user knows
    stated = written(tmp_path, "b.csv", "V [V],I [mA]", 10.0 * np.arange(60), 1e-6 * np.arange(60))
    with pytest.raises(ConfigurationError, match=r"--columns 'voltage=V \[mV\],current=I \[mA\]'"):
        analyse_files([stated])


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_measured_voltage_in_millivolts_with_read_back_noise(tmp_path, noise):
    up = np.arange(0.0, 1000.1, 5.0)
    volts = np.concatenate((up, up[::-1]))
    on = np.where(np.arange(volts.size) < up.size, volts >= 600, volts > 300)
    read = volts + noise * np.random.default_rng(2).standard_normal(volts.size)
    path = written(tmp_path, "a.csv", "voltage_mV,current_uA", read, np.where(on, volts * 0.1, volts * 1e-5))
    analysis = analyse_files([path])
    assert "sweep, 1 half-sweep." in analysis.understood[0]
    (threshold,) = rows_of(analysis, "threshold_voltage")
    (hold,) = rows_of(analysis, "hold_voltage")
    assert threshold["value"] == pytest.approx(0.5975, abs=0.002 + 3e-3 * noise)
    assert hold["value"] == pytest.approx(0.3025, abs=0.002 + 3e-3 * noise)


def test_a_number_of_a_sweep_is_whole(tmp_path):
    path = written(tmp_path, "a.csv", "V,I,sweep", np.arange(9), 0.1 * np.arange(9), 0.1 * np.arange(9))
    with pytest.raises(ConfigurationError, match=r"column 'sweep' holds 0\.1. The number of a sweep must be a whole "
                                                 r"number"):
        analyse_files([path])


@pytest.mark.usefixtures("blank")
def test_each_printed_row_names_its_file(tmp_path, capsys):
    volts, amps, sweeps = half_sweeps([(1, True), (1, False)])
    for name in ("first.csv", "second.csv"):
        written(tmp_path, name, "V,I,sweep", volts, amps, sweeps)
    paths = [str(tmp_path / name) for name in ("first.csv", "second.csv")]
    assert main(["analyse", *paths, "--json", "--out", str(tmp_path)]) == 0
    runs = [row["run"] for row in json.loads(capsys.readouterr().out)]
    assert main(["analyse", *paths, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert any("file or run" in line for line in printed)
    rows = [line.split()[0] for line in printed if " table " in line and not line.startswith("Results")]
    assert rows == runs
    assert main(["analyse", paths[0], "--out", str(tmp_path)]) == 0
    assert "file or run" not in capsys.readouterr().out


def test_half_sweeps_that_switch_are_counted_by_each_rule_and_polarity(tmp_path):
    path = written(tmp_path, "a.csv", "V,I,sweep", *half_sweeps(
        [(1, True), (1, False), (-1, True), (1, True), (-1, True)]))
    analysis = analyse_files([path], rule="jump")
    (counted,) = rows_of(analysis, "half_sweeps_switching")
    assert counted["value"] == 4
    assert (counted["conditions"]["number"], counted["conditions"]["without"]) == (5, 1)
    assert any("4 of 5 half-sweeps switch, 1 do not (rule jump)" in line for line in analysis.lines)
    assert any("polarity +: 2 half-sweeps switch, 1 do not" in line for line in analysis.lines)
    assert any("polarity -: 2 half-sweeps switch, 0 do not" in line for line in analysis.lines)
    assert any("polarity +: 2 half-sweeps switch back, 1 do not" in line for line in analysis.lines)
    differences = rows_of(analysis, "threshold_voltage_difference")
    assert [row["conditions"]["polarity"] for row in differences] == ["+", "-"]
    for row in differences:
        told = row["conditions"]
        assert (told["number"], told["only_this_rule"], told["only_reference"]) == (2, 0, 0)


@pytest.mark.thorough
def test_the_line_of_a_run_counts_what_it_has_no_value_for_and_says_how_it_ended(tmp_path, monkeypatch):
    shown = tmp_path / "r.nxs"
    shown.touch()
    for measured, told in (
        (sweep(resistor=True), "8 results, 7 of them without a value"),
        (sweep(), "8 results, 1 of them without a value"),
        (replace(sweep(), status="abort"), "8 results, 1 of them without a value. The run ended with status 'abort'"),
    ):
        monkeypatch.setattr("tsbench.storage.read_foreign", lambda path, measured=measured: measured)
        analysis = analyse_files([shown])
        assert analysis.lines[0] == f"r.nxs: iv_sweep on D1 gives {told}"
        assert analysis.figures == []
        assert analyse_files([shown], out=tmp_path).figures


@pytest.mark.parametrize(("good", "said"), [
    (0, "no results that can be stored"),
    (1, "8 results, 1 of them without a value. Other results are left out, because they cannot be stored"),
])
def test_the_line_of_a_run_says_that_results_are_left_out(tmp_path, monkeypatch, good, said):
    (shown := tmp_path / "r.nxs").touch()
    monkeypatch.setattr("tsbench.storage.read_foreign", lambda path: sweep())
    found = extract(sweep())
    assert len(found) == 8
    monkeypatch.setattr(IVSweep, "extract", classmethod(lambda cls, run, options: [*found[:8 * good], 3]))
    analysis = analyse_files([shown])
    assert analysis.lines[0] == f"r.nxs: iv_sweep on D1 gives {said}"
    assert "result that cannot be stored" in analysis.problems[0]
    monkeypatch.setattr(IVSweep, "extract", classmethod(lambda cls, run, options: []))
    assert analyse_files([shown]).lines[0] == "r.nxs: iv_sweep on D1 gives no results"


def test_a_rule_whose_current_is_within_the_noise_tells_no_number_and_says_why(tmp_path):
    """80 kOhm and 50 nA of noise; it switches on at 1.02 V."""
    level = np.concatenate((np.arange(0, 1.2, 0.004), np.arange(1.2, -0.001, -0.004)))
    on = level > np.where(np.arange(level.size) <= 300, 1.02, 0.884)
    current = np.where(on, (level - 0.8) / 100, level / 80e3)
    noise = 50e-9 * np.random.default_rng(3).standard_normal(level.size)
    path = written(tmp_path, "a.csv", "V [V],I [A]", level, current + noise)
    for rule in ("above=10n", "above=100n"):
        found = analyse_files([path], rule=rule)
        events = [row for row in found.rows if row["quantity"] in ("threshold_voltage", "hold_voltage")]
        assert events and all(row["value"] is None and "ambiguous" in row["flags"] for row in events)
        assert any("half-sweeps pass the current of the rule" in line and "noise" in line for line in found.lines)
    usual = analyse_files([path])
    assert not any(row["quantity"].endswith("_difference") for row in usual.rows)   # to a threshold that is noise
    told = next(row for row in analyse_files([path], rule="above=20u").rows if row["quantity"] == "threshold_voltage")
    assert told["value"] == pytest.approx(1.022)


def test_what_is_asked_for_and_changes_nothing_is_told(tmp_path, monkeypatch):
    level = np.concatenate((np.arange(0, 1.5, 0.01), np.arange(1.5, -0.001, -0.01)))
    path = written(tmp_path, "a.csv", "V [V],I [A]", level, 1e-5 * level)
    (line,) = [one for one in analyse_files([path], read_voltage=5.0).lines if "read-voltage" in one]
    assert line.startswith("no half-sweep has enough readings of the off state around 5.00 V")
    assert not any("read-voltage" in one for one in analyse_files([path], read_voltage=0.5, kind="sweep").lines)
    (run := tmp_path / "r.nxs").touch()
    monkeypatch.setattr("tsbench.storage.read_foreign", lambda path: sweep())
    asked = analyse_files([run], columns="voltage=2", kind="pulses").lines
    assert any(one.startswith("--columns and --as tell what a table holds. A run file knows it") for one in asked)
    assert not any("what a table holds" in one for one in analyse_files([run]).lines)


def test_a_time_that_does_not_rise_is_named_with_its_row(tmp_path):
    path = written(tmp_path, "t.csv", "time [s],voltage [V],current [A]",
                   [0.0, 1.0, 2.234567, 2.234567, 3.0], np.arange(5.0), 0.1 * np.arange(5.0))
    with pytest.raises(ConfigurationError, match=r"time does not rise after 2\.23457 s \(row 3 of the data\)"):
        analyse_files([path], kind="spikes")


def test_half_sweeps_that_are_on_at_their_first_reading_are_counted_as_switching(tmp_path):
    volts, amps, sweeps = half_sweeps([(1, True), (1, True), (1, False)])
    amps[sweeps == 1] = np.maximum(volts[sweeps == 1], 0.02) * 1e-3
    path = written(tmp_path, "a.csv", "V,I,sweep", volts, amps, sweeps)
    analysis = analyse_files([path], rule="above=10u")
    (counted,) = rows_of(analysis, "half_sweeps_switching")
    assert counted["value"] == 2
    assert any("polarity +: 2 half-sweeps switch, 1 do not (rule above=10uA)" in line for line in analysis.lines)
    assert any("in 1 of these half-sweeps, the device is on at the first reading" in line for line in analysis.lines)


def test_the_ratio_of_a_rule_is_named(tmp_path):
    path = written(tmp_path, "a.csv", "V,I,sweep", *half_sweeps([(1, True)]))
    assert any("(rule jump=3)" in line for line in analyse_files([path], rule="jump=3").lines)
    assert any("(rule jump)" in line for line in analyse_files([path], rule="jump").lines)


def test_an_error_of_the_last_file_names_this_file(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("units,V,A\nunits,V,A\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"b\.csv: the table has no header. Write a line with the names"):
        analyse_files([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_rows_of_a_run_that_was_measured_again_are_left_out():
    rows = [{"run": "A", "value": 1}, {"run": "B", "value": 2}, {"run": "A", "value": 3}, {"run": "C", "value": 4}]
    analysis = FileAnalysis(rows=rows, repeated={"A": "C", "Z": "B"})
    analysis.leave_out_repeated()
    assert [row["value"] for row in analysis.rows] == [2, 4]
    assert analysis.lines == ["A: this run is left out, because it was interrupted and measured again as C"]
