"""Drivers we did not write, unmodified, on a virtual Keithley 2636B with 10 kOhm at unit a and 1 kOhm at unit b.

What fails here fails on the instrument too:

- PyMeasure 0.16.0, keithley/keithley2600.py, ``compliance_current`` (``source.limiti=%f``): 100 nA is sent as
  0.000000. Manual 2600BS-901-01, p. 7-224: a limit of 0 is error 1102.
- The same file, ``source_current`` and ``current_range`` (``%f``): 1.5 uA is sent as 0.000002, a range of 100 nA as 0.
- The same file, ``measure_nplc``: ``map_values`` with a range raises ValueError for each number.
- keithley2600 2.1.0, keithley_driver.py line 1168: it waits until it sees a sweep running. It waits for ever if the
  sweep ends before it asks (issue 17 of OE-FET/keithley2600).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [
    pytest.mark.tsbench_outputs_stay_on, pytest.mark.filterwarnings("ignore")]  # drivers of others, as they are

RESOURCE = "USB0::0x05E6::0x2636::SIM1::INSTR"
WORLD = f"""
[instruments.smu]
model = "keithley_2636b"
resource = "{RESOURCE}"
[fixture]
netlist = '''
R1 na 0 10k
R2 nb 0 1k
'''
terminals = {{ "smu.a" = "na", "smu.b" = "nb" }}
"""
#: gain and offset of source and reading in the ranges of 2 V and 1 mA, on 10 kOhm
_GAIN, _OFFSET = 0.4e-3, (600e-6 + 350e-6) / 10e3 + 500e-9


@pytest.fixture
def library(tmp_path: Path) -> str:
    (tmp_path / "third.world.toml").write_text(WORLD, "utf-8")
    return f"{tmp_path / 'third.world.toml'}@tsbench"


def within(current: float, voltage: float, resistance: float = 10e3) -> bool:
    right = voltage / resistance
    return bool(abs(current - right) <= _GAIN * abs(right) + _OFFSET * 10e3 / resistance)


@pytest.fixture
def pymeasure_meter(library: str) -> Iterator[Any]:
    from pymeasure.adapters import VISAAdapter
    from pymeasure.instruments.keithley import Keithley2600

    meter = Keithley2600(VISAAdapter(RESOURCE, visa_library=library))
    yield meter
    meter.adapter.close()


def test_pymeasure_sources_and_measures(pymeasure_meter: Any) -> None:
    meter, unit = pymeasure_meter, pymeasure_meter.ChA
    assert meter.id.startswith("Keithley Instruments Inc., Model 2636B, SIM1")
    unit.apply_voltage(voltage_range=2, compliance_current=1e-3)
    unit.measure_current(nplc=1, current=1e-3)
    unit.source_output = "ON"
    for level in np.linspace(-1.0, 1.0, 5):
        unit.source_voltage = level
        assert within(unit.current, level)
        assert unit.voltage == pytest.approx(level, abs=2e-3)
    assert unit.resistance == pytest.approx(10e3, rel=2e-3)
    unit.compliance_current = 2e-5
    assert unit.current == pytest.approx(2e-5, rel=5e-3)
    other = meter.ChB
    other.apply_current(current_range=1e-3, compliance_voltage=5)
    other.source_output = "ON"
    other.source_current = 1e-3
    assert other.voltage == pytest.approx(1.0, rel=2e-3)
    assert meter.check_errors() == []
    unit.ramp_to_voltage(0.0, steps=2, pause=0)
    other.shutdown()
    assert other.source_output == "OFF" and other.source_current == 0.0


def test_pymeasure_sends_small_numbers_as_zero(pymeasure_meter: Any) -> None:
    meter, unit = pymeasure_meter, pymeasure_meter.ChA
    before = unit.compliance_current
    unit.compliance_current = 100e-9
    assert meter.check_errors() == [(1102, "Parameter Too Small")]
    assert unit.compliance_current == before
    unit.source_current = 1.5e-6
    assert unit.source_current == 2e-6
    unit.current_range = 100e-9
    assert unit.current_range == 100e-12
    with pytest.raises(ValueError, match="not in list"):
        unit.measure_nplc = 1


@pytest.fixture
def qcodes_meter(library: str) -> Iterator[Any]:
    from qcodes.instrument_drivers.Keithley import Keithley2636B

    meter = Keithley2636B("third", RESOURCE, visalib=library)
    yield meter
    meter.close()


def test_qcodes_measures_and_sees_the_limit(qcodes_meter: Any) -> None:
    from qcodes.instrument_drivers.Keithley._Keithley_2600 import Keithley2600MeasurementStatus as Status

    unit = qcodes_meter.smua
    assert qcodes_meter.get_idn()["model"] == "2636B" and qcodes_meter.get_idn()["serial"] == "SIM1"
    unit.mode("voltage")
    unit.sourcerange_v(2)
    unit.measurerange_i(1e-3)
    unit.limiti(1e-3)
    unit.output("on")
    unit.volt(0.7)
    assert within(unit.curr(), 0.7) and unit.curr.measurement_status == Status.NORMAL
    unit.measurerange_i(1e-5)
    unit.limiti(1e-5)
    assert unit.curr() == pytest.approx(1e-5, rel=5e-3)
    assert unit.curr.measurement_status == Status.CURRENT_COMPLIANCE_ERROR
    unit.output("off")
    assert float(qcodes_meter.ask("errorqueue.count")) == 0


def test_qcodes_runs_its_scripts(qcodes_meter: Any) -> None:
    """The fast sweep reads exactly four bytes for each reading, and three around them."""
    from qcodes.dataset import LinSweep

    unit, other = qcodes_meter.smua, qcodes_meter.smub
    unit.limiti(1e-3)
    unit.measurerange_i(1e-3)
    unit.nplc(0.1)
    unit.setup_fastsweep(LinSweep(unit.volt, 0, 1, 11, 0.001), mode="IV")
    assert all(map(within, unit.fastsweep(), np.linspace(0, 1, 11)))
    other.output("on")
    unit.setup_fastsweep(LinSweep(unit.volt, 0, 1, 3, 0.001), LinSweep(other.volt, 0, 1, 2, 0.001), mode="IV")
    assert np.shape(unit.fastsweep()) == (2, 3)
    unit.volt(0.5)
    unit.timetrace_npts(20)
    unit.timetrace_dt(0.005)
    trace = unit.timetrace()
    assert len(trace) == 20 and all(within(current, 0.5) for current in trace)
    unit.mode("current")
    unit.setup_fastsweep(LinSweep(unit.curr, 0, 1e-4, 5, 0.001), mode="VI")
    assert unit.fastsweep() == pytest.approx(np.linspace(0, 1, 5), abs=2e-3)
    qcodes_meter.display_settext("done")
    qcodes_meter.exit_key()
    qcodes_meter.reset()
    assert float(qcodes_meter.ask("errorqueue.count")) == 0


@pytest.fixture
def introspected(library: str) -> Iterator[Any]:
    driver = pytest.importorskip("keithley2600.keithley_driver")
    meter = driver.Keithley2600(RESOURCE, visa_library=library, timeout=20000)
    meter.raise_keithley_errors = True
    yield meter
    meter.disconnect()


def test_keithley2600_finds_all_names_by_itself(introspected: Any) -> None:
    from keithley2600.keithley_driver import KeithleyError

    meter = introspected
    assert {"smua", "smub", "trigger", "status", "display", "digio", "SweepVLinMeasureI"} <= set(dir(meter))
    assert {"levelv", "limiti", "output", "compliance"} <= set(dir(meter.smua.source))
    assert "reading_buffer" in repr(meter.smua.nvbuffer1) or dir(meter.smua.nvbuffer1)
    meter.apply_voltage(meter.smua, 1.0)
    assert meter.measure_current(meter.smua) == pytest.approx(1e-4, rel=2e-3)
    current, voltage = meter.smua.measure.iv()
    assert current == pytest.approx(voltage / 10e3, rel=2e-3)
    with pytest.raises(KeithleyError, match="Parameter Too Small"):
        meter.smua.source.limiti = 0
    with pytest.raises(AttributeError):
        _ = meter.smua.source.nothing
    meter.smua.measure.count = 3
    meter.smua.measure.v(meter.smua.nvbuffer1)
    assert len(meter.read_buffer(meter.smua.nvbuffer1)) == 3
    meter.create_lua_attr("my_value", 3)
    assert meter.my_value == 3
    meter.delete_lua_attr("my_value")
    assert meter.read_error_queue() == []


def test_keithley2600_sweeps_with_blenders_and_the_trigger_command(introspected: Any) -> None:
    meter = introspected
    voltages, currents = meter.voltage_sweep_single_smu(meter.smua, np.linspace(0, 1, 16), 0.02, 0, False)
    assert voltages == pytest.approx(np.linspace(0, 1, 16), abs=2e-3)
    assert currents == pytest.approx(np.array(voltages) / 10e3, abs=3e-7)
    pulsed, _ = meter.voltage_sweep_single_smu(meter.smua, np.linspace(0, 1, 16), 0.02, 0, True)
    assert pulsed == pytest.approx(np.linspace(0, 1, 16), abs=2e-3)
    first, _, second, drawn = meter.voltage_sweep_dual_smu(
        meter.smua, meter.smub, [0, 0.5, 1] * 3, [1, 2, 3] * 3, 0.02, 0, False)
    assert first == pytest.approx([0, 0.5, 1] * 3, abs=2e-3)
    assert second == pytest.approx([1, 2, 3] * 3, abs=2e-2)   # in the range of 20 V
    assert drawn == pytest.approx([1e-3, 2e-3, 3e-3] * 3, abs=2e-5)
