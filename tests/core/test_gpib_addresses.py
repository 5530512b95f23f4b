"""Resource names with a GPIB address that an instrument can have, and those with none."""

import pytest

from tsbench.gpib_addresses import require_gpib_address


@pytest.mark.parametrize("resource", [
    "GPIB0::0::INSTR", "GPIB::30", "gpib12::024::instr", "GPIB0::24::30::INSTR", "GPIB0::INTFC", "meter of the lab",
    "TCPIP0::192.0.2.99::inst0::INSTR", "USB0::0x05E6::0x2450::99::INSTR", "TCPIP0::192.0.2.7::gpib0,5::INSTR"])
def test_names_that_are_taken_as_they_are(resource: str) -> None:
    assert require_gpib_address(resource) == resource


@pytest.mark.parametrize(("resource", "message"), [
    ("GPIB0::31::INSTR", "the GPIB address 31, but a GPIB address is 0 to 30"), ("gpib::99", "the GPIB address 99"),
    ("GPIB0::24::31::INSTR", r"the secondary GPIB address 31, .* it is 0 to 30\. Write the secondary address"),
    ("GPIB0::24::126", r"Write 30, which is 126 on the bus"), ("GPIB0::24::127", "that the instrument shows")])
def test_names_that_no_instrument_has(resource: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_gpib_address(resource)
