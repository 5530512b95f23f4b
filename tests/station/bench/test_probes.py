"""A passive probe in the bench file: what is refused, what it loads, and what the run and the twin take of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols.acquiring.device_view import required_view
from tsbench.records import PassiveProbe
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.preflight.twin import twin_files

TABLE = '[fixture.probes."scope.1"]\nattenuation = 10\n'
SENSING = "[fixture.sensing]\n"


def changed(bench: Path, changes: Mapping[str, str], world: Mapping[str, str] | None = None) -> Path:
    for file, parts in ((bench, changes), (bench.with_name("nbo2.world.toml"), world or {})):
        text = file.read_text("utf-8")
        for old, new in parts.items():
            assert old in text
            text = text.replace(old, new, 1)
        file.write_text(text, "utf-8")
    return bench


@pytest.mark.parametrize(("table", "said"), [
    ('[fixture.probes."scope.1"]\nattenuation = 0.1\n', "fixture.probes.scope.1.attenuation"),
    ('[fixture.probes."scope.1"]\nattenuation = 10\naccuracy = 2\n', "fixture.probes.scope.1.accuracy"),
    ('[fixture.probes."scope.1"]\nattenuation = 10\nresistance = 0\n', "fixture.probes.scope.1.resistance"),
    ('[fixture.probes."generator.1"]\nattenuation = 10\n', "'generator.1' is not the channel of an oscilloscope"),
    ('[fixture.probes."scope"]\nattenuation = 10\n', "'scope' is not the channel of an oscilloscope"),
    ('[fixture.probes."scop.1"]\nattenuation = 10\n', "Did you mean 'scope'?"),
])
def test_what_cannot_be_is_refused_with_its_key(nbo2_bench: Path, table: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        BenchFile.load(changed(nbo2_bench, {SENSING: table + SENSING}))
    assert said in str(refused.value)


def test_the_input_of_50_ohm_has_no_passive_probe(nbo2_bench: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'scope\.2' has the input of 50 Ohm"):
        BenchFile.load(changed(nbo2_bench, {
            SENSING: '[fixture.probes."scope.2"]\nattenuation = 10\n' + SENSING, "R_shunt  low   0    50\n": "",
            'current_resistance = "50 Ohm"': 'current_sensor = "scope_input"'}))


def test_one_channel_has_one_probe(nbo2_bench: Path) -> None:
    again = TABLE.replace("scope.1", "eye.1")
    with pytest.raises(ConfigurationError, match=r"'scope\.1' and 'eye\.1' are the same channel"):
        BenchFile.load(changed(nbo2_bench, {SENSING: TABLE + again + SENSING, 'scope = "scope"': 'eye = "scope"'}))


def test_an_attenuation_that_the_model_does_not_have_is_refused_as_the_bench_is_opened(nbo2_bench: Path) -> None:
    rigol = {'driver = "keysight_dsox3000t"': 'driver = "rigol_mso5000"'}
    changed(nbo2_bench, {SENSING: TABLE.replace("10", "15") + SENSING, **rigol},
            {'model = "keysight_dsox3054t"': 'model = "rigol_mso5104"'})
    with pytest.raises(ConfigurationError, match=r"'scope\.1' has the attenuation 15, which the MSO5104 does not have"):
        Bench.open(nbo2_bench, "D1")


def test_a_channel_that_the_model_does_not_have_is_refused_as_the_bench_is_opened(nbo2_bench: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"fixture\.probes: scope .* has no channel 7"):
        Bench.open(changed(nbo2_bench, {SENSING: TABLE.replace("scope.1", "scope.7") + SENSING}), "D1")


@pytest.mark.parametrize(("more", "resistance"), [("", 10e6), ('resistance = "9.8 MOhm"\n', 9.8e6)])
def test_the_probe_loads_the_device_in_place_of_the_input(nbo2_bench: Path, more: str, resistance: float) -> None:
    with Bench.open(changed(nbo2_bench, {SENSING: f"{TABLE}accuracy = 0.01\n{more}{SENSING}"}), "D1") as bench:
        assert bench.fixture.probes == {"scope.1": PassiveProbe(10.0, resistance, 0.01)}
        assert bench.fixture.parallel_conductance == pytest.approx(1.0 / resistance)
        view = required_view(bench)
        assert {name: probe.attenuation for name, probe in view.probes.items()} == {"device_voltage_high": 10.0}
        assert view.gain_limit("device_voltage_high") == pytest.approx(
            view.scope.capabilities.gain_accuracy + 0.01)
        view.configure({"device_voltage_high": (0.0, 100.0), "device_voltage_low": (0.0, 0.1)})
        settings = bench.instruments.driver_of("scope").accepted_settings()
        assert settings["channel_1_range"] == pytest.approx(125.0, rel=0.01) and settings["channel_1_offset"] == 50.0
        assert (settings["channel_1_probe_attenuation"], settings["channel_2_probe_attenuation"]) == (10.0, 1.0)


def test_the_twin_has_the_probe_on_both_sides(nbo2_bench: Path) -> None:
    file = BenchFile.load(changed(nbo2_bench, {SENSING: TABLE + SENSING}))
    models = {"source_meter": "MODEL 2450", "generator": "33622A", "scope": "DSO-X 3054T"}
    twin = twin_files(file, models, file.table.fixture.netlist, catalogue()["nbo2"])
    (nbo2_bench.with_name("twin.bench.toml")).write_text(twin.bench, "utf-8")
    nbo2_bench.with_name("twin.world.toml").write_text(twin.world, "utf-8")
    with Bench.open(nbo2_bench.with_name("twin.bench.toml"), twin.devices[0]) as bench:
        assert bench.fixture.probes["scope.1"].attenuation == 10.0
    assert 'options = { probes = { "1" = 10.0 } }' in twin.world
