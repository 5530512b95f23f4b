"""Binary records of oscilloscopes: numbers, times, units, limits and segments against an independent formula."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures import scope_files
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.importers.foreign import ForeignTable
from tsbench.importers.registry import importer_of

WORDS = np.array([-32768, -12800, 0, 256, 12800, 32512], dtype=np.int16)
BYTES = np.array([-128, -3, 0, 1, 90, 127], dtype=np.int8)
FILES = Path(__file__).parent / "files"


def read(path: Path, table: str | None = None, maker: str = "") -> ForeignTable:
    importer = importer_of(path)
    assert importer is not None
    assert importer.name == maker or not maker
    file = importer.read(path, table)
    assert len(file.tables) == 1
    return file.tables[0]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("codes", [WORDS, BYTES], ids=["words", "bytes"])
def test_lecroy_record(tmp_path: Path, codes: scope_files.Codes, big: bool) -> None:
    table = read(scope_files.lecroy_trc(tmp_path / "C1.trc", codes, big=big, source=1), maker="lecroy")
    time, voltage = table.columns
    assert (voltage.name, voltage.unit, time.role, time.unit) == ("C2", "V", "time", "s")
    np.testing.assert_allclose(voltage.values, codes * 1e-4 - 0.25, rtol=1e-6)
    np.testing.assert_allclose(time.values, -1e-6 + 1e-9 * np.arange(6), atol=1e-15)
    low, high = voltage.clip_low, voltage.clip_high
    assert low is not None and high is not None
    assert ((voltage.values <= low) | (voltage.values >= high)).tolist() == [True, False, False, False, False, True]


def test_lecroy_record_behind_the_header_of_a_message(tmp_path: Path) -> None:
    path = scope_files.lecroy_trc(tmp_path / "a.trc", WORDS, prefix=b"C1:WF ALL,#9000000358")
    np.testing.assert_allclose(read(path).columns[1].values, WORDS * 1e-4 - 0.25, rtol=1e-6)


def test_lecroy_record_of_the_old_template(tmp_path: Path) -> None:
    time, voltage = read(scope_files.lecroy_old_trc(tmp_path / "trace.000", WORDS), maker="lecroy").columns
    np.testing.assert_allclose(voltage.values, WORDS * 1e-4 - 0.25, rtol=1e-6)
    np.testing.assert_allclose(time.values, -1e-6 + 1e-9 * np.arange(6), atol=1e-15)
    assert voltage.name == "C2" and voltage.clip_low == pytest.approx(-3.2768 - 0.25)


def test_a_computed_trace_has_no_known_limits(tmp_path: Path) -> None:
    column = read(scope_files.lecroy_trc(tmp_path / "a.trc", WORDS, processing=1)).columns[1]
    assert column.clip_low is None and column.clip_high is None


def test_segments_of_lecroy_are_chosen_by_name_or_number(tmp_path: Path) -> None:
    path = scope_files.lecroy_trc(tmp_path / "a.trc", WORDS.reshape(2, 3), starts=(0.0, 0.5))
    with pytest.raises(ConfigurationError, match=r"3 tables: all segments, segment 1, segment 2\. Choose one with"):
        read(path)
    one = read(path, "segment 2")
    np.testing.assert_allclose(one.columns[1].values, WORDS[3:] * 1e-4 - 0.25, rtol=1e-6)
    np.testing.assert_allclose(one.columns[0].values, -1e-6 + 1e-9 * np.arange(3), atol=1e-15)
    whole = read(path, "1")
    np.testing.assert_allclose(whole.columns[0].values[3:], 0.5 - 1e-6 + 1e-9 * np.arange(3), atol=1e-12)
    assert whole.rows == 6


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(("codes", "fmt", "top"), [
    (BYTES, "RI", 127), (WORDS, "RI", 32512), (BYTES.view(np.uint8), "RP", 255),
    (WORDS + np.int16(1), "RI", 32767)])
def test_tektronix_isf(tmp_path: Path, codes: scope_files.Codes, fmt: str, top: int, long: bool) -> None:
    table = read(scope_files.isf(tmp_path / "T.isf", codes, fmt=fmt, long=long, little=not long), maker="tektronix")
    time, voltage = table.columns
    np.testing.assert_allclose(voltage.values, (codes.astype(float) - 10) * 2e-3 + 0.5, rtol=1e-9)
    np.testing.assert_allclose(time.values, -2e-7 + 4e-9 * np.arange(6), atol=1e-15)
    assert voltage.name == "CH2" and voltage.unit == "V"
    assert voltage.clip_high == pytest.approx((top - 10) * 2e-3 + 0.5)


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("big", [False, True])
def test_tektronix_wfm(tmp_path: Path, version: int, big: bool) -> None:
    codes = np.array([-32000, 5, 32000, 7], dtype=np.int16)
    time, voltage = read(scope_files.tek_wfm(tmp_path / "a.wfm", codes, version=version, big=big)).columns
    np.testing.assert_allclose(voltage.values, codes * 1e-3 - 0.1, rtol=1e-9)
    np.testing.assert_allclose(time.values, -1e-7 + 2e-9 * (0.25 + np.arange(4)), atol=1e-15)
    assert voltage.clip_low == pytest.approx(-32.1) and voltage.clip_high == pytest.approx(31.9)


def test_frames_of_tektronix_are_segments(tmp_path: Path) -> None:
    codes = np.arange(12, dtype=np.int16).reshape(3, 4)
    path = scope_files.tek_wfm(tmp_path / "a.wfm", codes, starts=(0.0, 0.25, 2.5))
    whole = read(path, "all segments")
    np.testing.assert_allclose(whole.columns[1].values, np.arange(12) * 1e-3 - 0.1, rtol=1e-9)
    np.testing.assert_allclose(whole.columns[0].values[::4], np.array([0.0, 0.25, 2.5]) - 1e-7 + 0.5e-9, atol=1e-12)


def test_a_file_of_tektronix_own_library_agrees_with_its_csv_file() -> None:
    """Written by tm_data_types 0.5.0, which puts the trigger half a sample further into its .wfm file."""
    binary, text = read(FILES / "tm_data_types.wfm"), read(FILES / "tm_data_types.csv")
    codes = np.array([*(round(20000 * np.sin(k / 5)) for k in range(60)), 32767, -32768])
    np.testing.assert_allclose(binary.columns[1].values, 0.125 + 1.5625e-05 * codes, rtol=1e-12)
    np.testing.assert_allclose(text.columns[1].values, binary.columns[1].values, rtol=1e-8)
    np.testing.assert_allclose(binary.columns[0].values - text.columns[0].values, 0.5 * 4e-10, atol=1e-15)
    column = binary.columns[1]
    assert column.clip_high is not None and np.flatnonzero(column.values >= column.clip_high).tolist() == [60]


@pytest.mark.parametrize(("mark", "maker"), [
    ("AG01", "keysight"), ("AG03", "keysight"), ("AG10", "keysight"), ("RG01", "rigol"), ("RG03", "rigol")])
def test_container_of_keysight_and_rigol(tmp_path: Path, mark: str, maker: str) -> None:
    one, two = np.sin(np.arange(50.0)), np.arange(50.0)
    table = read(scope_files.float_container(tmp_path / "a.bin", [("1", one), ("2", two)], mark), maker=maker)
    assert [(c.name, c.unit) for c in table.columns] == [("time", "s"), ("1", "V"), ("2", "V")]
    np.testing.assert_array_equal(table.columns[1].values, one.astype(np.float32))
    np.testing.assert_allclose(table.columns[0].values, -1e-6 + 1e-9 * np.arange(50), atol=1e-15)


def test_segments_of_keysight_and_a_current_probe(tmp_path: Path) -> None:
    path = scope_files.float_container(
        tmp_path / "a.bin", [("1", np.arange(8.0)), ("2", -np.arange(8.0))], tags=(0.0, 0.1), unit=4)
    table = read(path, "segment 2")
    np.testing.assert_array_equal(table.columns[2].values, [-4, -5, -6, -7])
    assert table.columns[2].unit == "A"
    np.testing.assert_allclose(read(path, "all segments").columns[0].values[4:], 0.1 - 1e-6 + 1e-9 * np.arange(4))


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("named", ["settings", "samples"])
def test_export_of_rohde_schwarz(tmp_path: Path, text: bool, named: str) -> None:
    codes = np.array([-126, -3, 0, 5, 126], dtype=np.int8)
    suffix = ".csv" if text else ".bin"
    path = scope_files.rohde_export(tmp_path / f"a{suffix}", codes, text=text)
    shown = path if named == "settings" else path.with_name(f"a.Wfm{suffix}")
    time, voltage = read(shown, maker="rohde_schwarz").columns
    np.testing.assert_allclose(voltage.values, codes / 253 + 0.1, atol=1e-8)
    np.testing.assert_allclose(time.values, -1e-6 + 1e-9 * np.arange(5), atol=1e-15)
    assert voltage.clip_high is not None and (voltage.values >= voltage.clip_high).tolist() == [False] * 4 + [True]


def test_interleaved_channels_of_rohde_schwarz(tmp_path: Path) -> None:
    codes = np.arange(20, dtype=np.int8).reshape(10, 2)
    table = read(scope_files.rohde_export(tmp_path / "a.bin", codes, interleaved=True))
    assert [column.name for column in table.columns] == ["time", "CH1", "CH3"]
    np.testing.assert_allclose(table.columns[2].values, codes[:, 1] / 253 + 0.1, atol=1e-8)


def test_settings_lines_of_several_channels_of_rohde_schwarz(tmp_path: Path) -> None:
    one = {"XStart": "-1e-06", "XStop": "1e-06", "RecordLength": "4", "MultiChannelExport": "eRS_ONOFF_ON",
           "MultiChannelExportState": "eRS_ONOFF_ON:eRS_ONOFF_OFF:eRS_ONOFF_ON", "TraceType": "eRS_TRACE_TYPE_NORMAL",
           "MultiChannelSource": ":".join(f"eRS_SIGNAL_SOURCE_CH{k}_TR1" for k in (1, 2, 3)),
           "MultiChannelVerticalScale": "0.1:0.1:0.2", "MultiChannelVerticalPosition": "0:0:0",
           "MultiChannelVerticalOffset": "0:0:0.5", "Timestamp": "2021:09:09 10:29"}
    (tmp_path / "a.csv").write_text("".join(f"{name}:{value}:\n" for name, value in one.items()))
    (tmp_path / "a.Wfm.csv").write_text("0.1;1\n0.2;2\n0.3;3\n0.4;4\n")
    table = read(tmp_path / "a.csv", maker="rohde_schwarz")
    assert [column.name for column in table.columns] == ["time", "CH1", "CH3"]
    assert table.columns[2].values.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(table.columns[0].values, [-1e-6, -5e-7, 0, 5e-7], atol=1e-15)


def test_samples_as_text_with_settings_as_xml(tmp_path: Path) -> None:
    codes = np.array([-126, -3, 0, 5, 126], dtype=np.int8)
    scope_files.rohde_export(tmp_path / "b.csv", codes, text=True)
    scope_files.rohde_export(tmp_path / "a.bin", codes)
    (tmp_path / "b.Wfm.csv").rename(tmp_path / "a.Wfm.csv")
    np.testing.assert_allclose(read(tmp_path / "a.Wfm.csv").columns[1].values, codes / 253 + 0.1, atol=1e-8)


def test_an_export_without_its_samples_is_refused(tmp_path: Path) -> None:
    path = scope_files.rohde_export(tmp_path / "a.bin", np.zeros(9, dtype=np.int8))
    (tmp_path / "a.Wfm.bin").unlink()
    with pytest.raises(UnreadableFile, match=r"samples of this record are in the file a\.Wfm\.bin.*Copy both files"):
        read(path)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_siglent_bin(tmp_path: Path, version: int) -> None:
    codes = [np.array([0, 128, 155, 255], dtype=np.uint8), np.array([128, 1, 2, 3], dtype=np.uint8)]
    table = read(scope_files.siglent_bin(tmp_path / "a.bin", codes, version), maker="siglent")
    time, one, two = table.columns
    per_division, divisions = (30, 10) if version > 2 else (25, 14)
    np.testing.assert_allclose(one.values, (codes[0] - 128.0) * 0.05 / per_division - 0.02, atol=1e-12)
    np.testing.assert_allclose(two.values, (codes[1] - 128.0) * 0.05 / per_division - 0.02, atol=1e-12)
    np.testing.assert_allclose(time.values, -divisions * 5e-6 + 1e-8 * np.arange(4), atol=1e-14)
    assert one.clip_low == pytest.approx(one.values[0]) and one.clip_high == pytest.approx(one.values[3])


def test_the_probe_of_siglent_is_applied_and_named(tmp_path: Path) -> None:
    table = read(scope_files.siglent_bin(tmp_path / "a.bin", [np.array([178], dtype=np.uint8)], probe=10.0))
    assert table.columns[1].values[0] == pytest.approx(10 * (50 * 0.05 / 30 - 0.02))
    assert table.remarks == ("the probe factor 10 of CH1 is applied. Compare a level with the oscilloscope",)


def test_the_files_of_the_other_channels_are_read_with_that_of_the_lowest(tmp_path: Path) -> None:
    for k in (1, 2):
        scope_files.lecroy_trc(tmp_path / f"C{k}--run--00000.trc", k * BYTES, source=k - 1)
    scope_files.lecroy_trc(tmp_path / "C3--run--00000.trc", BYTES, source=2, step=2e-9)
    (tmp_path / "C4--run--00000.trc").write_bytes(b"WAVEDESC")
    table = read(tmp_path / "C1--run--00000.trc")
    assert [column.name for column in table.columns] == ["time", "C1", "C2"]
    np.testing.assert_allclose(table.columns[2].values, (2 * BYTES) * 1e-4 - 0.25, rtol=1e-6)
    assert [remark.partition(" ")[0] for remark in table.remarks] == [f"C{k}--run--00000.trc" for k in (2, 3, 4)]
    assert "same sample times" in table.remarks[0] and "other sample times" in table.remarks[1]
    assert "cannot be read" in table.remarks[2]
    assert [column.name for column in read(tmp_path / "C2--run--00000.trc").columns] == ["time", "C2"]


def test_the_channels_of_tektronix_files_are_named_by_the_files(tmp_path: Path) -> None:
    for k in (1, 2):
        scope_files.tek_wfm(tmp_path / f"run_Ch{k}.wfm", WORDS)
    assert [column.name for column in read(tmp_path / "run_Ch1.wfm").columns] == ["time", "CH1", "CH2"]


_WRITERS: dict[str, Callable[[Path], Path]] = {
    "lecroy.trc": lambda path: scope_files.lecroy_trc(path, WORDS.repeat(50)),
    "tek.isf": lambda path: scope_files.isf(path, WORDS.repeat(50)),
    "tek.wfm": lambda path: scope_files.tek_wfm(path, WORDS.repeat(50)),
    "frames.wfm": lambda path: scope_files.tek_wfm(path, np.zeros((3, 50), np.int16), starts=(0.0, 1.0, 2.0)),
    "keysight.bin": lambda path: scope_files.float_container(path, [("1", np.zeros(300))]),
    "rigol.bin": lambda path: scope_files.float_container(path, [("CH1", np.zeros(300))], "RG03"),
    "siglent.bin": lambda path: scope_files.siglent_bin(path, [np.zeros(300, np.uint8)]),
}


@pytest.mark.parametrize("name", _WRITERS)
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    path = _WRITERS[name](tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(UnreadableFile, match=r"the file is incomplete.*Copy it from the oscilloscope again"):
        read(path, "1" if "frames" in name else None)


def test_rigol_wfm(tmp_path: Path) -> None:
    codes = np.array([0, 100, 125, 150, 255, 255], dtype=np.uint8)
    time, voltage = read(scope_files.rigol_wfm(tmp_path / "a.wfm", codes), maker="rigol").columns
    np.testing.assert_allclose(voltage.values, (125.0 - codes) / 25, rtol=1e-6)
    np.testing.assert_allclose(np.diff(time.values), 1e-6, rtol=1e-9)
    assert (voltage.name, voltage.unit) == ("CH 1", "V")
    assert voltage.clip_high == pytest.approx(5.0) and voltage.clip_low == pytest.approx(-5.2)


def test_a_damaged_rigol_wfm_is_refused(tmp_path: Path) -> None:
    path = scope_files.rigol_wfm(tmp_path / "a.wfm", np.zeros(500, dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableFile, match=r"RigolWFM cannot read this file.*save the record as CSV"):
        read(path)


def test_a_library_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wfm"
    path.write_bytes(b"\xa5\xa5\x00\x00" + bytes(500))
    monkeypatch.setitem(__import__("sys").modules, "RigolWFM.wfm", None)
    with pytest.raises(ConfigurationError, match=r"needs the library RigolWFM.*tsbench\[import\]"):
        read(path, maker="rigol")


def test_the_own_format_of_picoscope_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.psdata"
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(UnreadableFile, match=r"only PicoScope can read.*save it as \.mat"):
        read(path)
