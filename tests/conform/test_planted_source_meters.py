"""`conform` finds what source meters of all families do otherwise than their twins (the 2450: test_conform.py)."""

from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.planting import Change, Family, Plant, field, found_in, replaced, scaled, swapped, with_error
from tsbench.conform.resistor_check import NotTheResistor
from tsbench.conform.twin import TwinErrors

K2400, K2600 = Family("keithley_2400", "keithley_2400", ""), Family("keithley_2601b", "keithley_2600", "a")
K4200, B1500 = Family("keithley_4200", "keithley_4200", "smu1"), Family("keysight_b1500a", "keysight_b1500a", "1")
K2450, B2900 = Family("keithley_2450", "keithley_2450", ""), Family("keysight_b2901a", "keysight_b2901a", "1")
OUT = 5.0   #: times the accuracy


def without_bit(mask: int) -> Change:
    """Return what takes a bit out of the status of a reading of a 2400 and of a B2900."""
    return field(3, lambda text: f"{int(float(text)) & ~mask:+.6E}", 4)


def without_last(count: int, separator: bytes = b",") -> Change:
    return lambda reply: separator.join(reply.split(separator)[:-count])


def block(change: np.ndarray) -> Change:
    """Return what multiplies the columns of a block of numbers of 64 bits: current, voltage, time, status."""

    def changed(reply: bytes) -> bytes:
        numbers = np.frombuffer(reply[2:], "<f8").reshape(-1, change.size)
        return reply[:2] + (numbers * change).astype("<f8").tobytes()

    return changed


