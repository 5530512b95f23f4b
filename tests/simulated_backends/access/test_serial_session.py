"""A session on a serial port of the simulated bench: endings, ^C, what a serial port does not have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from pyvisa.constants import StatusCode

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
    (tmp_path / "port.world.toml").write_text(WORLD, "utf-8")
    manager = pyvisa.ResourceManager(f"{tmp_path / 'port.world.toml'}@tsbench")
    opened: Any = manager.open_resource("ASRL3::INSTR", read_termination="\r", write_termination="\r", timeout=2000)
    yield opened
    manager.close()


def test_replies_end_as_the_instrument_ends_them_and_take_their_time(port: Any) -> None:
    clock = port.visalib.clock
    port.baud_rate = 300
    before = clock.now()
    reply = port.query("*IDN?")
    assert reply.startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400")
    assert clock.now() - before > (len("*IDN?\r") + len(reply) + 1) * 10 / 300
    port.read_termination = "\n"
    with pytest.raises(pyvisa.errors.VisaIOError, match="VI_ERROR_TMO"):
        port.query("*IDN?")


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
