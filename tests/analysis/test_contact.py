"""Open and short devices are told in words."""

import numpy as np

from tsbench.analysis.contact.contact import contact
from tsbench.records import Flag


def test_a_device_that_switches_is_neither() -> None:
    voltage = np.array([0.2, 0.6, 1.02, 0.93, 0.9, 0.88, 0.3])
    current = np.array([5e-6, 2e-5, 8e-5, 1e-3, 8e-4, 6e-4, 8e-6])
    assert contact(voltage, current).flags is Flag.NONE


def test_open_and_short() -> None:
    levels = np.linspace(-1.2, 1.2, 13)
    found = contact(levels, 3e-9 * levels)
    assert found.flags == Flag.OPEN and found.flags.names() == ["open"]
    assert "at most 3.60 nA" in found.message and "1.20 V" in found.message and "Check the contact" in found.message
    found = contact(levels * 1e-3, np.clip(levels, -1e-3, 1e-3))
    assert found.flags == Flag.SHORT and found.flags.names() == ["short"] and "Ohm" in found.message


def test_a_device_that_conducts_well_when_it_is_on_is_no_short() -> None:
    off, on = np.linspace(0.05, 0.6, 12), np.full(12, 5e-3)
    voltage, current = np.concatenate([off, on]), np.concatenate([off * 1e-6, np.full(12, 1e-3)])
    assert contact(voltage, current).flags is Flag.NONE
    short = np.full(24, 5e-3)
    short[7] = 0.4  # one reading that is anything
    assert contact(short, np.full(24, 1e-3)).flags is Flag.SHORT


def test_a_device_of_which_every_reading_is_in_compliance_is_short_or_not_known() -> None:
    # readings of a first contact with a short of 30 Ohm: the voltage of the meter is off by 39 uV
    voltage = np.array([-34e-6, 649e-6, -552e-6, 648e-6, -551e-6])
    current = np.array([-2.8e-6, 20e-6, -20e-6, 20e-6, -20e-6])
    limited = np.array([False, True, True, True, True])
    found = contact(voltage, current, limited=limited)
    assert found.flags is Flag.SHORT and "30 Ohm" in found.message
    found = contact(10 * voltage, current, limited=limited)  # 300 Ohm: a device may conduct so
    assert found.flags is Flag.COMPLIANCE and "not known what is connected" in found.message
    # the same readings, and one below the compliance that shows the device
    free = np.append(10 * voltage, 20 * voltage[1]), np.append(current, 1e-6), np.append(limited, False)
    assert contact(free[0], free[1], limited=free[2]).flags is Flag.NONE
    assert contact(10 * voltage, current).flags is Flag.NONE  # nobody says that they are in compliance


def test_nothing_is_said_of_what_cannot_be_known() -> None:
    assert contact(np.zeros(0), np.zeros(0)).flags is Flag.NONE
    assert contact(np.full(3, np.nan), np.ones(3)).flags is Flag.NONE
    assert contact(np.full(3, 0.05), np.full(3, 1e-9)).flags is Flag.NONE  # hardly a voltage
    assert contact(np.full(3, 1e-6), np.full(3, 1e-6)).flags is Flag.NONE  # hardly a current
    assert contact(np.ones(3), np.zeros(3), resolution=1e-5).flags is Flag.NONE  # a scope that sees no less


def test_one_wild_reading_does_not_hide_an_open_device_and_two_do_not_make_one() -> None:
    levels = np.linspace(-1.2, 1.2, 25)
    wild = 3e-9 * levels
    wild[7] = 5e-6
    found = contact(levels, wild)
    assert found.flags == Flag.OPEN and "at most 3.60 nA" in found.message
    wild[8] = 5e-6
    assert contact(levels, wild).flags is Flag.NONE


def test_readings_at_a_low_voltage_beside_one_that_drives_the_device_do_not_look_open() -> None:
    """A retention run: one reading in compliance, the others at the read voltage."""
    voltage = np.array([0.965, *[0.1003] * 6])
    current = np.array([95.3e-6, *[0.664e-6] * 6])
    assert contact(voltage, current).flags == Flag.NONE
    several = contact(np.tile(voltage, 4), np.tile(current, 4), limited=np.tile([True, *[False] * 6], 4))
    assert several.flags == Flag.NONE   # four readings in compliance; the others show the off state


def test_a_source_meter_with_a_known_offset_tells_a_device_of_some_megohms_from_nothing() -> None:
    """A leak of 10 MOhm and the offset remain; without a known offset, 1 MOhm looks open."""
    levels = np.linspace(-1.0, 1.0, 21)
    device = levels / 5e6
    assert contact(levels, device).flags is Flag.OPEN
    assert contact(levels, device, current_offset=5e-8).flags is Flag.NONE
    assert contact(levels, device, current_offset=2e-7).flags is Flag.OPEN
    assert contact(levels, levels / 20e6 + 5e-9, current_offset=5e-8).flags is Flag.OPEN
    assert contact(levels, levels / 0.8e6, current_offset=1e-3).flags is Flag.NONE   # a poor meter tells as much
