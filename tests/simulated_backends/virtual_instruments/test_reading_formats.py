"""How an interactive source meter writes a reading: each element of a buffer as text, and as floats."""

import struct
from dataclasses import replace
from typing import Any

import pytest

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import (
    NO_READING,
    Buffers,
    ReadingBuffer,
    format_elements,
    format_reading,
    pack_elements,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

FIRST = MeterReading(3660.0, "CURR", 12.5e-3, "VOLT", 1.5, False, False, False, False, False)


def written(element: str, **changes: Any) -> str:
    buffer = ReadingBuffer("b", readings=[FIRST])
    return format_elements(buffer, [replace(FIRST, **changes)], [element], 6)


def test_times_count_from_noon_of_the_first_of_january_2026() -> None:
    later = {"time": 2 * 86400 + 3661.25}
    assert written("DATE", **later) == "01/03/2026"
    assert written("TIME", **later) == "13:01:01"
    assert written("TST", **later) == "01/03/2026 13:01:01.250000000"
    assert written("SEC", **later) == str(1_767_268_800 + 2 * 86400 + 3661)   # date -d "2026-01-01 12:00 UTC" +%s
    assert written("FRAC", **later) == "0.250000000"
    assert written("REL", **later) == "172801.250000000"   # after the first reading of the buffer
    assert format_elements(ReadingBuffer("empty"), [FIRST], ["REL"], 6) == "0.000000000"


@pytest.mark.parametrize(("changes", "status"), [
    ({}, 0), ({"front_terminals": True}, 8), ({"value": 9.9e37}, 1), ({"value": -9.9e37}, 1),
    ({"value": 9.9e37, "front_terminals": True}, 9),
])
def test_bits_of_the_status_of_a_reading(changes: dict[str, Any], status: int) -> None:
    """Reference manual of the 2450, status of a reading: bit 0 questionable, bit 3 front terminals."""
    assert written("STAT", **changes) == str(status)


def test_bits_of_the_status_of_the_source() -> None:
    bits = {"read_back": 8, "limited": 32, "four_wire": 64, "output_on": 128}
    for name, bit in bits.items():
        assert written("SOURSTAT", **{name: True}) == str(bit), name
    assert written("SOURSTAT", **dict.fromkeys(bits, True)) == "232" and written("SOURSTAT") == "0"


@pytest.mark.parametrize(("value", "text"), [
    (1.5, "+1.500000 A"), (-12.5e-3, "-12.50000 mA"), (123.4e-6, "+123.4000 uA"), (-2.5e-9, "-2.500000 nA"),
    (1e-3, "+1.000000 mA"), (1e-12, "+1.000000 pA"), (0.99e-3, "+990.0000 uA"), (2e-13, "+0.200000 pA"),
    (0.0, "+0.000000 pA"), (210.0, "+210.0000 A"), (1.25e8, "+125000000 A"), (9.9e37, "Overflow"),
    (-9.9e37, "Overflow"),
])
def test_a_reading_with_the_prefix_of_its_unit(value: float, text: str) -> None:
    assert written("FORM", value=value) == text
    assert written("SOURFORM", source_value=value) == text.replace("A", "V")


def test_elements_come_in_the_order_asked_for_reading_by_reading() -> None:
    buffer = ReadingBuffer("b", readings=[FIRST, replace(FIRST, value=-3e-6, source_value=2.0)])
    assert format_elements(buffer, buffer.readings, ["SOUR", "READ", "UNIT", "SOURUNIT"], 3) == (
        "1.500E+00,1.250E-02,A,V,2.000E+00,-3.000E-06,A,V")
    assert format_reading(1 / 3) == "3.333333E-01"
    assert written("UNIT", quantity="RES") == "Ohm" and written("UNIT", quantity="VOLT") == "V"


def test_a_place_without_a_reading_has_no_number() -> None:
    buffer = ReadingBuffer("b", capacity=4, readings=[FIRST])
    assert format_elements(buffer, buffer.slice(2, 2), ["READ", "DATE"], 2) == "9.91E+37,9.91E+37"
    assert pack_elements(buffer, buffer.slice(2, 2), ["READ", "REL"], "d", False) == (
        b"#0" + struct.pack(">2d", 9.91e37, 9.91e37))
    assert NO_READING.value == NO_READING.source_value == 9.91e37


def test_floats_are_exact_and_texts_are_refused() -> None:
    third = replace(FIRST, value=1 / 3, source_value=2 / 3, time=3661.5)
    buffer = ReadingBuffer("b", readings=[FIRST, third])
    packed = pack_elements(buffer, buffer.readings, ["READ", "SOUR", "REL"], "d", True)
    assert packed == b"#0" + struct.pack("<6d", 12.5e-3, 1.5, 0.0, 1 / 3, 2 / 3, 1.5)
    assert pack_elements(buffer, [third], ["READ"], "f", False) == b"#0" + struct.pack(">f", 1 / 3)
    for element in ("DATE", "UNIT", "FORM"):
        with pytest.raises(ScpiError, match="-221"):
            pack_elements(buffer, [third], [element], "d", True)


def test_the_two_buffers_that_are_always_there() -> None:
    buffers = Buffers()
    assert {name: buffer.capacity for name, buffer in buffers.items()} == {"defbuffer1": 100_000, "defbuffer2": 100_000}
    buffers.require("defbuffer2")
    for ask in (buffers.require, buffers.__getitem__):
        with pytest.raises(ScpiError, match="-224"):
            ask("mine")
