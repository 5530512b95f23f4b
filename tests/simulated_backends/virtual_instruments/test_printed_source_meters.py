"""The numbers of the 2400 and B2900 families as their data sheets print them, and at the output by physics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvisa

from tsbench.netlist import parse_value
from tsbench.simulated_backends.virtual_instruments.keithley_2400.data_sheet import KEITHLEY_2400, KEITHLEY_2410
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.data_sheet import B2902A, B2912A

pytestmark = pytest.mark.tsbench_outputs_stay_on

#: range; source: % + offset; measure: % + offset; noise 0.1 Hz to 10 Hz, peak to peak (SPEC-2400 rev. H, 2410 rev. E)
PRINTED_2400 = {
    ("2400", "VOLT"): """
        200m  0.02   600u  0.012  300u   5u
        2     0.02   600u  0.012  300u   50u
        20    0.02   2.4m  0.015  1.5m   500u
        200   0.02   24m   0.015  10m    5m""",
    ("2400", "CURR"): """
        1u    0.035  600p  0.029  300p   5p
        10u   0.033  2n    0.027  700p   50p
        100u  0.031  20n   0.025  6n     500p
        1m    0.034  200n  0.027  60n    5n
        10m   0.045  2u    0.035  600n   50n
        100m  0.066  20u   0.055  6u     500n
        1     0.27   900u  0.22   570u   5u""",
    ("2410", "VOLT"): """
        200m  0.02   600u  0.012  300u   5u
        2     0.02   600u  0.012  300u   50u
        20    0.02   2.4m  0.015  1m     5m
        1k    0.02   100m  0.015  50m    20m""",
    ("2410", "CURR"): """
        1u    0.035  600p  0.029  300p   5p
        10u   0.033  2n    0.027  700p   50p
        100u  0.031  20n   0.025  6n     500p
        1m    0.034  200n  0.027  60n    5n
        20m   0.045  4u    0.035  1.2u   200n
        100m  0.066  20u   0.055  6u     1u
        1     0.27   900u  0.22   570u   100u""",
}
#: range; measure: % + offset; highest reading in parts of the range (B2900A data sheet, p. 16)
PRINTED_B2900 = {
    "VOLT": """
        200m  0.015  225u  1.06
        2     0.02   350u  1.06
        20    0.015  5m    1.06
        200   0.015  50m   1.06""",
    "CURR": """
        10n   0.10   50p   1.06
        100n  0.06   100p  1.06
        1u    0.025  500p  1.06
        10u   0.025  1.5n  1.06
        100u  0.02   25n   1.06
        1m    0.02   200n  1.06
        10m   0.02   2.5u  1.06
        100m  0.02   20u   1.06
        1     0.03   1.5m  1.06
        1.5   0.05   3.5m  1.02
        3     0.4    7m    1.02""",
}
#: [s] settling time of a sourced current to 0.1 % by range [A] (B2900 user's guide, p. 2-20)
SETTLING = {1e-6: 500e-6, 10e-6: 250e-6, 100e-6: 250e-6, 1e-3: 80e-6, 10e-3: 80e-6}


@pytest.mark.parametrize(("model", "quantity"), PRINTED_2400)
def test_the_2400_family_as_printed(model: str, quantity: str) -> None:
    lines = PRINTED_2400[model, quantity].strip().splitlines()
    sheet = {"2400": KEITHLEY_2400, "2410": KEITHLEY_2410}[model]
    for row, line in zip(sheet.ranges[quantity], lines, strict=True):
        full, gain, offset, read_gain, read_offset, noise = map(parse_value, line.split())
        found = (row.full_scale, row.source_gain, row.source_offset, row.measure_gain, row.measure_offset, row.noise)
        assert found == pytest.approx((full, gain / 100, offset, read_gain / 100, read_offset, noise / 6), rel=1e-9)


@pytest.mark.parametrize("quantity", PRINTED_B2900)
def test_the_b2900_family_as_printed(quantity: str) -> None:
    lines = PRINTED_B2900[quantity].strip().splitlines()
    for row, line in zip(B2912A.ranges[quantity], lines, strict=True):
        full, gain, offset, top = map(parse_value, line.split())
        assert (row.full_scale, row.measure_gain, row.measure_offset, row.reading_top) == pytest.approx(
            (full, gain / 100, offset, full * top), rel=1e-9)
    assert B2902A.ranges["CURR"] == B2912A.ranges["CURR"][1:]
    assert (B2902A.least_interval, B2912A.least_interval, B2912A.least_pulse_width) == (20e-6, 10e-6, 50e-6)


WORLD = """
seed = 1
imperfections = false
[instruments.meter]
model = "MODEL"
resource = "GPIB0::1::INSTR"
[fixture]
netlist = "R1 out 0 LOAD"
terminals = { "TERMINAL" = "out" }
"""


class Output:
    """A source meter on a resistor, and the true course of its output."""

    def __init__(self, folder: Path, model: str, terminal: str, load: str) -> None:
        self.load = load
        path = folder / "output.world.toml"
        text = WORLD.replace("MODEL", model).replace("TERMINAL", terminal).replace("LOAD", load)
        path.write_text(text, "utf-8")
        self.manager = pyvisa.ResourceManager(f"{path}@tsbench")
        self.session: Any = self.manager.open_resource("GPIB0::1::INSTR")
        self.bench: Any = self.manager.visalib.world.bench  # type: ignore[attr-defined]

    def send(self, *messages: str) -> None:
        for message in messages:
            self.session.write(message)

    def course(self, message: str, seconds: float, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Send a message; return times from it on [s] and the voltage at the output [V]."""
        self.session.write(message)
        began, times, volts = self.bench.clock.now, [], []
        while self.bench.clock.now < began + seconds:
            self.bench.begin_message()
            self.bench.clock.wait(step)
            times.append(self.bench.clock.now - began)
            volts.append(self.bench.circuit.voltage("out"))
        return np.array(times), np.array(volts)


