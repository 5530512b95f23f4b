"""The numbers of the data sheets in the code are those that the makers publish, written here a second time.

The tests of imperfections measure an effect and compare it with the data sheet in the code. So they cannot notice a
wrong number there. Here the published numbers stand as the makers write them (relative part + offset, by range), with
the sources that ``docs/imperfections.md`` names. A number without a source has no entry: nothing published could
contradict it. That none of them is 0 by mistake is the last test. The voltage burden has an entry in each family: it is
smaller than what any other test of levels notices.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from benchmarks.imperfections.kinds import GENERATOR, OSCILLOSCOPE, SOURCE_METER
from benchmarks.imperfections.sheets import GENERATORS, OSCILLOSCOPES, SOURCE_METERS
from tsbench.quantities import short_quantity
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import OffState

#: model -> accuracy of readings, then of levels: "range: gain + offset"; "" where no source states it
ACCURACY: Mapping[str, tuple[str, str]] = {
    # SPEC-2400 rev. H
    "MODEL 2400": (
        "200 mV: .012% + 300 uV, 2 V: .012% + 300 uV, 20 V: .015% + 1.5 mV, 200 V: .015% + 10 mV, "
        "1 uA: .029% + 300 pA, 10 uA: .027% + 700 pA, 100 uA: .025% + 6 nA, 1 mA: .027% + 60 nA, "
        "10 mA: .035% + 600 nA, "
        "100 mA: .055% + 6 uA, 1 A: .22% + 570 uA",
        "200 mV: .02% + 600 uV, 2 V: .02% + 600 uV, 20 V: .02% + 2.4 mV, 200 V: .02% + 24 mV, 1 uA: .035% + 600 pA, "
        "10 uA: .033% + 2 nA, 100 uA: .031% + 20 nA, 1 mA: .034% + 200 nA, 10 mA: .045% + 2 uA, "
        "100 mA: .066% + 20 uA, 1 A: .27% + 900 uA"),
    # SPEC-2410 rev. E
    "MODEL 2410": (
        "20 V: .015% + 1 mV, 1000 V: .015% + 50 mV, 20 mA: .035% + 1.2 uA, 1 A: .22% + 570 uA",
        "20 V: .02% + 2.4 mV, 1000 V: .02% + 100 mV, 20 mA: .045% + 4 uA, 1 A: .27% + 900 uA"),
    # SPEC-2450 rev. A, p. 2
    "MODEL 2450": (
        "20 mV: .1% + 150 uV, 200 mV: .012% + 200 uV, 2 V: .012% + 300 uV, 20 V: .015% + 1 mV, 200 V: .015% + 10 mV, "
        "10 nA: .1% + 50 pA, 100 nA: .06% + 100 pA, 1 uA: .025% + 300 pA, 10 uA: .025% + 700 pA, 100 uA: .02% + 6 nA, "
        "1 mA: .02% + 60 nA, 10 mA: .02% + 600 nA, 100 mA: .025% + 6 uA, 1 A: .03% + 500 uA",
        "20 mV: .1% + 200 uV, 200 mV: .015% + 200 uV, 2 V: .02% + 300 uV, 20 V: .015% + 2.4 mV, 200 V: .015% + 24 mV, "
        "10 nA: .1% + 100 pA, 100 nA: .06% + 150 pA, 1 uA: .025% + 400 pA, 10 uA: .025% + 1.5 nA, "
        "100 uA: .02% + 15 nA, "
        "1 mA: .02% + 150 nA, 10 mA: .02% + 1.5 uA, 100 mA: .025% + 15 uA, 1 A: .067% + 900 uA"),
    # SPEC-2460 rev. C, and a copy of its table
    "MODEL 2460": (
        "1 uA: .025% + 700 pA, 10 uA: .025% + 1 nA, 100 uA: .02% + 10 nA, 1 mA: .02% + 100 nA, 10 mA: .02% + 1 uA, "
        "100 mA: .02% + 10 uA, 1 A: .05% + 500 uA, 4 A: .1% + 2.5 mA, 7 A: .15% + 5 mA", ""),
    # manual 2461-901-01 rev. A, p. 4-19
    "MODEL 2461": ("", "100 mA: .02% + 15 uA"),
    # a reseller's copy of the tables of the 2470's data sheet
    "MODEL 2470": (
        "200 mV: .012% + 200 uV, 2 V: .012% + 300 uV, 20 V: .015% + 1 mV, 200 V: .015% + 10 mV, 1000 V: .015% + 50 mV, "
        "10 nA: .1% + 250 pA, 100 nA: .06% + 300 pA, 1 uA: .025% + 300 pA, 1 mA: .02% + 60 nA, 1 A: .03% + 500 uA",
        "200 mV: .015% + 200 uV, 2 V: .02% + 300 uV, 20 V: .015% + 2.4 mV, 200 V: .015% + 24 mV, "
        "1000 V: .02% + 100 mV, "
        "10 nA: .1% + 200 pA, 100 nA: .06% + 250 pA, 1 uA: .025% + 400 pA, 1 mA: .02% + 150 nA, 1 A: .067% + 900 uA"),
    # SPEC-2602B rev. B, p. 2
    "Model 2602B": (
        "100 mV: .015% + 150 uV, 1 V: .015% + 200 uV, 6 V: .015% + 1 mV, 40 V: .015% + 8 mV, 100 nA: .05% + 100 pA, "
        "1 uA: .025% + 500 pA, 10 uA: .025% + 1.5 nA, 100 uA: .02% + 25 nA, 1 mA: .02% + 200 nA, 10 mA: .02% + 2.5 uA, "
        "100 mA: .02% + 20 uA, 1 A: .03% + 1.5 mA, 3 A: .05% + 3.5 mA",
        "100 mV: .02% + 250 uV, 1 V: .02% + 400 uV, 6 V: .02% + 1.8 mV, 40 V: .02% + 12 mV, 100 nA: .06% + 100 pA, "
        "1 uA: .03% + 800 pA, 10 uA: .03% + 5 nA, 100 uA: .03% + 60 nA, 1 mA: .03% + 300 nA, 10 mA: .03% + 6 uA, "
        "100 mA: .03% + 30 uA, 1 A: .05% + 1.8 mA, 3 A: .06% + 4 mA"),
    # B2900A data sheet, p. 16 to 18
    "B2912A": (
        "200 mV: .015% + 225 uV, 2 V: .02% + 350 uV, 20 V: .015% + 5 mV, 200 V: .015% + 50 mV, 10 nA: .1% + 50 pA, "
        "100 nA: .06% + 100 pA, 1 uA: .025% + 500 pA, 10 uA: .025% + 1.5 nA, 100 uA: .02% + 25 nA, "
        "1 mA: .02% + 200 nA, "
        "10 mA: .02% + 2.5 uA, 100 mA: .02% + 20 uA, 1 A: .03% + 1.5 mA, 1.5 A: .05% + 3.5 mA, 3 A: .4% + 7 mA", ""),
}
#: model -> field of the data sheet -> published number, in SI units
PUBLISHED: Mapping[str, Mapping[str, object]] = {
    "MODEL 2400": {"open_relay_settling": 15e-3, "least_of_range": 1e-3},   # SPEC-2400 rev. H; manual, p. 13-9
    "MODEL 2450": {"slew_rate": 0.2e6, "resolution": 1e-6, "least_limit": 1e-3, "range_change_overshoot": 0.25,
                   "range_down": 0.1, "open_relay_settling": 15e-3},   # SPEC-2450 rev. A; manual, p. 2-83, 2-100
    # manuals 2470-901-01, p. 4-38; 2461-901-01, p. 6-94; 2450-901-01, p. 2-83
    "MODEL 2460": {"range_down": 0.1, "least_limit": 1e-3, "open_relay_settling": 15e-3},
    # Tektronix's command help for the 2461, smu.source.xlimit.level; manuals 2450-901-01, p. 2-83; 2470-901-01, p. 4-38
    "MODEL 2461": {"least_limit": 0.106, "range_down": 0.1, "open_relay_settling": 15e-3},
    "MODEL 2470": {"least_limit": 0.106, "range_down": 0.1, "open_relay_settling": 15e-3},   # manual, p. 12-78, 4-38
    "Model 2602B": {"least_limit": 0.1, "least_limits": {"CURR": 10e-9, "VOLT": 10e-3}},   # data sheet, p. 5
    "B2912A": {"range_change_overshoot": 0.25, "resolution": 0.1e-6 / 0.2},   # data sheet, p. 17, p. 16 (0.1 uV)
    "33622A": {"min_edge_time": 2.9e-9, "slow_edge_time": 3.3e-9, "output_resistance": 50.0},
    "33522B": {"min_edge_time": 8.4e-9, "output_resistance": 50.0},   # 33500 user's guide, p. 62, 70
    "33250A": {"min_edge_time": 5e-9, "slow_edge_time": 5e-9, "dac_bits": 12},   # user's guide, p. 168
    "81160A": {"min_edge_time": 1e-9, "dac_bits": 14},
    "SDG2122X": {"min_edge_time": 8.4e-9},
    "DG832": {"min_edge_time": 10e-9, "dac_bits": 14},   # DG800 programming guide, p. 2-79, 2-136
    # InfiniiVision data sheets 5992-3484, 5990-6618, 5990-6619, 5992-0140, 5991-1103, 5991-4087
    "DSO-X 3054T": {"gain_accuracy": 0.02, "offset_divisions": 0.1, "offset_accuracy": 2e-3,
                    "offset_gain_accuracy": 0.01, "bandwidth": 500e6, "limited_bandwidth": 20e6,
                    "timebase_accuracy": 1.6e-6, "input_capacitance": 14e-12, "resolution_bits": 8},
    "DSO-X 3034T": {"timebase_accuracy": 1.6e-6, "input_capacitance": 14e-12},
    "DSO-X 2024A": {"gain_accuracy": 0.03, "bandwidth": 200e6, "timebase_accuracy": 25e-6, "input_capacitance": 11e-12},
    "DSO-X 6004A": {"gain_accuracy": 0.02, "bandwidth": 1e9, "timebase_accuracy": 1.6e-6},
    "DSO-X 1102G": {"gain_accuracy": 0.03, "bandwidth": 100e6, "timebase_accuracy": 50e-6, "rearm_time": 19e-6},
    # Siglent DS0101E-E03A
    "SDS1204X-E": {"gain_accuracy": 0.03, "bandwidth": 200e6, "limited_bandwidth": 20e6, "timebase_accuracy": 25e-6},
    "T3DSO1204": {"input_capacitance": 15e-12}, "T3DSO1104": {"input_capacitance": 15e-12},
    "T3DSO2204": {"input_capacitance": 18e-12},
    # WaveSurfer 3000z and 4000HD data sheets
    "WS3054Z": {"gain_accuracy": 0.015, "bandwidth": 500e6, "timebase_accuracy": 10e-6, "resolution_bits": 8,
                "input_capacitance": 17e-12, "offset_accuracy": 1e-3, "offset_gain_accuracy": 0.01},
    "WS4054HD": {"gain_accuracy": 0.005, "resolution_bits": 12, "timebase_accuracy": 10e-6},
    # DS1000Z user's guide, chapter Specifications; performance verification guides
    "DS1104Z": {"gain_accuracy": 0.03, "offset_divisions": 0.1, "offset_accuracy": 2e-3, "bandwidth": 100e6,
                "timebase_accuracy": 25e-6, "input_capacitance": 13e-12},
    "MSO5104": {"timebase_accuracy": 10e-6}, "DS4024": {"timebase_accuracy": 4e-6},
    "DS1074Z": {"timebase_accuracy": 25e-6}, "SDS1104X HD": {"timebase_accuracy": 25e-6}, "RTB2004": {"levels": 250},
    "RTO1014": {"bandwidth": 1e9, "levels": 253, "input_capacitance": 15e-12}, "RTO2024": {"bandwidth": 2e9},
    "SDS2204X HD": {"gain_accuracy": 0.005, "timebase_accuracy": 1e-6, "resolution_bits": 12, "bandwidth": 200e6},
    "MSO54": {"bandwidth": 1e9, "timebase_accuracy": 2.5e-6}, "MSO5104B": {"timebase_accuracy": 5e-6},
    "DPO7254C": {"bandwidth": 2.5e9, "timebase_accuracy": 1.5e-6},
}
#: models with the accuracy of another, in the ranges that both have
SISTERS = {"MODEL 2401": "MODEL 2400", "Model 2601B": "Model 2602B", "B2901A": "B2912A", "B2902A": "B2912A",
           "B2911A": "B2912A"}
#: folder -> what all its models have, from the same sources
FAMILIES: Mapping[str, Mapping[str, object]] = {
    "keithley_2400": {"open_relay_settling": 15e-3, "least_of_range": 1e-3},
    "keithley_2600": {"least_limit": 0.1},
    "keysight_b2900": {"range_change_overshoot": 0.25, "range_down": 0.09},
    "keysight_33600": {"output_resistance": 50.0},
    "siglent_sdg2000x": {"min_edge_time": 8.4e-9},
    "tektronix_afg": {"output_resistance": 50.0, "dac_bits": 14},
    "rigol_dg800": {"dac_bits": 14},
    "keysight_infiniivision": {"offset_divisions": 0.1, "offset_accuracy": 2e-3, "offset_gain_accuracy": 0.01,
                               "limited_bandwidth": 20e6, "resolution_bits": 8},
    "lecroy_t3dso": {"gain_accuracy": 0.03, "limited_bandwidth": 20e6, "timebase_accuracy": 25e-6, "levels": 200},
    "lecroy_wavesurfer": {"bandwidth": 500e6, "limited_bandwidth": 20e6, "timebase_accuracy": 10e-6,
                          "input_capacitance": 17e-12, "offset_accuracy": 1e-3, "offset_gain_accuracy": 0.01},
    "siglent_sds_hd": {"gain_accuracy": 0.005, "limited_bandwidth": 20e6, "input_capacitance": 17e-12,
                       "resolution_bits": 12},
    "rigol_oscilloscopes": {"levels": 200},
}
#: folder -> voltage burden [V] of its models. Only that of the 2450 is published; the others are chosen, less than each
#: offset of a level. Infinity: the manual states a resistance
BURDENS = {
    "keithley_2400": 500e-6, "keithley_2450": 100e-6, "keithley_2460": 100e-6, "keithley_2461": 100e-6,
    "keithley_2470": 100e-6, "keithley_2600": 100e-6, "keithley_4200": 100e-6, "keysight_b1500a": math.inf,
    "keysight_b2900": 100e-6,
}
#: model -> current range [A], and automatic source delays [s] of a voltage source from this range on, as far as stated
AUTO_DELAYS = {
    "MODEL 2400": (1e-6, "3 m, 2 m, 1 m, 1 m, 1 m, 1 m, 1 m"),   # user's manual 2400S-900-01 rev. K, section 18
    "MODEL 2401": (1e-6, "3 m, 2 m, 1 m, 1 m, 1 m, 1 m, 1 m"),
    "MODEL 2410": (1e-6, "3 m, 2 m, 1 m, 1 m, 1 m, 1 m, 1 m"),
    "MODEL 2450": (10e-9, "50 m, 50 m, 3 m, 2 m, 1 m, 1 m, 1 m, 1 m, 1 m"),   # manual 2450-901-01 rev. B, p. 2-111
    "MODEL 2460": (100e-6, "1 m, 1 m, 1 m, 1 m, 1 m, 1 m, 1 m"),   # manual 2461-901-01 rev. A, p. 2-131: to 5 A
    "MODEL 2461": (100e-6, "1 m, 1 m, 1 m, 1 m, 1 m, 1 m, 1 m"),
    "MODEL 2470": (10e-9, "150 m, 100 m, 3 m, 2 m, 1 m, 1 m, 1 m, 1 m, 1 m"),   # manual 2470-901-01 rev. A, p. 4-45
}
_INTERACTIVE_OFF = {"NORM": "0 V, 10 %", "HIMP": "open", "ZERO": "0 V, 100 %", "GUAR": "0 A, 10 %"}
#: folder -> off state -> what the output is then: an open relay, or its level and the limit, as part of the range or
#: the same in each; "kept": the limit is the one that it had, if this is more
OFF_STATES = {
    # user's manual 2400S-900-01 rev. K, p. 13-9, 13-10 and 18-59
    "keithley_2400": {"NORM": "0 V, 0.5 %", "HIMP": "open", "ZERO": "0 V, 0.5 %, kept", "GUAR": "0 A, 0.5 %"},
    # manual 2450-901-01 rev. B, p. 2-83 and 6-32; NORM: manual 2470-901-01 rev. A, p. 15-12; the sisters have the same
    "keithley_2450": _INTERACTIVE_OFF, "keithley_2460": _INTERACTIVE_OFF, "keithley_2461": _INTERACTIVE_OFF,
    "keithley_2470": _INTERACTIVE_OFF | {"ZERO": "0 V, 10 %, kept"},   # manual 2470-901-01 rev. A, p. 15-12 and 4-18
    # manual 2600BS-901-01 rev. B, p. 2-77 and 2-78, and rev. C, p. 2-77
    "keithley_2600": {"NORM": "0 V, 1 mA", "ZERO": "0 V, 10 %, kept", "HIMP": "open"},
    "keysight_b2900": {"NORM": "open", "HIZ": "open", "ZERO": "0 V, 100 uA"},   # user's guide ed. 2, table 6-1
}
#: folder -> highest reading, in parts of the range: manuals 2400S-900-01 rev. K, table 3-1; 2600BS-901-01 rev. F,
#: p. 2-44
HIGHEST_READINGS = {"keithley_2400": 1.055, "keithley_2600": 1.02}
#: [Hz] that the number of a model names
BANDWIDTHS = {
    "DSO-X 3034T": 350e6, "DSO-X 3054A": 500e6, "MSO-X 4154A": 1.5e9, "DSO-X 4104A": 1e9, "DSOS104A": 1e9,
    "DSO9254A": 2.5e9, "T3DSO1204": 200e6, "T3DSO1104": 100e6, "T3DSO2204": 200e6, "SDS1202X-E": 200e6,
    "MSO5104": 100e6, "DS1074Z": 70e6, "DS4024": 200e6, "RTB2004": 300e6, "SDS1104X HD": 100e6, "MSO5104B": 1e9,
    "DPO5104B": 1e9,
}
#: model, quantity, field of a range -> numbers of all ranges, the lowest first, and the number that they are divided by
RANGES: Mapping[tuple[str, str, str], tuple[str, float]] = {
    # SPEC-2602B rev. B, p. 2: noise of the source, peak to peak; p. 5: settling; manual rev. F, p. 2-44: 102 %
    ("Model 2602B", "VOLT", "noise"): ("20 u, 50 u, 100 u, 500 u", 6.0),
    ("Model 2602B", "CURR", "noise"): ("5 p, 25 p, 60 p, 3 n, 6 n, 200 n, 600 n, 70 u, 150 u", 6.0),
    ("Model 2602B", "VOLT", "time_constant"): ("50 u, 50 u, 110 u, 150 u", 6.9),
    ("Model 2602B", "CURR", "time_constant"): ("20 m, 2 m, 500 u, 150 u, 100 u, 80 u, 80 u, 80 u, 80 u", 6.9),
    ("Model 2602B", "VOLT", "read_overrange"): ("1.02, 1.02, 1.02, 1.02", 1.0),
    ("Model 2602B", "VOLT", "overrange"): ("1.01, 1.01, 1.01, 1.01", 1.0),
    ("Model 2602B", "CURR", "read_overrange"): (", ".join(["1.02"] * 9), 1.0),
    ("Model 2602B", "CURR", "overrange"): (", ".join(["1.01"] * 9), 1.0),
    ("Model 2602B", "VOLT", "step"): (".1 u, 1 u, 1 u, 10 u", 1.0),
    ("Model 2602B", "CURR", "step"): (".1 p, 1 p, 10 p, 100 p, 1 n, 10 n, 100 n, 1 u, 1 u", 1.0),
    # SPEC-2450 rev. A, p. 2: noise of the source below 10 Hz, as the sheet has it
    ("MODEL 2450", "VOLT", "noise"): ("1 u, 1 u, 10 u, 100 u, 1 m", 1.0),
    ("MODEL 2450", "CURR", "noise"): (".5 p, .5 p, 5 p, 40 p, 400 p, 5 n, 40 n, 100 n, 3 u", 1.0),
    # a reseller's copy of the tables of the 2470's data sheet
    ("MODEL 2470", "VOLT", "step"): (".1 u, 1 u, 10 u, 100 u, 10 m", 1.0),
    # B2900A data sheet, p. 17 and 18
    ("B2912A", "VOLT", "time_constant"): ("50 u, 50 u, 110 u, 700 u", 6.9),
    ("B2912A", "VOLT", "step"): (".1 u, 1 u, 10 u, 100 u", 1.0),   # p. 16
}
#: fields of an imperfection that may be 0: the instrument has none of it, by the folder of the models
ABSENT = {
    "keithley_2400": {"least_limit"},   # less is refused: least_of_range
    "keithley_2600": {"open_relay_settling"},
    "keithley_4200": {"least_limit", "range_change_overshoot", "open_relay_settling"},
    "keysight_b1500a": {"least_limit", "range_change_overshoot", "open_relay_settling"},
    "keysight_b2900": {"least_limit", "open_relay_settling"},
    "siglent_sdg2000x": {"offset_amplitude_accuracy", "trigger_latency"},
    "tektronix_afg": {"offset_amplitude_accuracy"},
}
UNITS = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "": 1.0}
SHEETS = {name: sheet for families in (SOURCE_METERS, GENERATORS, OSCILLOSCOPES) for models in families.values()
          for name, sheet in models.items()}
_ROW = re.compile(r"([\d.]+) (m|u|n|p|)([VA]): ([\d.]+)% \+ ([\d.]+) (m|u|n|p|)[VA]")


def near(value: Any) -> Any:
    """Equal but for rounding; no number is so small that it counts as 0."""
    return pytest.approx(value, rel=1e-6, abs=0.0)


def stated(text: str) -> Iterator[tuple[str, float, float, float]]:
    """Yield quantity, full scale, relative part and offset of each range."""
    for full, prefix, unit, gain, offset, small in _ROW.findall(text):
        quantity = {"V": "VOLT", "A": "CURR"}[unit]
        yield quantity, float(full) * UNITS[prefix], float(gain) / 100, float(offset) * UNITS[small]


def numbers(text: str) -> list[float]:
    """Return numbers with a prefix: "20 u, 3.5" is 20e-6, 3.5."""
    return [float(part.split()[0]) * UNITS["".join(part.split()[1:])] for part in text.split(",")]


@pytest.mark.parametrize("model", ACCURACY)
def test_the_accuracy_of_each_range_is_the_published_one(model: str) -> None:
    for text, names in zip(ACCURACY[model], (("measure_gain", "measure_offset"), ("source_gain", "source_offset")),
                           strict=True):
        rows = list(stated(text))
        assert len(rows) == text.count(":")
        for quantity, full, gain, offset in rows:
            (row,) = (one for one in SHEETS[model].ranges[quantity] if one.full_scale == near(full))
            assert [getattr(row, name) for name in names] == near([gain, offset]), (quantity, full, names)


@pytest.mark.parametrize("model", SISTERS)
def test_sister_models_have_the_same_accuracy(model: str) -> None:
    other = SHEETS[SISTERS[model]]
    for quantity, rows in SHEETS[model].ranges.items():
        known = {row.full_scale: row for row in other.ranges[quantity]}
        assert len([row for row in rows if row.full_scale in known]) >= len(rows) - 1
        for row in rows:
            for name in ("measure_gain", "measure_offset", "source_gain", "source_offset"):
                if row.full_scale in known:
                    assert getattr(row, name) == near(getattr(known[row.full_scale], name)), (row.full_scale, name)


@pytest.mark.parametrize("folder", FAMILIES)
def test_numbers_that_all_models_of_a_family_have(folder: str) -> None:
    models = {**SOURCE_METERS, **GENERATORS, **OSCILLOSCOPES}[folder]
    for model, sheet in models.items():
        found: Any = sheet
        for name, value in FAMILIES[folder].items():
            assert getattr(found, name) == near(value), (model, name)


def test_a_burden_that_is_too_small_or_too_large_in_a_data_sheet_is_noticed() -> None:
    """Its test at the terminals compares with the data sheet, and the accuracy of levels only forbids a large one."""
    found = {folder: {sheet.voltage_burden for sheet in models.values()} for folder, models in SOURCE_METERS.items()}
    assert found == {folder: {volts} for folder, volts in BURDENS.items()}


@pytest.mark.parametrize("model", AUTO_DELAYS)
def test_automatic_delays_are_the_published_ones(model: str) -> None:
    first, text = AUTO_DELAYS[model]
    sheet: Any = SHEETS[model]
    at = next(number for number, row in enumerate(sheet.ranges["CURR"]) if row.full_scale == near(first))
    delays = numbers(text)
    assert sheet.auto_delays[at:at + len(delays)] == near(tuple(delays))


def off(state: OffState) -> str:
    """Return an off state as the table of off states has it."""
    if not state.relay_closed:
        return "open"
    limit = f"{state.limit_of_range * 100:g} %" if state.limit is None else short_quantity(state.limit, "A")
    return f"{'0 V' if state.function == 'VOLT' else '0 A'}, {limit}{', kept' if state.keeps_limit else ''}"


@pytest.mark.parametrize("folder", OFF_STATES)
def test_outputs_that_are_off_are_as_published(folder: str) -> None:
    for model, sheet in SOURCE_METERS[folder].items():
        assert {name: off(state) for name, state in sheet.off_states.items()} == OFF_STATES[folder], model


@pytest.mark.parametrize("folder", HIGHEST_READINGS)
def test_highest_readings_are_the_published_ones(folder: str) -> None:
    for model, sheet in SOURCE_METERS[folder].items():
        for row in (row for rows in sheet.ranges.values() for row in rows):
            published = 1100.0 if row.full_scale == 1000.0 else HIGHEST_READINGS[folder] * row.full_scale
            assert row.reading_top == near(published), (model, row.full_scale)


def test_inputs_of_oscilloscopes_have_1_megaohm_or_50_ohm() -> None:
    for models in OSCILLOSCOPES.values():
        for model, sheet in models.items():
            assert set(sheet.impedances.values()) <= {1e6, 50.0}, model


def test_bandwidths_are_those_that_the_models_are_named_for() -> None:
    assert {model: SHEETS[model].bandwidth for model in BANDWIDTHS} == near(BANDWIDTHS)


@pytest.mark.parametrize("key", RANGES, ids=" ".join)
def test_numbers_of_ranges_are_the_published_ones(key: tuple[str, str, str]) -> None:
    model, quantity, name = key
    text, divisor = RANGES[key]
    sheet = SHEETS[model]
    found = [sheet.step_of(row) if name == "step" else getattr(row, name) for row in sheet.ranges[quantity]]
    assert found == near([number / divisor for number in numbers(text)])


@pytest.mark.parametrize("model", PUBLISHED)
def test_numbers_are_the_published_ones(model: str) -> None:
    found: Any = {name: getattr(SHEETS[model], name) for name in PUBLISHED[model]}
    for name, value in PUBLISHED[model].items():
        assert found[name] == near(value), name


def test_no_imperfection_is_zero_by_mistake() -> None:
    for families, kinds in ((SOURCE_METERS, SOURCE_METER), (GENERATORS, GENERATOR), (OSCILLOSCOPES, OSCILLOSCOPE)):
        for folder, models in families.items():
            zero = set()
            for sheet in models.values():
                parts = [sheet, *(row for rows in getattr(sheet, "ranges", {}).values() for row in rows)]
                zero |= {name for kind in kinds for name in kind.fields for part in parts
                         if type(value := getattr(part, name, None)) is float and value == 0.0}
            assert zero == ABSENT.get(folder, set()), folder
