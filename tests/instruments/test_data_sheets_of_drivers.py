"""The numbers that the drivers know of their instruments, as the data sheets print them."""

import math
from dataclasses import asdict
from typing import Any

import pytest

from tests.simulated_backends.virtual_instruments.test_data_sheets import PRINTED
from tsbench.instruments.interfaces import Range, Vertical
from tsbench.instruments.keithley_2450 import data_sheet as of_2450
from tsbench.instruments.keithley_2460 import data_sheet as of_2460
from tsbench.instruments.keithley_2461 import data_sheet as of_2461
from tsbench.instruments.keithley_2470 import data_sheet as of_2470
from tsbench.instruments.keithley_interactive import data_sheet as of_both
from tsbench.instruments.keysight_33500 import data_sheet as of_33500
from tsbench.instruments.keysight_infiniivision import data_sheet as of_3000t
from tsbench.instruments.tektronix_mso import data_sheet as of_tektronix
from tsbench.netlist import parse_value


@pytest.mark.parametrize("name", PRINTED)
def test_accuracies_of_a_source_meter(name: str) -> None:
    sheet = {"2450": of_2450, "2460": of_2460}[name[:4]]
    sourced, measured = (
        (sheet.SOURCE_VOLTAGE, sheet.VOLTAGE) if name.endswith("V") else (sheet.SOURCE_CURRENT, sheet.CURRENT))
    lines = PRINTED[name].strip().splitlines()
    for source, measure, line in zip(sourced, measured, lines, strict=True):
        full, gain, offset, read_gain, read_offset, noise, _ = map(parse_value, line.split())
        assert tuple(asdict(source).values()) == pytest.approx((full, gain / 100, offset, noise), rel=1e-9)
        assert tuple(asdict(measure).values()) == pytest.approx((full, read_gain / 100, read_offset, noise), rel=1e-9)


@pytest.mark.parametrize(("sheet", "ranges", "boundaries"), [
    (of_2450.DATA_SHEET, (210.0, 1.05, (1e-9, 1.05), (0.02, 210.0)), {
        "voltage": [(21.0, 1.05), (210.0, 0.105)], "current": [(0.105, 210.0), (1.05, 21.0)]}),
    (of_2460.DATA_SHEET, (105.0, 7.35, (1e-6, 7.35), (0.2, 105.0)), {
        "voltage": [(7.35, 7.35), (10.5, 5.25), (21.0, 4.2), (105.0, 1.05)],
        "current": [(1.05, 105.0), (4.2, 21.0), (5.25, 10.5), (7.35, 7.35)]}),
    (of_2461.DATA_SHEET, (105.0, 7.35, (1e-6, 7.35), (0.2, 105.0)), {
        "voltage": [(7.35, 7.35), (10.5, 5.25), (21.0, 4.2), (105.0, 1.05)],
        "current": [(1.05, 105.0), (4.2, 21.0), (5.25, 10.5), (7.35, 7.35)]}),
    (of_2470.DATA_SHEET, (1050.0, 1.05, (1e-9, 1.05), (0.2, 1050.0)), {
        "voltage": [(21.0, 1.05), (210.0, 0.105), (1050.0, 0.021)],
        "current": [(0.0105, 1050.0), (0.105, 210.0), (1.05, 21.0)]}),
])
def test_ranges_and_limits_of_a_source_meter(sheet: Any, ranges: tuple[Any, ...], boundaries: dict[str, Any]) -> None:
    caps, (volts, amperes, limits_of_current, limits_of_voltage) = sheet.capabilities, ranges
    assert (caps.source_voltage, caps.source_current) == (Range(-volts, volts, "V"), Range(-amperes, amperes, "A"))
    assert caps.compliance_current == Range(*limits_of_current, "A")
    assert caps.compliance_voltage == Range(*limits_of_voltage, "V")
    assert (caps.nplc, caps.maximum_sweep_points, caps.minimum_dwell) == (Range(0.01, 10.0, ""), 2500, 50e-6)
    assert caps.line_frequency == 50.0
    found = {function: [tuple(asdict(row).values()) for row in rows] for function, rows in sheet.boundaries.items()}
    assert found == boundaries
    assert (of_both.OVERRANGE, of_both.LIST_CHUNK) == (1.05, 100)
    assert (of_both.STATUS_OVER_TEMPERATURE, of_both.STATUS_LIMITED) == (1 << 4, 1 << 5)   # bits of the source status