@pytest.fixture
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Output]:
    opened = Output(tmp_path, *request.param)
    yield opened
    opened.manager.close()


@pytest.mark.parametrize("output", [
    ("keysight_b2912a", "meter.1", f"{1 / full:g}") for full in SETTLING], indirect=True, ids=map(str, SETTLING))
def test_a_sourced_current_settles_in_the_printed_time(output: Output) -> None:
    """From 10 % to 90 % of the range, at a load with 1 V at the full range."""
    resistance = float(output.load)
    full = 1 / resistance
    output.send("*RST", ":FUNC:MODE CURR", f":CURR:RANG {full:g}", ":SENS:VOLT:PROT 2", f":CURR {0.1 * full:g}",
                ":OUTP ON")
    output.bench.clock.wait(0.1)
    settling = next(time for row, time in SETTLING.items() if row == pytest.approx(full))
    times, volts = output.course(f":CURR {0.9 * full:g}", 3 * settling, settling / 50)
    late = times[np.abs(volts / 0.9 - 1.0) > 1e-3]
    assert late.size and 0.5 * settling < late[-1] <= 1.05 * settling
    assert volts.max() <= 0.9 * 1.001   # overshoot of the current source: below 0.1 %


@pytest.mark.parametrize("output", [("keithley_2400", "meter", "10k"), ("keysight_b2902a", "meter.1", "10k")],
                         indirect=True)
def test_the_compliance_holds_at_the_output(output: Output) -> None:
    """0.1 mA into 10 kOhm: 1 V, although 2 V are sourced."""
    output.send("*RST", ":SENS:CURR:PROT 1e-4", ":SOUR:VOLT 2", ":OUTP ON")
    output.bench.clock.wait(0.2)
    assert output.bench.circuit.voltage("out") == pytest.approx(1.0, rel=2e-3)


@pytest.mark.parametrize("output", [("keithley_2400", "meter", "1k")], indirect=True)
def test_the_2400_reaches_its_level_without_an_overshoot(output: Output) -> None:
    """A full-scale step of the voltage overshoots by less than 0.1 % (SPEC-2400 rev. H, p. 1)."""
    output.send("*RST", ":SOUR:VOLT:RANG 2", ":SENS:CURR:PROT 10e-3", ":OUTP ON")
    output.bench.clock.wait(0.1)
    times, volts = output.course(":SOUR:VOLT 2", 2e-3, 10e-6)
    assert volts.max() <= 2.0 * 1.001 and volts[-1] == pytest.approx(2.0, rel=1e-3)
    assert times[np.abs(volts / 2.0 - 1) > 1e-3][-1] < 500e-6
