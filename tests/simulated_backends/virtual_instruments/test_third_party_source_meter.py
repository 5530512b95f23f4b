"""Drivers we did not write, unmodified, on the simulated Keithley 2450 and a 10 kOhm resistor."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tsbench_outputs_stay_on  # drivers of others, as they are

METER = "USB0::0x05E6::0x2450::SIM00011::INSTR"
#: level -> data-sheet uncertainty of the source and of the reading on 10 kOhm, both ranges fixed (2 V, 1 mA)
LEVELS = np.linspace(-1.0, 1.0, 9)
UNCERTAINTY = (0.20e-3 * np.abs(LEVELS) + 300e-6) / 10e3 + 0.20e-3 * np.abs(LEVELS) / 10e3 + 60e-9


@pytest.fixture
def library(resistor_bench: Path) -> str:
    return f"{resistor_bench.with_name('resistor.world.toml')}@tsbench"


@pytest.fixture
def pymeasure_meter(library: str) -> Iterator[Any]:
    from pymeasure.adapters import VISAAdapter
    from pymeasure.instruments.keithley import Keithley2450

    meter = Keithley2450(VISAAdapter(METER, visa_library=library))
    yield meter
    meter.adapter.connection.resource_manager.close() if hasattr(
        meter.adapter.connection, "resource_manager"
    ) else meter.adapter.manager.close()


def test_pymeasure_level_sweep(pymeasure_meter: Any) -> None:
    meter = pymeasure_meter
    assert meter.id.startswith("KEITHLEY INSTRUMENTS,MODEL 2450,SIM")
    meter.reset()
    meter.apply_voltage(voltage_range=2, compliance_current=1e-3)
    meter.measure_current(nplc=1, current=1e-3, auto_range=False)
    meter.enable_source()
    assert meter.source_enabled
    currents = []
    for level in LEVELS:
        meter.source_voltage = level
        currents.append(meter.current)
    assert np.all(np.abs(np.array(currents) - LEVELS / 10e3) <= UNCERTAINTY)
    assert meter.compliance_current == 1e-3
    assert meter.current_range == 1e-3
    assert meter.current_nplc == 1
    assert meter.check_errors() == []


def test_pymeasure_limit_current_source_and_resistance(pymeasure_meter: Any) -> None:
    meter = pymeasure_meter
    meter.apply_voltage(voltage_range=20, compliance_current=1e-4)
    meter.measure_current(current=1e-3, auto_range=False)
    meter.enable_source()
    meter.source_voltage = 5.0
    assert meter.current == pytest.approx(1e-4, rel=5e-3)
    assert meter.ask(":SOUR:VOLT:ILIM:TRIP?").strip() == "1"
    meter.measure_voltage()
    meter.apply_current(1e-3, 5)
    meter.enable_source()
    meter.source_current = 2e-4
    assert meter.voltage == pytest.approx(2.0, rel=3e-3)
    meter.measure_resistance()
    assert meter.resistance == pytest.approx(10e3, rel=3e-3)
    assert meter.wires == 2
    assert meter.means > 0
    assert meter.check_errors() == []
    meter.disable_source()
    assert not meter.source_enabled


def test_pymeasure_sees_the_instrument_refuse_what_metal_refuses(
    pymeasure_meter: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its buffer commands are those of the 2400: a 2450 answers -113, and so does this one."""
    pymeasure_meter.config_buffer(10)
    assert sum("-113" in record.message for record in caplog.records) >= 2


