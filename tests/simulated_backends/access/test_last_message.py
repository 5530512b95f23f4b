"""Programs of others that switch off with their last message pass under the plugin; without that line they fail.

An instrument acts on a message after the program has sent it, so the plugin must let the last message act before it
looks. Each program of ``SUITE`` marks its last line with ``# off``; a second suite is the same without these lines.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = '''
import pyvisa
import pytest

METER = "USB0::0x05E6::0x2450::SIM00011::INSTR"
GENERATOR = "USB0::0x2A8D::0x5A01::SIM00012::INSTR"
pytestmark = [pytest.mark.tsbench_bench("resistor"), pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def library(simulated_bench):
    return f"{simulated_bench.path.parent / 'resistor.world.toml'}@tsbench"


def test_pyvisa(library):
    meter = pyvisa.ResourceManager(library).open_resource(METER)
    meter.write(":SOUR:VOLT 1")
    meter.write(":OUTP ON")
    assert float(meter.query(":READ?")) == pytest.approx(1e-4, rel=0.01)
    meter.write(":OUTP OFF")  # off


def test_pyvisa_behind_a_long_reading(library):
    meter = pyvisa.ResourceManager(library).open_resource(METER)
    meter.write(":SENS:CURR:NPLC 10;:OUTP ON;:TRIG:LOAD 'SimpleLoop', 5")
    meter.write(":INIT")
    meter.write("*WAI")
    meter.write(":OUTP OFF")  # off


def test_pyvisa_closed_at_once(library):
    manager = pyvisa.ResourceManager(library)
    meter = manager.open_resource(METER)
    meter.write(":OUTP ON")
    meter.write(":OUTP OFF")  # off
    manager.close()


def test_pyvisa_cleared_at_once(library):
    meter = pyvisa.ResourceManager(library).open_resource(METER)
    meter.write(":OUTP ON")
    meter.query("*OPC?")
    meter.write(":OUTP OFF")  # off
    meter.clear()


def test_pyvisa_cleared_while_it_switches_on(library):
    meter = pyvisa.ResourceManager(library).open_resource(METER)
    meter.write(":OUTP ON")
    meter.write(":OUTP OFF")  # off
    meter.clear()


def test_pyvisa_generator_cleared(library):
    generator = pyvisa.ResourceManager(library).open_resource(GENERATOR)
    generator.write(":OUTP1 ON")
    generator.write(":OUTP1 OFF")  # off
    generator.clear()


def test_pyvisa_generator(library):
    generator = pyvisa.ResourceManager(library).open_resource(GENERATOR)
    generator.write("FUNC PULS;:OUTP1 ON")
    generator.write("OUTP1 OFF")  # off


def test_pyvisa_reset(library):
    meter = pyvisa.ResourceManager(library).open_resource(METER)
    meter.write(":OUTP ON")
    meter.write("*RST")  # off


def test_asked_in_the_test(library, witness):
    meter = pyvisa.ResourceManager(library).open_resource(METER)
    meter.write(":OUTP ON")
    meter.write(":OUTP OFF")  # off
    assert witness.outputs_left_on() in ([], ["source_meter"])
    assert witness.log.outputs()["source_meter"] is bool(witness.outputs_left_on())


def test_pymeasure(library, monkeypatch):
    from pymeasure.adapters import VISAAdapter
    from pymeasure.instruments.keithley import Keithley2450

    monkeypatch.setattr("pymeasure.instruments.keithley.keithley2450.time.sleep", lambda seconds: None)
    meter = Keithley2450(VISAAdapter(METER, visa_library=library))
    meter.apply_voltage(2, 1e-3)
    meter.enable_source()
    meter.source_voltage = 1.0
    assert meter.current == pytest.approx(1e-4, rel=0.01)
    meter.shutdown()  # off


def test_qcodes(library):
    from qcodes.instrument_drivers.Keithley import Keithley2450

    meter = Keithley2450("meter", METER, visalib=library)
    meter.source.voltage(1.0)
    switch = meter.output_enabled.set_to(True)
    switch.__enter__()
    meter.sense.current()
    switch.__exit__(None, None, None)  # off
    meter.close()


def test_bluesky(library):
    import bluesky.plan_stubs as bps
    import bluesky.preprocessors as bpp
    from bluesky import RunEngine

    class Meter:
        name, parent, hints = "meter", None, {"fields": ["current"]}

        def __init__(self):
            self.visa = pyvisa.ResourceManager(library).open_resource(METER)

        def set(self, command):
            self.visa.write(command)
            return Done()

        def trigger(self):
            return Done()

        def read(self):
            return {"current": {"value": float(self.visa.query(":READ?")), "timestamp": 0.0}}

        def describe(self):
            return {"current": {"source": METER, "dtype": "number", "shape": []}}

        def read_configuration(self):
            return {}

        describe_configuration = read_configuration

    class Done:
        done = success = True

        def add_callback(self, callback):
            callback(self)

        def exception(self, timeout=0.0):
            return None

    meter, documents = Meter(), []

    def sweep():
        for level in (0.5, 1.0):
            yield from bps.abs_set(meter, f":SOUR:VOLT {level}", wait=True)
            yield from bps.abs_set(meter, ":OUTP ON", wait=True)
            yield from bps.trigger_and_read([meter])

    def off():
        yield from bps.null()
        yield from bps.abs_set(meter, ":OUTP OFF")  # off

    plan = bpp.finalize_wrapper(bpp.run_wrapper(sweep()), off())
    RunEngine({})(plan, lambda name, document: documents.append(document))
    currents = [document["data"]["current"] for document in documents if "data" in document]
    assert currents == pytest.approx([5e-5, 1e-4], rel=0.01)
'''
TESTS = re.findall(r"^def (test_\w+)", SUITE, re.MULTILINE)


@pytest.mark.thorough
def test_programs_of_others(tmp_path: Path, run_tests: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    spoilt = re.sub(r"^.*# off$", "    pass", SUITE, flags=re.MULTILINE)
    (tmp_path / "test_switching_off.py").write_text(SUITE, "utf-8")
    (tmp_path / "test_left_on.py").write_text(spoilt, "utf-8")
    outcome = run_tests(tmp_path)
    verbose = outcome.stdout.partition("short test summary")[0]
    for file, left_on in (("test_switching_off", False), ("test_left_on", True)):
        for name in TESTS:
            states = re.findall(rf"{file}\.py::{name} (\w+)", verbose)
            assert states[0] == "PASSED", (file, name, outcome.stdout)
            assert ("ERROR" in states) is left_on, (file, name, outcome.stdout)
    assert outcome.stdout.count("left an output on: ") >= len(TESTS)
