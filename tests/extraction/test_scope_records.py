"""Records of oscilloscopes from the file to results: which channel is what, and clipped samples."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.fixtures import scope_files
from tsbench.errors import ConfigurationError
from tsbench.extraction.files import analyse_files

STEP = 1e-9
TIME = -2e-6 + STEP * np.arange(20_000)


def pulse() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return device voltage [V] and current [A]: 2 V for 10 us, on after 1.5 us with 1 mA."""
    noise = np.random.default_rng(1).normal(0.0, 1.0, (2, TIME.size))
    voltage = np.where((TIME > 0) & (TIME < 10e-6), 2.0, 0.0)
    current = np.where((TIME > 1.5e-6) & (TIME < 10e-6), 1e-3, 5e-6 * voltage)
    return voltage + 5e-3 * noise[0], current + 2e-6 * noise[1]


def container(folder: Path) -> Path:
    voltage, current = pulse()
    channels = [("1", voltage), ("2", 50.0 * current)]
    return scope_files.float_container(folder / "a.bin", channels, start=-2e-6, step=STEP)


def spikes(folder: Path, full_scale: float) -> Path:
    values = 1.0 + 3.0 * np.abs(np.sin(2 * np.pi * 1.5e6 * TIME)) ** 8
    noisy = values + np.random.default_rng(2).normal(0.0, 0.01, TIME.size)
    codes = np.clip(np.round(127 * noisy / full_scale), -128, 127).astype(np.int8)
    return scope_files.lecroy_trc(folder / "a.trc", codes, gain=full_scale / 127, offset=0.0, start=-2e-6, step=STEP)


def test_two_voltages_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=(
            r"the channels 1, 2 are all voltages over time \(20000 samples\)\. Say which is the device voltage, and "
            r"which .* for example --columns 'voltage=1,current=2 \[V/50Ohm\]'")):
        analyse_files([container(tmp_path)])


def test_the_time_of_a_record_is_used_with_the_channels_that_the_user_names(tmp_path: Path) -> None:
    found = analyse_files([container(tmp_path)], columns="voltage=1,current=2 [V/50Ohm]")
    assert "read as pulses, 1 pulse (2.00 V for 10.0 us)" in found.understood[0]
    delay = next(row for row in found.rows if row["quantity"] == "switching_delay_mean")
    assert delay["value"] == pytest.approx(1.5e-6, abs=4e-9)


def test_clipped_spikes_have_the_flag(tmp_path: Path) -> None:
    seen = analyse_files([spikes(tmp_path, 5.0)])
    assert not any("clipped" in row["flags"] for row in seen.rows)
    hidden = analyse_files([spikes(tmp_path, 3.0)])
    assert all("clipped" in row["flags"] for row in hidden.rows)
    assert "samples of the voltage are clipped at -3.024 V and 3.000 V" in " ".join(hidden.lines)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clipped_current_of_a_pulse_has_the_flag(tmp_path: Path, sign: int) -> None:
    voltage, current = pulse()
    codes = np.stack([np.round(40 * voltage), np.clip(np.round(sign * 127 * current / 0.5e-3), -126, 126)], axis=1)
    path = scope_files.rohde_export(tmp_path / "a.bin", codes.astype(np.int8), interleaved=True)
    found = analyse_files([path], columns="voltage=CH1,current=CH3 [V/1kOhm]", kind="pulses")
    delays = [row for row in found.rows if row["quantity"].startswith("switching_delay")]
    assert delays and all("clipped" in row["flags"] for row in delays)


def test_a_record_of_two_files_is_read_once_from_a_folder(tmp_path: Path) -> None:
    codes = np.round(100 * np.sin(2 * np.pi * 5e5 * TIME)).astype(np.int8)
    scope_files.rohde_export(tmp_path / "a.bin", codes)
    found = analyse_files([tmp_path])
    assert [line.partition(":")[0] for line in found.understood] == ["a.bin"]


def test_one_channel_without_a_unit_is_taken_in_volts_and_says_so(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.01, TIME.size)
    path = scope_files.lecroy_text(tmp_path / "a.csv", [1.0 + np.abs(np.sin(np.pi * 1e6 * TIME)) ** 9 + noise], STEP)
    found = analyse_files([path])
    assert "voltage = 'Ampl' [no unit is given, V is assumed]" in found.understood[0]
    assert next(row["value"] for row in found.rows if row["quantity"] == "frequency") == pytest.approx(1e6, rel=1e-3)


def _segments(folder: Path) -> Path:
    """Write four pulses in four segments 1 ms apart, one channel a file: on after 1, 1.5, 2 and 1.2 us."""
    noise = np.random.default_rng(4)
    voltages, currents = [], []
    for delay in (1e-6, 1.5e-6, 2e-6, 1.2e-6):
        on = (delay < TIME) & (TIME < 10e-6)
        high = (TIME > 0) & (TIME < 10e-6)
        voltages.append(2.0 * high + noise.normal(0.0, 5e-3, TIME.size))
        currents.append(np.where(on, 1e-3, 1e-5 * high) + noise.normal(0.0, 2e-6, TIME.size))
    for k, (values, full_scale) in enumerate(((np.array(voltages), 4.0), (50.0 * np.array(currents), 0.08))):
        codes = np.round(32512 * values / full_scale).astype(np.int16)
        scope_files.lecroy_trc(folder / f"C{k + 1}--run--00000.trc", codes, gain=full_scale / 32512, offset=0.0,
                               start=-2e-6, step=STEP, starts=(0.0, 1e-3, 2e-3, 3e-3), source=k)
    return folder / "C1--run--00000.trc"


def test_pulses_of_all_segments_are_measured_within_their_segments(tmp_path: Path) -> None:
    found = analyse_files([_segments(tmp_path)], columns="voltage=C1,current=C2 [V/50Ohm]", table="all segments")
    delays = [row["value"] for row in found.rows if row["quantity"] == "switching_delay"]
    assert delays == pytest.approx([1e-6, 1.5e-6, 2e-6, 1.2e-6], abs=4e-9)


def test_spikes_are_not_counted_over_the_gaps_between_segments(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"4 segments, and nothing is known .* choose one segment"):
        analyse_files([_segments(tmp_path)], columns="voltage=C1", table="all segments")
