"""A VISA library that cannot reach an interface is named with the instrument and with what to install."""

from typing import Any

import pytest
import pyvisa
from pyvisa.constants import StatusCode

from tsbench.cli import main
from tsbench.errors import CommunicationError, ConfigurationError
from tsbench.instruments.links.transport import Transport

USB = "USB0::0x05E6::0x2450::04400001::INSTR"


class Library:
    """A resource manager whose every ``open_resource`` fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def open_resource(self, resource: str, **options: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(("resource", "error", "expected"), [
    (USB, ValueError("Please install PyUSB to use this resource type.\nNo module named 'usb'"), r"tsbench\[usb\]"),
    ("USB::0x5E6::0x2450::1::RAW", ValueError("Please install PyUSB to use this resource type."), r"tsbench\[usb\]"),
    (USB, ValueError("No backend available"), "libusb"),
    ("GPIB0::24::INSTR", ValueError("Please install linux-gpib (Linux) or gpib-ctypes"), "gpib-ctypes"),
    ("VICP::10.0.0.5::INSTR", ValueError("Please install PyVICP to use this resource type."), "pyvicp"),
    ("ASRL3::INSTR", ImportError("No module named 'serial'"), "pyserial"),
    ("RSNRP::1::INSTR", NotImplementedError("no such interface"), "RSNRP"),
    ("FOO::BAR", pyvisa.errors.VisaIOError(StatusCode.error_invalid_resource_name), "not a VISA resource name"),
    ("GPIB0::24::INSTR", pyvisa.errors.VisaIOError(StatusCode.error_nonsupported_operation), "GPIB resources"),
])
def test_what_is_missing_is_named_with_the_instrument(resource: str, error: Exception, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected) as raised:
        Transport(Library(error), resource, "source_meter")
    assert str(raised.value).startswith(f"source_meter ({resource}): ")


@pytest.mark.parametrize("error", [
    ValueError("No device found."), OSError("[Errno 113] No route to host"),
    pyvisa.errors.VisaIOError(StatusCode.error_resource_not_found),
])
def test_an_absent_instrument_is_no_missing_library(error: Exception) -> None:
    with pytest.raises(CommunicationError, match=r"cannot be opened .*Check that it is switched on and connected"):
        Transport(Library(error), USB, "source_meter")


def test_the_command_line_says_it_in_one_line(
    resistor_bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = resistor_bench.read_text("utf-8").replace("resistor.world.toml@tsbench", "@py")
    resistor_bench.write_text(text, "utf-8")

    def no_usb(self: Any, resource: str, **options: Any) -> Any:
        raise ValueError("Please install PyUSB to use this resource type.\nNo module named 'usb'")

    monkeypatch.setattr(pyvisa.ResourceManager, "open_resource", no_usb)
    assert main(["check", str(resistor_bench)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("tsbench: ") and "unexpected" not in told and told.count("\n") == 1
    assert "0x05E6::0x2450::SIM00011" in told and 'pip install "tsbench[usb]"' in told