#: model: channels, shortest period of pulses [ns]
GENERATORS = {
    "33509B": (1, 50), "33510B": (2, 50), "33511B": (1, 50), "33512B": (2, 50), "33519B": (1, 33), "33520B": (2, 33),
    "33521B": (1, 33), "33522B": (2, 33), "33611A": (1, 12.5), "33612A": (2, 12.5), "33621A": (1, 10),
    "33622A": (2, 10),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_by_model(name: str) -> None:
    """33500B: 16 ns, 8.4 ns, 250 MSa/s, 8 points to 1 M; 33600A: 5 ns, 2.9 ns, 1 GSa/s, 32 points to 4 M."""
    caps, (channels, nanoseconds) = of_33500.capabilities(of_33500.MODELS[name]), GENERATORS[name]
    width, edge, rate, points = (
        (16e-9, 8.4e-9, 250e6, (8, 1_000_000)) if name.endswith("B") else (5e-9, 2.9e-9, 1e9, (32, 4_000_000)))
    assert of_33500.MODELS[name].channels == channels and set(of_33500.MODELS) == set(GENERATORS)
    assert caps.pulse_period == Range(pytest.approx(nanoseconds * 1e-9, rel=1e-6), 1e6, "s")
    assert (caps.pulse_width, caps.edge_time) == (Range(width, 1e6, "s"), Range(edge, 1e-6, "s"))
    assert (caps.sample_rate, caps.arbitrary_points) == (Range(1e-6, rate, "Hz"), Range(*points, ""))


def test_any_generator_of_the_family() -> None:
    caps = of_33500.capabilities(of_33500.MODELS["33622A"])
    assert (caps.level_into_50_ohm, caps.level_into_open) == (Range(-5.0, 5.0, "V"), Range(-10.0, 10.0, "V"))
    assert caps.burst_count == Range(1, 100_000_000, "") and caps.output_resistance == 50.0
    assert tuple(asdict(caps.level_accuracy).values())[:3] == (5.0, 0.01, 2e-3) and caps.timebase_accuracy == 1e-6
    assert (of_33500.DAC_FULL_SCALE, of_33500.MINIMUM_AMPLITUDE) == (32767, 1e-3)


#: number of a 3000T: bandwidth [MHz]; its last digit is the number of channels
SCOPES = {
    3012: 100, 3014: 100, 3022: 200, 3024: 200, 3032: 350, 3034: 350, 3052: 500, 3054: 500, 3102: 1000, 3104: 1000}


def test_a_scope_by_model() -> None:
    assert {name: (model.channels, model.bandwidth) for name, model in of_3000t.MODELS.items() if name[-1] == "T"} == {
        f"{kind}-X {number}T": (number % 10, megahertz * 1e6)
        for kind in ("DSO", "MSO") for number, megahertz in SCOPES.items()}
    caps = of_3000t.capabilities(of_3000t.MODELS["DSO-X 3054T"])
    assert (caps.channels, caps.bandwidth, caps.sample_rate, caps.record_length) == (4, 500e6, 5e9, 4_000_000)
    assert (caps.segments, caps.resolution_bits) == (1000, 8)
    assert caps.range == Range(8e-3, 40.0, "V")   # 1 mV to 5 V a division
    assert (caps.gain_accuracy, caps.offset_accuracy, caps.timebase_accuracy) == (0.02, 0.1 / 8, 1.6e-6)
    # +-2 V below 200 mV a division, +-10 V below 1 V, of eight divisions
    assert caps.offset_limits == ((2.0, 1.6), (10.0, 8.0))
    assert (of_3000t.BANDWIDTH_LIMIT, of_3000t.RUNNING, of_3000t.DIVISIONS) == (20e6, 1 << 3, 8)
    assert (of_3000t.HOLE, of_3000t.CLIP_LOW, of_3000t.CLIP_HIGH) == (0, 1, 255)


@pytest.mark.parametrize(("name", "printed"), [
    ("DSO-X 2002A", (2, 70e6, 2e9, 1_000_000, 250, 0.03, 25e-6)),
    ("MSO-X 2024A", (4, 200e6, 2e9, 1_000_000, 250, 0.03, 25e-6)),
    ("DSO-X 3054A", (4, 500e6, 4e9, 4_000_000, 1000, 0.02, 25e-6)),
    ("DSO-X 4104A", (4, 1e9, 5e9, 4_000_000, 1000, 0.02, 10e-6)),
    ("MSO-X 4154A", (4, 1.5e9, 5e9, 4_000_000, 1000, 0.02, 10e-6)),
    ("DSO-X 6002A", (2, 1e9, 20e9, 4_000_000, 1000, 0.02, 1.6e-6)),
])
def test_sister_series_of_a_scope(name: str, printed: tuple[float, ...]) -> None:
    caps = of_3000t.capabilities(of_3000t.MODELS[name])
    assert (caps.channels, caps.bandwidth, caps.sample_rate, caps.record_length, caps.segments, caps.gain_accuracy,
            caps.timebase_accuracy) == printed
    gain = of_3000t.vertical_accuracy(caps.gain_accuracy).standard_gain()
    assert gain == pytest.approx(caps.gain_accuracy / math.sqrt(3))


def test_uncertainties_of_a_scope_are_its_bounds_taken_as_uniform() -> None:
    """2 % of full scale; 0.1 divisions of eight, 2 mV at the input and 1 % of the offset, each within its bounds."""
    assert of_3000t.vertical_accuracy().standard_gain() == pytest.approx(0.02 / math.sqrt(3))
    vertical = Vertical(16.0, offset=-5.0, probe_attenuation=10.0)
    bounds = (0.1 * 2.0, 2e-3 * 10.0, 0.01 * 5.0)
    offset = of_3000t.vertical_accuracy().standard_offset(vertical, 8)
    assert offset == pytest.approx(math.hypot(*bounds) / math.sqrt(3))


@pytest.mark.parametrize(("name", "printed"), [
    ("MSO44", (4, 1e9, 6.25e9, 31_250_000, 12, True)), ("MSO54", (4, 1e9, 6.25e9, 62_500_000, 12, False)),
    ("MSO58B", (8, 1e9, 6.25e9, 62_500_000, 12, False)), ("MSO64", (4, 2.5e9, 25e9, 62_500_000, 12, True)),
    ("MSO5104B", (4, 1e9, 10e9, 12_500_000, 8, True)), ("DPO5034", (4, 350e6, 10e9, 12_500_000, 8, True)),
    ("DPO7254C", (4, 2.5e9, 40e9, 12_500_000, 8, True)), ("DPO7354", (4, 3.5e9, 40e9, 12_500_000, 8, True)),
])
def test_tektronix_scopes_by_model(name: str, printed: tuple[object, ...]) -> None:
    model = of_tektronix.model_of(name)
    assert model is not None
    caps = of_tektronix.capabilities(model)
    assert (caps.channels, caps.bandwidth, caps.sample_rate, caps.record_length, caps.resolution_bits,
            caps.external_trigger) == printed
    assert caps.range.high == 100.0   # 10 V a division, ten divisions
    assert caps.timebase_accuracy == {"MSO": 2.5e-6, "50": 5e-6, "51": 5e-6, "72": 1.5e-6, "73": 1.5e-6}[
        "MSO" if len(name.rstrip("B")) == 5 else name[3:5]]


@pytest.mark.parametrize("name", ["TDS2024", "MSO24", "DPO70404C", "DPO7994", "MSO5", "MSO4054"])
def test_other_scopes_of_the_maker_are_not_known(name: str) -> None:
    assert of_tektronix.model_of(name) is None
