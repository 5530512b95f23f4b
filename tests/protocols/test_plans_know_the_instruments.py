"""A plan accepts what the instrument accepts, and nothing else: around each range, at the ends, for every model."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.model_bench import ModelBench, every
from tsbench.errors import TsbenchError
from tsbench.instruments import MeasureSettings, Pulse, SourceSettings
from tsbench.protocols import protocol_named

SHARES = (1.0, 1.05, 1.055, 1.065, 1.08, 1.1, 1.105, 1.12)  #: of the full scale of a range
METERS, GENERATORS = every("source meter"), every("pulse generator")


def refusals(bench: Any, name: str, role: str, **values: Any) -> list[str]:
    return [line for line in protocol_named(name).parse(values).plan(bench).refusals if line.startswith(f"{role}: ")]


def accepted(*settings: Any) -> str:
    """Return "", or what the instrument or its driver says against settings."""
    try:
        for setting in settings:
            setting()
    except TsbenchError as error:
        return str(error)
    return ""


@pytest.mark.thin(8)
@pytest.mark.parametrize("name", METERS)
@pytest.mark.parametrize("drive", ["voltage", "current"])
def test_a_compliance_just_above_a_range(name: str, drive: Any, tmp_path: Path) -> None:
    with ModelBench(tmp_path, METERS[name], "R1 a 0 1k", {METERS[name].channel: "a"}, "drive", False) as unit:
        meter: Any = unit.bench.source_meter("drive")
        able = meter.capabilities
        rows = able.current_accuracy if drive == "voltage" else able.voltage_accuracy
        within = able.compliance_current if drive == "voltage" else able.compliance_voltage
        other: Any = "current" if drive == "voltage" else "voltage"
        tried = [part * row.full_scale for row in rows for part in SHARES]
        for compliance in [within.low, *(one for one in tried if within.low <= one <= min(within.high, 42.0))]:
            said = refusals(unit.bench, "iv_sweep", "drive", drive=drive, compliance=compliance, nplc=0.1,
                            stop=0.1 if drive == "voltage" else 1e-6, step=0.05 if drive == "voltage" else 5e-7)
            with suppress(TsbenchError):   # the fixed range of the one before must not stand in the way
                meter.configure_measure(MeasureSettings(other, nplc=0.1))
            why = accepted(
                lambda now=compliance: meter.configure_source(SourceSettings.of(drive, now)),
                lambda now=compliance: meter.configure_measure(MeasureSettings(other, range=now, nplc=0.1)))
            assert bool(said) == bool(why), (compliance, said, why)


@pytest.mark.thin(8)
@pytest.mark.parametrize("name", METERS)
@pytest.mark.parametrize("drive", ["voltage", "current"])
def test_a_level_at_each_end_of_a_range_with_much_compliance(name: str, drive: Any, tmp_path: Path) -> None:
    """A source meter gives its highest current at low voltages only, and a plan did not know it."""
    with ModelBench(tmp_path, METERS[name], "R1 a 0 1k", {METERS[name].channel: "a"}, "drive", False) as unit:
        meter: Any = unit.bench.source_meter("drive")
        able = meter.capabilities
        within, limits, rows = ((able.source_voltage, able.compliance_current, able.source_voltage_accuracy)
                                if drive == "voltage" else
                                (able.source_current, able.compliance_voltage, able.source_current_accuracy))
        levels = [part * row.full_scale for row in rows for part in (1.0, 1.04, 1.06)]
        beside = sorted({min(most, 42.0) for _, most in able.boundaries[drive]} | {min(limits.high, 42.0)})
        for level in [one for one in levels if one <= min(within.high, 42.0)]:
            for compliance in beside:
                said = refusals(unit.bench, "iv_sweep", "drive", drive=drive, compliance=compliance, nplc=0.1,
                                stop=level, step=level / 2, measure_range="auto")
                with suppress(TsbenchError):   # the level of the one before must not stand in the way
                    meter.set_level(0.0)
                why = accepted(
                    lambda now=compliance, top=level: meter.configure_source(SourceSettings.of(drive, now, range=top)),
                    lambda now=level: meter.set_level(now))
                assert bool(said) == bool(why), (level, compliance, said, why)


@pytest.mark.parametrize(("name", "compliance", "said"), [
    ("keithley_4200", 110e-6, "in the range 1 mA of the source meter, in which a compliance must be above 110 uA. "
                              "Use at most 105 uA or at least 111 uA, or set measure_range = auto"),
    ("keithley_2470", 1e-9, "in the range 10 nA of the source meter, in which a compliance must be above 1.06 nA. "
                            "Use at least 1.07 nA, or set measure_range = auto"),
    ("keithley_2461", 1.055e-3, "Use at most 1.05 mA or at least 1.07 mA, or"),
])
def test_the_nearest_compliances_are_told(name: str, compliance: float, said: str, tmp_path: Path) -> None:
    with ModelBench(tmp_path, METERS[name], "R1 a 0 1k", {METERS[name].channel: "a"}, "drive", False) as unit:
        line, = refusals(unit.bench, "iv_sweep", "drive", compliance=compliance)
        assert said in line
        assert not refusals(unit.bench, "iv_sweep", "drive", compliance=compliance, measure_range="auto")
        for other in ("retention", "telegraph_noise", "first_contact", "forming"):
            given: Any = [compliance] if other == "forming" else compliance
            line, = refusals(unit.bench, other, "drive", compliance=given)
            assert "measure_range" not in line and "Use at" in line


def test_the_highest_level_beside_a_compliance_is_told(tmp_path: Path) -> None:
    with ModelBench(tmp_path, METERS["keithley_2400"], "R1 a 0 1k", {"": "a"}, "drive", False) as unit:
        said = ("drive: compliance = 1.000 A is too high beside 22.00 V, where the source meter allows at most 105 mA. "
                "Lower 'compliance', or source at most 21 V")
        assert refusals(unit.bench, "iv_sweep", "drive", compliance=1.0, stop=22.0) == [said]
        assert refusals(unit.bench, "forming", "drive", compliance=[1e-3, 1.0], stop=22.0) == [said]
        assert refusals(unit.bench, "telegraph_noise", "drive", compliance=1.0, bias=[1.0, 22.0]) == [said]


@pytest.mark.parametrize("name", GENERATORS)
def test_the_size_and_the_edges_of_a_pulse(name: str, tmp_path: Path) -> None:
    with ModelBench(tmp_path, GENERATORS[name], "R1 a 0 1k", {GENERATORS[name].channel: "a"}, "pulser", False) as unit:
        generator: Any = unit.bench.pulse_generator("pulser")
        able = generator.capabilities
        top, least, most = able.level_into_open.high, able.amplitude_into_open.low, able.amplitude_into_open.high
        fastest, slow = able.edge_time.low, max(able.edge_time.low, 20e-9)
        generator.configure_load(math.inf)
        assert 0.0 < least < most <= 2 * top
        pulses = [(0.0, part * least, slow) for part in (0.98, 1.0, 1.1, -0.98, -1.0)]
        pulses += [(0.1, part * least, slow) for part in (0.5, 1.0)]
        pulses += [(-top, part * most, slow) for part in (1.0, 1.01) if part * most <= 2 * top]
        pulses += [(0.0, part * top, edge) for part in (0.79, 0.81, 1.0) for edge in (fastest, 1.1 * fastest, slow)]
        for base, amplitude, edge in pulses:
            said = refusals(unit.bench, "firing_probability", "pulser", amplitude=[amplitude], base=base, width=1e-6,
                            rise_time=edge, fall_time=edge)
            pulse = Pulse(base, amplitude, 1e-6, 100e-6, edge, edge)
            why = accepted(lambda now=pulse: generator.configure_pulse(now))
            assert bool(said) == bool(why), (base, amplitude, edge, said, why)
            assert not why or " is outside " in why   # the driver refuses it, not the instrument


@pytest.mark.parametrize(("name", "values", "said"), [
    ("tektronix_afg3252c", {"amplitude": [1.0, 0.05]}, "the smallest pulse has 50 mV from base to top, but the "
     "generator makes at least 100 mV. Raise 'amplitude' to 100 mV or more"),
    ("keysight_81160a", {"amplitude": [12.0], "base": -6.0}, "the largest pulse has 12 V from base to top, but the "
     "generator makes at most 10 V. Lower 'amplitude' to 10 V or less"),
    ("tektronix_afg3252c", {"amplitude": [-1.0, -0.05]}, "the smallest pulse has 50 mV from base to top, but the "
     "generator makes at least 100 mV. Lower 'amplitude' to -100 mV or less"),
    ("tektronix_afg3252c", {"amplitude": [1.0], "conditioning": 0.05}, "the smallest pulse has 50 mV from base to top, "
     "but the generator makes at least 100 mV. Raise 'conditioning' to 100 mV or more"),
    ("keysight_81160a", {"amplitude": [-12.0], "base": 6.0}, "the largest pulse has 12 V from base to top, but the "
     "generator makes at most 10 V. Raise 'amplitude' to -10 V or more"),
    ("keysight_81160a", {"amplitude": [11.0]}, "base + amplitude = 11.00 V is outside the range -10.00 V to 10.00 V. "
     "Change base or amplitude"),
    ("keysight_33622a", {"amplitude": [9.0], "rise_time": 3e-9}, "pulses above 8 V have edges of at least 3.3 ns, but "
     "3 ns is set. Raise 'rise_time' and 'fall_time', or lower 'amplitude'"),
])
def test_what_a_generator_cannot_make_is_told(name: str, values: dict[str, Any], said: str, tmp_path: Path) -> None:
    with ModelBench(tmp_path, GENERATORS[name], "R1 a 0 1k", {GENERATORS[name].channel: "a"}, "pulser", False) as unit:
        line, = refusals(unit.bench, "firing_probability", "pulser", **values)
        assert line == f"pulser: {said}"


def test_the_parameter_of_the_smallest_pulse_is_named(tmp_path: Path) -> None:
    model = GENERATORS["tektronix_afg3252c"]
    with ModelBench(tmp_path, model, "R1 a 0 1k", {model.channel: "a"}, "pulser", False) as unit:
        line, = refusals(unit.bench, "adaptive_threshold", "pulser", lowest=-0.05, highest=-1.0)
        assert line.endswith("Lower 'lowest' to -100 mV or less")
