"""Spikes of a run file that is read part by part are those of the same record in the memory."""

from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.made_runs import header
from tsbench.analysis.oscillation.spikes import spikes_of_samples
from tsbench.errors import UnreadableFile
from tsbench.extraction.long_records import long_records
from tsbench.records import Run, Waveform
from tsbench.storage.nexus.stored_samples import StoredSamples, stored_samples
from tsbench.storage.nexus.writer import write_run


def codes(seed: int, shape: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(shape.size)
    return np.clip(np.round(100.0 * shape + noise), -128, 127).astype(np.int8)[None]


def test_the_device_voltage_of_a_stored_run_is_read_part_by_part(tmp_path: Path) -> None:
    place = np.arange(30_000)
    shape = np.exp(-(((place % 300 - 150) / 20.0) ** 2))
    high = Waveform("device_voltage_high", "V", codes(1, shape), -0.01, 0.5, 1e-6, 2e-9, np.zeros(1), time=3.0)
    low = Waveform("device_voltage_low", "V", codes(2, 0.1 * shape), 0.01, 0.0, 1e-6, 2e-9, np.zeros(1), time=3.0)
    other = Waveform("current", "A", codes(3, 0.0 * shape), 1e-6, 0.0, 0.0, 2e-9, np.zeros(1), time=4.0)
    run = Run(
        header("oscillation", ()), np.zeros((0, 0)), np.zeros(0, np.uint32), (high, low, other), (), "success", "", "")
    path = tmp_path / "run.nxs"
    write_run(run, path)
    voltage, current = long_records(path, 1e-6)
    values = high.values()[0] - low.values()[0]
    expected = spikes_of_samples(values, 2e-9, 1e-6, 0.01 * np.sqrt(2.0))
    assert (voltage.channel, voltage.unit, voltage.samples) == ("device_voltage", "V", 30_000)
    assert voltage.spikes.times == pytest.approx(expected.times, abs=1e-15) and expected.times.size == 100
    assert voltage.found.frequency == pytest.approx(1.0 / (300 * 2e-9), rel=1e-4)
    assert current.channel == "current" and current.found.frequency is None
    with stored_samples(path) as stored:
        assert [one.number for one in stored] == [0, 1, 2]
        assert stored[0].part(5, 9) == pytest.approx(high.values()[0, 5:9]) and stored[0].resolution == 0.01


def test_the_step_of_a_stored_record_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Waveform("voltage", "V", codes(1, np.zeros(1000)), 0.01, 0.0, 0.0, 2e-9, np.zeros(1), time=3.0)
    run = Run(header("oscillation", ()), np.zeros((0, 0)), np.zeros(0, np.uint32), (record,), (), "success", "", "")
    write_run(run, tmp_path / "run.nxs")
    asked, read = [], StoredSamples.codes
    monkeypatch.setattr(StoredSamples, "codes", lambda *place: (asked.append(place[1:]), read(*place))[1])
    with stored_samples(tmp_path / "run.nxs") as stored:
        assert [one.resolution for one in (*stored, *stored)] == [0.01, 0.01] and asked == [(0, 1000)]


def test_a_file_that_is_no_run_is_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1.0
    with pytest.raises(UnreadableFile), stored_samples(tmp_path / "other.h5"):
        pass