#: (family, what it does otherwise) -> (the plant, kinds of the differences)
PLANTS: dict[tuple[Family, str], tuple[Plant, set[str]]] = {
    (K2400, "the ammeter is out of its accuracy"): (Plant(measuring=OUT), {"value"}),
    (K2400, "all gains are out of their accuracy"): (Plant(errors=TwinErrors(gain=4)), {"value"}),
    (K2400, "all offsets are out of their accuracy"): (Plant(errors=TwinErrors(offset=4)), {"value"}),
    (K2400, "no bit for compliance"): (Plant(rb"READ\?", without_bit(8)), {"value"}),
    (K2400, "a wrong message leaves no error"): (Plant(rb"\*ESE 999", ignored=True), {"value"}),
    (K2400, "a point of a sweep is missing"): (Plant(rb"TRAC:DATA\?", without_last(4)), {"reply"}),
    (K2400, "a source delay after a reset"): (Plant(rb"\*RST", then=b":SYST:AZER 0;:SENS:AVER ON;:SENS:AVER:COUN 50"), {
        "time"}),
    (K2400, "a status byte that tells of an error"): (Plant(status=with_error), {"status byte"}),
    (K2600, "the ammeter is out of its accuracy"): (Plant(measuring=OUT), {"value"}),
    (K2600, "all gains are out of their accuracy"): (Plant(errors=TwinErrors(gain=-4)), {"value"}),
    (K2600, "fewer digits"): (Plant(rb"measure\.nplc\)", lambda reply: b"%.5e" % float(reply)), {"format"}),
    (K2600, "another error code"): (Plant(rb"errorqueue", replaced(b"-2.86", b"-2.85")), {"value"}),
    (K2600, "no word for compliance"): (Plant(rb"measure\.iv", replaced(b"true", b"false")), {"reply"}),
    (K2600, "currents of a block are 1 % high"): (Plant(rb"printbuffer", block(np.array([1.01, 1.0, 1.0, 1.0]))), {
        "value"}),
    (K2600, "times of a block in milliseconds"): (Plant(rb"printbuffer", block(np.array([1.0, 1.0, 1e3, 1.0]))), set()),
    (K2600, "a slower sweep"): (Plant(rb"initiate", longer=0.5), {"time"}),
    (K2600, "mains of 60 Hz"): (Plant(rb"linefreq", lambda reply: b"6.00000000000e+01"), {"value"}),
    (K4200, "the ammeter is out of its accuracy"): (Plant(measuring=OUT), {"value"}),
    (K4200, "all offsets are out of their accuracy"): (Plant(errors=TwinErrors(offset=-4)), {"value"}),
    (K4200, "readings in compliance are marked as good"): (Plant(rb"TI", lambda reply: b"N" + reply[1:]), {"reply"}),
    (K4200, "no space before the number"): (Plant(rb"T[IV]", replaced(b" ", b"")), {"reply"}),
    (K4200, "a point of a sweep is missing"): (Plant(rb"DO 'I1'", without_last(1)), {"reply"}),
    (K4200, "a letter of another unit"): (Plant(rb"TV1", replaced(b"NAV", b"NBV")), {"reply"}),
    (K4200, "a slower sweep"): (Plant(rb"^ME", longer=1.0), {"time"}),
    (K4200, "a status byte that says that a test runs"): (Plant(status=lambda byte: byte | 0x10), {"status byte"}),
    (B1500, "the ammeter is out of its accuracy"): (Plant(measuring=OUT), {"value"}),
    (B1500, "all gains are out of their accuracy"): (Plant(errors=TwinErrors(gain=4)), {"value"}),
    (B1500, "another letter for compliance"): (Plant(rb"^XE", replaced(b"CAI", b"TAI")), {"reply"}),
    (B1500, "time and current are swapped"): (Plant(rb"^XE", swapped(0, 1)), {"reply"}),
    (B1500, "another error code"): (Plant(rb"ERRX", replaced(b"+100,", b"+102,")), {"value"}),
    (B1500, "the mark of a restart is lost"): (Plant(rb"\*SRE\?", lambda reply: b"0"), {"value"}),
    (B1500, "another range"): (Plant(rb"LRN\? 32", replaced(b"RI1,-", b"RI1,")), {"value"}),
    (B1500, "a status byte that is never ready"): (Plant(status=lambda byte: byte & ~0x10), {"status byte"}),
    (B2900, "the ammeter is out of its accuracy"): (Plant(measuring=OUT), {"value"}),
    (B2900, "all offsets are out of their accuracy"): (Plant(errors=TwinErrors(offset=4)), {"value"}),
    (B2900, "currents are 0.5 % high"): (Plant(rb"MEAS\?", field(1, scaled(1.005))), {"value"}),
    (B2900, "no plus signs"): (Plant(rb"PROT\?", replaced(b"+", b"")), {"format"}),
    (B2900, "an output that says it is off"): (Plant(rb"OUTP1\?", lambda reply: b"0"), {"failure"}),
    (B2900, "no bit for compliance"): (Plant(rb"MEAS\?", without_bit(0xFFFF)), {"value"}),
    (B2900, "a point of a sweep is missing"): (Plant(rb"TRAC1:DATA\? 0,11", without_last(4)), {"reply"}),
    (B2900, "a wrong message leaves no error"): (Plant(rb"TSBENCH", ignored=True), {"value"}),
    (B2900, "a status byte that tells of an error"): (Plant(status=with_error), {"status byte"}),
    (K2450, "the ammeter is out of its accuracy"): (Plant(measuring=OUT), {"value"}),
    (K2450, "all gains are out of their accuracy"): (Plant(errors=TwinErrors(gain=4)), {"value"}),
    (K2450, "all offsets are out of their accuracy"): (Plant(errors=TwinErrors(offset=4)), {"value"}),
    (K2450, "currents are 0.5 % high"): (Plant(rb"READ\?", field(2, scaled(1.005))), {"value"}),
    (K2450, "a status byte that tells of a standard event"): (Plant(status=lambda byte: byte | 0x20), {"status byte"}),
}


def test_swapped_readings_look_like_another_resistor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotTheResistor, match=r"^it: resistance at a few millivolts: about .* not 10\.00 kOhm"):
        found_in(K2400, Plant(rb"READ\?", swapped(0, 1)), tmp_path, monkeypatch)