def test_pymeasure_shutdown_leaves_the_output_off(
    pymeasure_meter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pymeasure.instruments.keithley.keithley2450.time.sleep", lambda seconds: None)
    pymeasure_meter.apply_voltage(2, 1e-3)
    pymeasure_meter.enable_source()
    pymeasure_meter.source_voltage = 1.0
    pymeasure_meter.shutdown()
    library: Any = pymeasure_meter.adapter.manager.visalib
    library.clock.wait(0.01)  # the relay takes its time
    assert library.world.instruments["source_meter"].output_states() == {"": False}


@pytest.fixture
def qcodes_meter(library: str) -> Iterator[Any]:
    drivers = pytest.importorskip(
        "qcodes.instrument_drivers.Keithley", reason="needs QCoDeS (pip install qcodes)", exc_type=ImportError
    )
    meter = drivers.Keithley2450("meter", METER, visalib=library)
    yield meter
    manager = meter.visa_handle.visalib.resource_manager
    meter.close()
    manager.close()


@pytest.mark.filterwarnings("ignore")
def test_qcodes_level_sweep_and_native_sweep(qcodes_meter: Any) -> None:
    meter = qcodes_meter
    assert meter.get_idn()["model"] == "2450"
    meter.reset()
    meter.source_function("voltage")
    meter.sense_function("current")
    meter.source.range(2)
    meter.source.limit(1e-3)
    meter.sense.range(1e-3)
    meter.sense.nplc(1)
    meter.sense.four_wire_measurement(False)
    with meter.output_enabled.set_to(True):
        currents = []
        for level in LEVELS:
            meter.source.voltage(level)
            currents.append(meter.sense.current())
        assert np.all(np.abs(np.array(currents) - LEVELS / 10e3) <= UNCERTAINTY)
        assert not meter.source.limit_tripped()
        meter.source.sweep_setup(-1.0, 1.0, 9, range_mode="FIX")
        swept = meter.sense.sweep()
        assert np.all(np.abs(swept - LEVELS / 10e3) <= UNCERTAINTY)
        meter.source.limit(2e-5)
        swept = meter.sense.sweep()  # ends at the limit: the rest is no reading
        assert swept[0] == pytest.approx(-2e-5, rel=5e-2) and np.all(swept[2:] > 1e37)
        assert meter.ask(":SYST:ERR?").startswith("-222,")
        meter.write("*CLS")
        assert not meter.output_enabled()   # the last block of a sweep switches it off
        meter.write(":OUTP ON")
        meter.source.voltage(1.0)
        assert meter.sense.current() == pytest.approx(2e-5, rel=1e-2)
        assert meter.source.limit_tripped()
    assert not meter.output_enabled()
    assert meter.ask(":SYST:ERR?").startswith("0,")


@pytest.mark.filterwarnings("ignore")
def test_qcodes_buffers_and_everything_else_it_can_ask(qcodes_meter: Any) -> None:
    meter = qcodes_meter
    meter.source_function("voltage")
    meter.sense_function("current")
    meter.output_enabled(True)
    with meter.buffer("mine", 100) as buffer:
        buffer.elements(
            ["source_value", "measurement", "relative_time", "time", "timestamp", "measurement_unit"]
        )
        meter.sense.current()
        assert buffer.number_of_readings() == 1
        assert buffer.size() == 100
        source, measured, relative, _, _, unit = buffer.get_data(1, 1)
        assert (float(source), float(relative), unit) == (pytest.approx(0, abs=1e-3), 0.0, "A")
        assert float(buffer.get_data(1, 1, readings_only=True)[0]) == float(measured)
        assert buffer.get_last_reading().endswith(",A")
        buffer.clear_buffer()
        assert buffer.number_of_readings() == 0
        buffer.trigger_start()
        assert buffer.number_of_readings() == 1
    for parameter in (
        meter.line_frequency,
        meter.terminals,
        meter.source.delay,
        meter.source.auto_delay,
        meter.source.read_back_enabled,
        meter.sense.auto_zero_enabled,
        meter.sense.auto_range,
        meter.sense.count,
        meter.source.range,
        meter.sense.range,
    ):
        assert parameter() is not None
    meter.source.user_number(2)
    meter.source.user_delay(0.25)
    assert meter.source.user_delay() == 0.25
    meter.source.block_during_ramp(True)
    meter.source.voltage(0.3)
    for act in (
        meter.sense.auto_zero_once,
        meter.abort,
        meter.wait,
        meter.clear_event_register,
        meter.clear_event_log,
    ):
        act()
    assert meter.ask(":SYST:ERR?").startswith("0,")
