"""What is imperfect in the instruments of the other kinds: pulse cards, decade boxes, matrices, controllers."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.imperfections.kinds import FOLDER, quantity, share
from tsbench.simulated_backends.virtual_instruments.keithley_700 import data_sheet as matrix
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as pmu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import pulse_module as spgu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as wgfmu
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x import data_sheet as lakeshore
from tsbench.simulated_backends.virtual_instruments.meatest_decade import data_sheet as decade
from tsbench.simulated_backends.virtual_instruments.sources import Origin

_OWN = f"{FOLDER}test_imperfections_of_other_instruments.py::test_"
#: (title of the instrument, its sources, name of the imperfection -> title, number, test)
Entry = tuple[str, Mapping[str, Origin], Mapping[str, tuple[str, str, str]]]


def _ranges(rows: Mapping[float, Any] | Any, unit: str, field: str, of: str) -> str:
    return "; ".join(f"{quantity(row.full_scale, unit)}: {quantity(getattr(row, field), of)}" for row in rows)


def _pmu() -> Entry:
    card = f"{FOLDER}test_keithley_4200_pulses.py::test_"
    rows = [(volts, row) for volts, ranges in pmu.CURRENT_RANGES.items() for row in ranges]

    def by_row(write: Any) -> str:
        return "; ".join(f"{quantity(row.full_scale, 'A')} ({volts:g} V): {write(row)}" for volts, row in rows)

    return "4225-PMU with 4225-RPM", pmu.SOURCES, {
        "reading_accuracy": ("accuracy of readings", by_row(lambda r: f"{share(r.gain)} + {quantity(r.offset, 'A')}"),
                             f"{_OWN}readings_of_a_pmu_are_as_accurate_and_noisy_as_stated"),
        "reading_noise": ("noise of a sample, rms", by_row(lambda r: quantity(r.noise, "A")),
                          f"{_OWN}readings_of_a_pmu_are_as_accurate_and_noisy_as_stated"),
        "settling": ("settling to 0.5 %", by_row(lambda r: quantity(r.settling, "s")),
                     f"{card}settling_of_a_current_range"),
        "level_accuracy": ("accuracy of levels", "; ".join(
            f"{volts:g} V: {share(pmu.LEVEL_GAIN)} + {quantity(offset, 'V')}"
            for volts, offset in pmu.LEVEL_OFFSETS.items()), f"{_OWN}levels_of_a_pmu_are_as_accurate_as_stated"),
        "jitter": ("jitter of the start, at most", quantity(pmu.JITTER, "s"),
                   f"{_OWN}a_pmu_starts_with_the_stated_jitter_after_its_preparation"),
        "preparation": ("time before a test begins", quantity(pmu.PREPARATION, "s"),
                        f"{_OWN}a_pmu_starts_with_the_stated_jitter_after_its_preparation"),
        "output_resistance": ("output resistance", quantity(pmu.OUTPUT_RESISTANCE, "Ohm"),
                              f"{card}fifty_ohm_and_the_load_that_was_set"),
        "output_relay": ("time of the output relay: the least segment in which it moves", quantity(pmu.RELAY_TIME, "s"),
                         f"{card}the_output_relay_opens_in_a_segment"),
    }


def _wgfmu() -> Entry:
    amperes, volts = wgfmu.CURRENT_RANGES.values(), wgfmu.VOLTAGE_RANGES.values()
    currents = f"{_OWN}currents_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated"
    voltages = f"{_OWN}voltages_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated"
    levels = f"{_OWN}levels_of_a_b1530a_are_as_accurate_as_stated_behind_its_resistance"
    return "B1530A (WGFMU)", wgfmu.SOURCES, {
        "current_settling": ("settling of a current to 0.6 %", _ranges(amperes, "A", "settling", "s"), currents),
        "current_noise": (
            "noise of a current in the least window, rms", _ranges(amperes, "A", "noise", "A"), currents),
        "voltage_settling": ("settling of a voltage to 0.6 %", _ranges(volts, "V", "settling", "s"), voltages),
        "voltage_noise": ("noise of a voltage in the least window, rms", _ranges(volts, "V", "noise", "V"), voltages),
        "reading_accuracy": (
            "accuracy of readings",
            f"{share(wgfmu.CURRENT_GAIN)} + {share(wgfmu.CURRENT_OFFSET)} of the current range; "
            f"{share(wgfmu.VOLTAGE_GAIN)} + {share(wgfmu.VOLTAGE_OFFSET)} of the voltage range", currents),
        "level_accuracy": ("accuracy of levels", f"{share(wgfmu.FORCE_GAIN)} + {quantity(wgfmu.FORCE_OFFSET, 'V')}",
                           levels),
        "jitter": ("jitter of the start, at most", f"±{quantity(wgfmu.JITTER, 's')}",
                   f"{_OWN}a_b1530a_starts_with_the_stated_jitter"),
        "output_resistance": (
            "output resistance", f"Fast IV: {quantity(wgfmu.FAST_RESISTANCE, 'Ohm')}; PG: "
            f"{quantity(wgfmu.PULSE_RESISTANCE, 'Ohm')}", levels),
    }


def entries() -> Iterator[tuple[str, Entry]]:
    """Yield (folder, entry) of each instrument."""
    yield "keithley_4200", _pmu()
    yield "keysight_b1500a", _wgfmu()
    yield "keysight_b1500a", ("B1525A (SPGU)", spgu.SOURCES, {
        "level_accuracy": ("accuracy of levels", f"{share(spgu.GAIN)} + {quantity(spgu.OFFSET, 'V')}",
                           f"{_OWN}levels_of_a_b1525a_are_as_accurate_as_stated"),
        "output_resistance": ("output resistance", quantity(spgu.SOURCE_RESISTANCE, "Ohm"),
                              f"{FOLDER}test_b1500a_measurements.py::test_the_voltage_is_that_at_the_load_of_ser"),
    })
    reading = f"{_OWN}a_temperature_reading_has_the_stated_noise_and_offset"
    model = lakeshore.LAKESHORE_336
    yield "lakeshore_33x", ("Lake Shore 335 and 336", lakeshore.SOURCES, {
        "reading_noise": ("noise of a reading, rms", quantity(model.noise, "K"), reading),
        "reading_offset": ("offset of an input, at most", quantity(model.offset, "K"), reading),
        "heater_power": ("power of the heater outputs", "; ".join(
            f"{one.model.removeprefix('MODEL')}: {' and '.join(quantity(watts, 'W') for watts in one.power)}"
            for one in (lakeshore.LAKESHORE_335, model)), f"{_OWN}a_heater_output_has_the_stated_power"),
    })
    box = f"{_OWN}a_decade_box_is_as_accurate_as_stated_and_settles_in_its_time"
    boxes = (decade.MEATEST_M632, decade.MEATEST_M525)
    yield "meatest_decade", ("Meatest M632 and M525", decade.SOURCES, {
        "accuracy": ("accuracy of the value", "; ".join(f"{b.model}: {share(b.accuracy)}" for b in boxes), box),
        "settling": ("time of a change", quantity(boxes[0].settling, "s"), box),
    })
    contact = f"{_OWN}a_contact_has_the_stated_resistance_and_settles_in_its_time"
    cards = {**matrix.CARDS_707B, **matrix.CARDS_3706A}
    yield "keithley_700", ("Keithley 707B and 3706A", matrix.SOURCES, {
        "contact_resistance": ("resistance of a closed contact", "; ".join(
            f"{name}: {quantity(card.closed, 'Ohm')}" for name, card in cards.items()), contact),
        "settling": ("settling of a contact", "; ".join(
            f"{name}: {quantity(card.settling, 's')}" for name, card in cards.items()), contact),
    })
