"""What the virtual B1500A measures and does at the device: readings, sweeps, pulses, sampling, limits, timing."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.fixtures.parameter_analyser import Analyser
from tsbench.simulated_backends.circuit.engine import Repetition, Segment
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import SOURCE_MODULES

TWO = {"netlist": "R1 a 0 10k\nR2 b 0 1k\n", "nodes": {"1": "a", "2": "b"}}


def numbers(text: str) -> list[float]:
    return [float(datum[3:]) for datum in text.split(",")]


class Record:
    """Voltage of a node over time, from the start of the record on."""

    def __init__(self, analyser: Analyser, node: str = "a") -> None:
        self._node, self._bench = node, analyser.bench
        self.times: list[float] = []
        self.volts: list[float] = []
        analyser.bench.sync()
        analyser.bench.lagging_circuit.add_observer(self)
        analyser.bench.recorders.add(self)

    def observe(self, segment: Segment) -> None:
        trajectory = segment.period if isinstance(segment, Repetition) else segment
        times = trajectory.times  # type: ignore[union-attr]
        self.times.extend(times)
        self.volts.extend(trajectory.voltage(self._node, times))  # type: ignore[union-attr]

    def above(self, level: float) -> list[tuple[float, float]]:
        """Return when the voltage rises above ``level`` and falls below it again [s]."""
        self._bench.sync()
        high = np.append(np.array(self.volts) > level, False)
        edges = np.flatnonzero(np.diff(high.astype(int)))
        times = np.append(self.times, self.times[-1])[edges + 1]
        return list(zip(times[::2], times[1::2], strict=False))


# --------------------------------------------------------------------------------------------------- spots


@pytest.mark.parametrize("imperfections", [False, True])
@pytest.mark.parametrize("converter", [0, 1])
def test_spot_readings_are_within_the_data_sheet(imperfections: bool, converter: int) -> None:
    analyser = Analyser(imperfections=imperfections)
    analyser.send("CN 1", f"AAD 1,{converter}", "AIT 0,2,1", "AIT 1,2,1")
    volts_row = SOURCE_MODULES["B1517A"].sheet.ranges["VOLT"][1]
    amperes_row = SOURCE_MODULES["B1517A"].sheet.ranges["CURR"][8]
    for level in (-2.0, -0.7, 0.3, 1.9):
        analyser.send(f"DV 1,11,{level},1E-3")
        source = volts_row.source_gain * abs(level) + volts_row.source_offset
        fast, fine = amperes_row.fast, amperes_row
        assert fast is not None
        gain, offset = (fast.gain, fast.offset) if converter == 0 else (fine.measure_gain, fine.measure_offset)
        current = level / 10e3
        allowed = source / 10e3 + gain * abs(current) + offset + 5 * 30e-6 * 1e-3
        # the output resistance of 0.3 Ohm is in series with 10 kOhm
        assert analyser.value("TI 1,-17") == pytest.approx(current, abs=allowed + 0.4 * abs(current) / 10e3)
        assert analyser.value("TV 1") == pytest.approx(level, abs=source + 2.5e-3)


def test_the_format_shows_the_range() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DV 1,0,1,1E-2")
    assert analyser.ask("TI 1,-18") == "NAI+00.1000E-03"
    assert analyser.ask("TI 1,-17") == "NAI+0.10000E-03"
    assert analyser.ask("TI 1") == "NAI+099.997E-06"   # 100 uA range, chosen by itself; 0.3 Ohm in series
    assert analyser.ask("TV 1")[:4] == "NAV+"


def test_compliance_and_range_show_in_the_status() -> None:
    analyser = Analyser(**TWO)
    analyser.send("CN 1,2", "DV 1,0,2,1E-4", "DV 2,0,0.1,1E-2", "RI 1,-16", "RI 2,-18")
    assert analyser.ask("TI 1")[:3] == "CAI"
    assert analyser.value("TI 1") == pytest.approx(100e-6, rel=1e-3)
    assert analyser.ask("TI 2")[:3] == "TBI"   # another channel has reached its compliance
    analyser.send("DV 1,0,1,1E-3")
    assert analyser.ask("TI 1")[:3] == "NAI"
    assert analyser.ask("TI 1,-14") == "VAI+199.999E+99" or analyser.ask("TI 1,-14")[0] == "C"


def test_current_source() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DI 1,0,1E-4,5", "RV 1,12")
    assert analyser.value("TV 1,12") == pytest.approx(1.0, rel=1e-3)
    assert analyser.value("TI 1") == pytest.approx(1e-4, rel=1e-3)
    analyser.send("DI 1,0,1E-3,5")
    assert analyser.ask("TV 1,12")[:3] == "CAV"
    assert analyser.value("TV 1,12") == pytest.approx(5.0, rel=1e-2)


def test_limited_automatic_range_goes_no_lower() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DV 1,0,1E-3,1E-2")   # 100 nA
    assert analyser.ask("TI 1,0")[-4:] == "E-09"
    assert analyser.ask("TI 1,17")[-4:] == "E-03"


def test_series_resistor_is_between_output_and_device() -> None:
    analyser = Analyser("R1 a 0 1Meg\n")
    analyser.send("CN 1", "SSR 1,1", "DV 1,0,2,1E-4")
    assert analyser.value("TI 1") == pytest.approx(1e-6, rel=1e-3)
    assert analyser.value("TV 1") == pytest.approx(2.0, rel=1e-3)
    assert analyser.bench.circuit.voltage("a") == pytest.approx(1.0, rel=1e-3)


def test_two_source_meters_share_a_node() -> None:
    analyser = Analyser("R1 a b 1k\n", {"1": "a", "4": "b"})
    analyser.send("CN 1,4", "DV 1,0,1,1E-2", "DV 4,0,0.4,1E-2", "MM 1,1,4")
    assert numbers(analyser.ask("XE")) == pytest.approx([0.6e-3, -0.6e-3], rel=2e-3)


def test_both_quantities_in_one_aperture() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "CMM 1,4", "DV 1,0,2,1E-4", "MM 1,1", "RI 1,-16", "FMT 1", "TSC 1")
    data = analyser.ask("XE").split(",")
    assert [datum[:3] for datum in data] == ["NAT", "CAI", "NAT", "CAV"]
    assert data[0] == data[2]
    assert [float(datum[3:]) for datum in data[1::2]] == pytest.approx([1e-4, 1.0], rel=2e-3)


def test_integration_time() -> None:
    analyser = Analyser(options={"line_frequency": 60})
    analyser.send("CN 1", "DV 1,0,1,1E-3", "TI 1,-17")
    analyser.read()
    for settings, seconds in (("AAD 1,1;AIT 1,2,3", 3 / 60), ("AIT 1,1,10", 0.8e-3), ("AZ 1", 1.6e-3),
                              ("AAD 1,0;AV -2", 2 / 60), ("AIT 0,3,0.01", 0.01)):
        analyser.send(settings)
        start = analyser.bench.clock.now
        analyser.ask("TI 1,-17")
        # 0.2 ms to the instrument and back, 0.1 ms beside the aperture
        assert analyser.bench.clock.now - start == pytest.approx(seconds + 0.2e-3, abs=0.15e-3)


# -------------------------------------------------------------------------------------------------- sweeps


def test_staircase_sweep_with_its_source_and_times() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "FMT 1,1", "TSC 1", "WT 0.1,0.02,0.05", "WV 1,3,0,-1,1,5,1E-3", "RI 1,-17", "MM 2,1", "TSR")
    data = analyser.ask("XE").split(",")
    assert len(data) == 30
    assert [datum[:3] for datum in data[:3]] == ["NAT", "NAI", "WAV"] and data[-1][:3] == "EAV"
    levels = [float(datum[3:]) for datum in data[2::3]]
    assert levels == pytest.approx([-1, -0.5, 0, 0.5, 1, 1, 0.5, 0, -0.5, -1])
    currents = [float(datum[3:]) for datum in data[1::3]]
    assert currents == pytest.approx(np.array(levels) / 10e3, rel=1e-3, abs=1e-9)
    times = np.array([float(datum[3:]) for datum in data[0::3]])
    assert times[0] == pytest.approx(0.12, abs=0.003)
    assert np.diff(times) == pytest.approx(0.07, abs=0.002)   # step delay 0.05 s behind the delay of 0.02 s
    analyser.send("TSC 0")
    assert analyser.value("TV 1") == pytest.approx(-1.0, rel=1e-3)   # WM: it ends at the start


def test_logarithmic_sweep_and_post_output() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "FMT 1,1", "WM 1,2", "WI 1,2,0,1E-6,1E-4,5,5", "MM 2,1")
    data = numbers(analyser.ask("XE"))
    assert data[1::2] == pytest.approx([1e-6, 10**-5.5, 1e-5, 10**-4.5, 1e-4], rel=1e-4)
    assert data[0::2] == pytest.approx([1e-2, 10**-1.5, 0.1, 10**-0.5, 1.0], rel=2e-3)
    assert analyser.value("TI 1") == pytest.approx(1e-4, rel=1e-3)


def test_automatic_stop_at_compliance() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "FMT 1,1", "WM 2,2", "WV 1,1,0,0,2,11,1E-4", "RI 1,-16", "MM 2,1")
    data = analyser.ask("XE").split(",")
    statuses = "".join(datum[0] for datum in data[0::2])
    assert statuses in {"NNNNNNCVVVV", "NNNNNCVVVVV"}
    assert all(datum[3:] == "+199.999E+99" for datum in data[2 * statuses.index("V")::2])
    assert analyser.value("TV 1") == pytest.approx(0.0, abs=1e-3)   # to the start, in spite of WM's 2


def test_power_compliance() -> None:
    analyser = Analyser("R1 a 0 100\n")
    analyser.send("CN 1", "FMT 1,1", "WV 1,1,0,1,10,4,0.1,0.1", "RI 1,-19", "MM 2,1")
    data = analyser.ask("XE").split(",")
    currents, levels = numbers(",".join(data))[0::2], numbers(",".join(data))[1::2]
    assert levels == pytest.approx([1, 4, 7, 10])
    assert currents == pytest.approx([0.01, 0.025, 0.1 / 7, 0.01], rel=5e-3)


def test_synchronous_and_multi_channel_sweeps() -> None:
    analyser = Analyser(**TWO)
    analyser.send("CN 1,2", "FMT 1,2", "WV 1,1,0,0,1,3,1E-2", "WSV 2,0,0,0.5,1E-2", "MM 2,1,2")
    assert numbers(analyser.ask("XE")) == pytest.approx(
        [0, 0, 0, 0, 50e-6, 250e-6, 0.5, 0.25, 100e-6, 500e-6, 1, 0.5], rel=1e-2, abs=1e-8)
    analyser.send("WV 1,1,0,0,1,3,1E-2", "WNX 2,2,1,0,1,0,1E-2", "MM 16,1,2")
    assert numbers(analyser.ask("XE")) == pytest.approx(
        [0, 1e-3, 0, 1, 50e-6, 0.5e-3, 0.5, 0.5, 100e-6, 0, 1, 0], rel=1e-2, abs=1e-8)
    assert analyser.errors() == []


def test_ab_ends_a_sweep_and_keeps_what_was_measured() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "WT 0,0.1", "WV 1,1,0,0,1,100,1E-3", "MM 2,1")
    analyser.begin("XE")
    analyser.bench.clock.wait(1.05)
    analyser.begin("AB")
    analyser.finish()
    assert 8 <= len(analyser.read().split(",")) <= 11
    assert analyser.ask("*OPC?") == "1"
    assert analyser.ask("*LRN? 0") == "CN1"   # the output stays as it is


# -------------------------------------------------------------------------------------------------- pulses


def test_a_pulse_at_the_device_and_its_reading() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "PV 1,12,0.2,5,1E-2", "PT 0.01,0.002,0.05", "MM 3,1")
    record = Record(analyser)
    assert analyser.value("XE") == pytest.approx(5.0 / 10e3, rel=2e-3)
    ((start, end),) = record.above(2.5)
    assert end - start == pytest.approx(2e-3, abs=50e-6)   # width: +- (0.5 % + 50 us)
    assert analyser.bench.circuit.voltage("a") == pytest.approx(0.2, rel=1e-3)


def test_pulsed_sweep() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "FMT 1,1", "PT 0,0.001,0.02", "PWV 1,1,0,0,1,3,3,1E-2", "MM 4,1")
    record = Record(analyser)
    data = numbers(analyser.ask("XE"))
    assert data == pytest.approx([1e-4, 1, 2e-4, 2, 3e-4, 3], rel=1e-2)
    pulses = record.above(0.5)
    assert [end - start for start, end in pulses] == pytest.approx([1e-3] * 3, abs=60e-6)
    assert np.diff([start for start, _ in pulses]) == pytest.approx(0.02, abs=150e-6)


def test_staircase_with_pulsed_bias() -> None:
    analyser = Analyser(**TWO)
    analyser.send("CN 1,2", "FMT 1,1", "PT 0,0.001,0.02", "PV 2,0,0,1,1E-2", "WV 1,1,0,0,1,3,1E-2", "MM 5,1")
    record = Record(analyser, "b")
    assert numbers(analyser.ask("XE"))[1::2] == pytest.approx([0, 0.5, 1])
    assert len(record.above(0.5)) == 3


# ------------------------------------------------------------------------------------------------ sampling


def test_sampling_goes_from_base_to_bias() -> None:
    analyser = Analyser("R1 a 0 10k\nC1 a 0 1n\n")
    analyser.send(
        "CN 1", "FMT 1,1", "RI 1,-17", "MV 1,12,0.5,2,1E-3", "MT 0.02,0.005,10,0.1", "MM 10,1", "TSC 1", "TSR")
    record = Record(analyser)
    data = analyser.ask("XE").split(",")
    assert [float(datum[3:]) for datum in data[0::3]] == list(range(1, 11))
    times = [float(datum[3:]) for datum in data[1::3]]
    assert times == pytest.approx(0.12 + 0.005 * np.arange(10), abs=0.002)
    assert [float(datum[3:]) for datum in data[2::3]] == pytest.approx([2e-4] * 10, rel=2e-3)
    before = np.array(record.times) < record.times[0] + 0.1   # the base hold
    assert np.max(np.array(record.volts)[before]) < 0.6


def test_sampling_that_is_too_fast_leaves_samples_out() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "FMT 1,1", "AAD 1,1", "AIT 1,2,1", "RI 1,-17", "DV 1,0,1,1E-3", "MM 10,1", "MT 0,0.001,100")
    data = numbers(analyser.ask("XE"))
    assert data[0::2] == pytest.approx([1, 22, 43, 64, 85], abs=3)   # one reading lasts 20 ms


def test_sampling_stops_at_compliance_and_logarithmic_times() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "MV 1,0,0,2,1E-4", "MSC 2,1", "MT 0,0.01,100", "MM 10,1")
    assert len(analyser.ask("XE").split(",")) == 1
    assert analyser.value("TV 1") == pytest.approx(0.0, abs=1e-3)
    analyser.send("MSC 1", "ML 2", "MT 0,0.01,21", "FMT 1,1", "RI 1,-16")
    data = analyser.ask("XE").split(",")
    assert len(data) > 30 and analyser.bench.clock.now > 0.9


# ------------------------------------------------------------------------------------------ at the device


def settled_after(range_code: int, level: float) -> float:
    """Return how long a current source needs to 1 % of its level in a range [s]."""
    ohms = 1.0 / level
    analyser = Analyser(f"R1 a 0 {ohms:g}\n")
    analyser.send("CN 1", f"DI 1,{range_code},0,5")
    analyser.bench.clock.wait(0.5)
    record = Record(analyser)
    analyser.send(f"DI 1,{range_code},{level:g},5")
    start = analyser.bench.clock.now
    analyser.bench.clock.wait(0.3)
    analyser.bench.sync()
    times, volts = np.array(record.times), np.array(record.volts)
    outside = np.abs(volts - 1.0) > 0.01
    return float(times[outside][-1] - start)


def test_low_current_ranges_settle_slowly() -> None:
    rows = SOURCE_MODULES["B1517A"].sheet.ranges["CURR"]
    found = [settled_after(code, full) for code, full in ((12, 10e-9), (14, 1e-6), (17, 1e-3))]
    for seconds, index in zip(found, (3, 5, 8), strict=True):
        assert seconds == pytest.approx(rows[index].time_constant * np.log(100.0), rel=0.5)
    assert found[0] > 5 * found[1] > 5 * found[2]


def test_the_filter_slows_the_output() -> None:
    def rise(on: int) -> float:
        analyser = Analyser()
        analyser.send("CN 1", f"FL {on},1", "DV 1,12,0,1E-2")
        analyser.bench.clock.wait(0.1)
        record = Record(analyser)
        analyser.send("DV 1,12,1,1E-2")
        analyser.bench.clock.wait(0.01)
        (started, _), = record.above(0.01) or [(0.0, 0.0)]
        (risen, _), = record.above(0.9) or [(0.0, 0.0)]
        return risen - started

    assert rise(1) > 3 * rise(0)


def test_an_open_output_floats() -> None:
    analyser = Analyser("R1 a 0 1Meg\nV1 s 0 1\nR2 s a 1k\n")
    assert analyser.bench.circuit.voltage("a") == pytest.approx(1.0, rel=2e-3)
    analyser.send("CN 1")
    analyser.bench.clock.wait(0.01)
    assert analyser.bench.circuit.voltage("a") < 0.95   # 0 V, with a compliance of 100 uA
    analyser.send("CL 1")
    analyser.bench.clock.wait(0.01)
    assert analyser.bench.circuit.voltage("a") == pytest.approx(1.0, rel=2e-3)


# -------------------------------------------------------------------------------------------- pulse module


def pulser(netlist: str = "R1 p 0 50\n", seed: int = 1, imperfections: bool = False) -> Analyser:
    return Analyser(netlist, {"501": "p"}, imperfections, {"slots": {"1": "B1517A", "5": "B1525A"}}, seed=seed)


def levels_of(analyser: Analyser, *commands: str) -> Sequence[float]:
    analyser.send("CN 501", *commands)
    record = Record(analyser, "p")
    analyser.send("SRP")
    analyser.bench.clock.wait(50e-6)
    analyser.bench.sync()
    return record.above(1.0)


def test_pulses_of_the_pulse_module() -> None:
    analyser = pulser()
    pulses = levels_of(
        analyser, "SIM 0", "SPRM 1,3", "SPPER 1E-5", "SPT 501,1,0,2E-6,1E-7", "SPV 501,1,0,2", "SPM 501,1")
    assert [end - start for start, end in pulses] == pytest.approx([2e-6] * 3, rel=0.1)
    assert np.diff([start for start, _ in pulses]) == pytest.approx([1e-5, 1e-5], rel=0.02)
    assert analyser.ask("SPST?") == "0"
    assert analyser.ask("SPRM?") == "1,3"
    assert analyser.ask("SPV? 501,1") == "0.000000E+00,2.000000E+00"
    assert analyser.errors() == []


def test_the_voltage_is_that_at_the_load_of_ser() -> None:
    analyser = pulser("R1 p 0 1Meg\n")
    analyser.send("CN 501", "SER 501,1000000", "SPM 501,0", "SPV 501,0,3", "SPUPD 501")
    assert analyser.bench.circuit.voltage("p") == pytest.approx(3.0, rel=1e-3)
    analyser.send("SER 501,50", "SPUPD 501")
    assert analyser.bench.circuit.voltage("p") == pytest.approx(6.0, rel=1e-3)


@pytest.mark.parametrize(("command", "code"), [
    ("SPV 501,1,0,21", 120), ("SPPER 1E-8", 120), ("SPT 501,1,0,5E-9,1E-8", 120), ("SIM 1", 120), ("SPM 501,3", 120),
    ("SPM 1,0", 151), ("SPM 601,0", 153), ("SPUPD 501", 200)])
def test_errors_of_the_pulse_module(command: str, code: int) -> None:
    analyser = pulser()
    analyser.send(command)
    assert analyser.errors() == [code]
