"""What a stranger needs of a run file: units everywhere, wall time, and what makes the run the same again."""

import datetime
import hashlib
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest

from tsbench.protocols import protocol_named
from tsbench.station.bench.setting_units import DIMENSIONLESS, unit_of, with_units
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run, validate

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
#: plain numbers of a run file: counts, codes, factors, flags, numbers of things
PLAIN = ("index", "cycle", "direction", "polarity", "points", "points_planned", "points_acquired", "flags", "point",
         "waveforms_acquired", "record", "sample", "order", "segments", "signal_offset", "sequence_index", "row",
         "shot", "pair", "pulse", "cycles", "check_every", "repeats", "count", "retries", "samples", "fraction",
         "periods", "die", "trigger_source", "gain_accuracy", "current_tolerance", "clip_low",
         "clip_high", *DIMENSIONLESS)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sweep and a pulse train on a copy of the NbO2 bench that says temperature and die of its device."""
    folder = tmp_path_factory.mktemp("facts")
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        shutil.copy(EXAMPLES / name, folder)
    bench = folder / "nbo2.bench.toml"
    bench.write_text(
        bench.read_text("utf-8").replace("[devices.D1]", '[devices.D1]\ntemperature = "300 K"\ndie = [3, -4]'), "utf-8")
    wanted: dict[str, dict[str, Any]] = {
        "iv_sweep": {"points": 20, "check_oscillation": False}, "pulse_train": {"count": 2}}
    made = {}
    for name, parameters in wanted.items():
        outcome = run_protocol(bench, "D1", protocol_named(name).parse(parameters), folder / "runs", extract=False)
        assert outcome.path is not None and outcome.status == "success"
        made[name] = outcome.path
    return made


def without_unit(path: Path) -> list[str]:
    """Return the numbers of a run file whose unit is empty, ``NAME/value`` and ``N_NAME`` by their NAME."""
    found: list[str] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf" and not item.attrs["units"]:
            found.append(name.removesuffix("/value").rpartition("/")[2])

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


@pytest.mark.thin(2)
@pytest.mark.parametrize("protocol", ["iv_sweep", "pulse_train"])
def test_every_number_that_has_a_unit_says_it(files: dict[str, Path], protocol: str) -> None:
    found = without_unit(files[protocol])
    assert [name for name in found if name not in PLAIN and not name.endswith(DIMENSIONLESS)] == []
    assert validate(files[protocol]) == []


def test_settings_and_conditions_have_their_units(files: dict[str, Path]) -> None:
    with h5py.File(files["iv_sweep"], "r") as file:
        meter = file["entry/instrument/source_meter/settings"]
        names = ("source_compliance_current", "source_range", "line_frequency")
        units = {name: meter[name].attrs["units"] for name in names}
        assert units == {"source_compliance_current": "A", "source_range": "V", "line_frequency": "Hz"}
        assert file["entry/steps/set_point"].attrs["units"] == "V"
        assert "index_column" not in file["entry/steps"] and "point" in file["entry/steps"]
    with h5py.File(files["pulse_train"], "r") as file:
        block = next(item for name, item in file["entry/waveforms"].items() if name.startswith("block_"))
        conditions = block["acquisitions/conditions"]
        assert {name: item.attrs["units"] for name, item in conditions.items() if name == "amplitude"} == {
            "amplitude": "V"}
        scope = file["entry/instrument/scope/settings"]
        assert scope["trigger_level"].attrs["units"] == "V" and scope["timebase_span"].attrs["units"] == "s"
        assert not [name for name, item in scope.items() if item.dtype.kind == "O" and item.asstr()[()] == "none"]


def test_a_bench_time_has_its_wall_time(files: dict[str, Path]) -> None:
    with h5py.File(files["iv_sweep"], "r") as file:
        start = datetime.datetime.fromisoformat(file["entry/start_time"].asstr()[()])
        at_start, first = file["entry/run/clock_at_start"][()], file["entry/steps/time"][0]
        zero = datetime.datetime.fromisoformat(file["entry/steps/time"].attrs["start"])
        assert file["entry/log/time"].attrs["start"] == file["entry/steps/time"].attrs["start"]
    assert at_start <= first
    assert abs((zero - start).total_seconds() + at_start) < 2e-3


def test_a_run_says_what_makes_it_the_same_again(files: dict[str, Path]) -> None:
    facts = read_run(files["iv_sweep"]).header.provenance
    folder = files["iv_sweep"].parent.parent
    text = (folder / "nbo2.bench.toml").read_text("utf-8")
    assert facts["bench_file"] == {
        "name": "nbo2.bench.toml", "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert facts["temperature"] == 300.0 and facts["die"] == [3, -4]
    (world,) = facts["simulation"].values()
    assert world["world"] == "nbo2.world.toml" and isinstance(world["seed"], int)
    assert world["sha256"] == hashlib.sha256((folder / "nbo2.world.toml").read_bytes()).hexdigest()


def test_units_of_settings_follow_what_is_sourced() -> None:
    sourcing = {"source_function": "current", "source_compliance_voltage": 2.0, "source_range": None,
                "measure_function": "voltage", "measure_range": 2.0, "measure_nplc": 1.0, "own": 1.0, "own_unit": "m"}
    units = {name: unit for name, unit in with_units(sourcing).items() if name.endswith("_unit")}
    assert units == {"source_compliance_voltage_unit": "V", "source_range_unit": "A", "measure_range_unit": "V",
                     "own_unit": "m"}
    assert unit_of("1.pulse_rise_time", {}) == "s" and unit_of("2.load_resistance", {}) == "Ohm"
    settings = {"a.source_function": "current", "b.source_function": "voltage"}
    assert [unit_of(name, settings) for name in ("a.source_range", "b.source_range")] == ["A", "V"]
    assert [unit_of(name, {}) for name in ("1.burst_count", "channel_1_probe_attenuation")] == ["", ""]
