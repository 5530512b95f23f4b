"""A session on a serial port of the simulated bench: endings, ^C, what a serial port does not have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from pyvisa.constants import Parity, StatusCode, StopBits

from tsbench.errors import ConfigurationError

pytestmark = pytest.mark.tsbench_outputs_stay_on

WORLD = """
[instruments.meter]
model = "keithley_2400"
resource = "ASRL3::INSTR"
[fixture]
netlist = "R1 out 0 10k"
terminals = { meter = "out" }
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Any]:
    yield from at_port(tmp_path)


@pytest.fixture
def slow_port(tmp_path: Path) -> Iterator[Any]:
    yield from at_port(tmp_path, "serial_port = { baud_rate = 300, parity = \"even\", data_bits = 7 }")


def at_port(folder: Path, settings: str = "") -> Iterator[Any]:
    (folder / "port.world.toml").write_text(WORLD.replace("[fixture]", f"{settings}\n[fixture]"), "utf-8")
    manager = pyvisa.ResourceManager(f"{folder / 'port.world.toml'}@tsbench")
    opened: Any = manager.open_resource("ASRL3::INSTR", read_termination="\r", write_termination="\r", timeout=2000)
    yield opened
    manager.close()


def test_replies_end_as_the_instrument_ends_them_and_take_their_time(slow_port: Any) -> None:
    port, clock = slow_port, slow_port.visalib.clock
    port.baud_rate, port.parity, port.data_bits = 300, Parity.even, 7
    before = clock.now()
    reply = port.query("*IDN?")
    assert reply.startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400")
    assert clock.now() - before > (len("*IDN?\r") + len(reply) + 1) * 10 / 300
    port.read_termination = "\n"
    with pytest.raises(pyvisa.errors.VisaIOError, match="VI_ERROR_TMO"):
        port.query("*IDN?")


@pytest.mark.parametrize(("setting", "wrong", "right"), [
    ("baud_rate", 19200, 9600), ("data_bits", 7, 8), ("parity", Parity.odd, Parity.none)])
def test_who_has_other_settings_is_not_understood(port: Any, setting: str, wrong: Any, right: Any) -> None:
    """Both ways; the instrument does nothing, and answers as before when the settings are right again."""
    port.stop_bits = StopBits.two   # which no receiver minds
    assert port.query(":OUTP?") == "0"
    setattr(port, setting, wrong)
    port.write(":OUTP ON")
    with pytest.raises(pyvisa.errors.VisaIOError, match="VI_ERROR_TMO"):
        port.query(":OUTP?")
    port.write_raw(b"\x03")
    assert port.bytes_in_buffer == 0
    setattr(port, setting, right)
    assert port.query(":OUTP?") == "0"
    port.write("*OPC?")
    setattr(port, setting, wrong)
    with pytest.raises(pyvisa.errors.VisaIOError, match="VI_ERROR_TMO"):
        port.read()


def test_a_lake_shore_has_the_port_of_its_manual(tmp_path: Path) -> None:
    """57600 bit/s, 7 data bits, odd parity (user's manual of the 335, chapter 6)."""
    world = tmp_path / "w.world.toml"
    text = WORLD.replace("keithley_2400", "lakeshore_335").replace('terminals = { meter = "out" }', "")
    world.write_text(text.replace("R1 out 0 10k", "V1 out 0 1\\nR1 out 0 10k"), "utf-8")
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    try:
        controller: Any = manager.open_resource(
            "ASRL3::INSTR", read_termination="\r\n", baud_rate=57600, data_bits=7, parity=Parity.odd)
        assert controller.query("*IDN?").startswith("LSCI,MODEL335")
    finally:
        manager.close()


@pytest.mark.parametrize(("line", "message"), [
    ("serial_port = { parity = \"odd\" }\n[fixture]",
     "serial_port is for an instrument at a serial port, but GPIB0::3::INSTR is none"),
    ("serial_port = { baud = 300 }\n[fixture]",
     r"unknown key 'baud' in \[instruments.meter.serial_port\]\. Did you mean 'baud_rate'")])
def test_what_a_world_file_says_of_a_port(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "w.world.toml").write_text(
        WORLD.replace("ASRL3::INSTR", "GPIB0::3::INSTR").replace("[fixture]", line), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        pyvisa.ResourceManager(f"{tmp_path / 'w.world.toml'}@tsbench")


def test_bytes_that_have_come_are_counted(port: Any) -> None:
    assert port.bytes_in_buffer == 0
    port.write("*OPC?")
    assert port.bytes_in_buffer == len("1\r")
    assert port.read() == "1" and port.bytes_in_buffer == 0


def test_control_c_ends_a_sweep(port: Any) -> None:
    for message in ("*RST", ":OUTP ON", ":SOUR:DEL 100", ":INIT", "*IDN?"):
        port.write(message)
    port.visalib.clock.wait(0.5)
    assert port.bytes_in_buffer == 0
    port.write_raw(b"\x03")
    assert port.query(":OUTP?") == "1" and port.visalib.clock.now() < 5.0


@pytest.mark.parametrize("act", ["clear", "read_stb", "assert_trigger"])
def test_a_serial_port_has_no_bus_messages(port: Any, act: str) -> None:
    with pytest.raises((pyvisa.errors.VisaIOError, ValueError)) as caught:
        getattr(port, act)()
    code = getattr(caught.value, "error_code", StatusCode.error_nonsupported_operation)
    assert code == StatusCode.error_nonsupported_operation


def test_a_serial_port_may_have_a_name(tmp_path: Path) -> None:
    """As Linux names the ports of adapters."""
    world = tmp_path / "named.world.toml"
    world.write_text(WORLD.replace("ASRL3::INSTR", "ASRL/dev/ttyUSB0::INSTR"), "utf-8")
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    try:
        opened: Any = manager.open_resource(
            "ASRL/dev/ttyUSB0::INSTR", read_termination="\r", write_termination="\r", timeout=2000)
        assert opened.interface_number == 0
    finally:
        manager.close()
