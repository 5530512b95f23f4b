"""The chuck is stable once it has stayed in the band for the settling time: looks outside the band begin it again."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tsbench.errors import InstrumentError
from tsbench.station.bench.bench_tables import TemperatureTable
from tsbench.station.bench.surroundings import ChuckTemperature

TARGET = 300.0  #: [K]
INSIDE, ABOVE, BELOW = TARGET + 0.1, TARGET + 0.3, TARGET - 0.3  #: [K], with a band of 0.2 K


class Chuck:
    """A clock and a controller whose readings [K], one a second, are given."""

    def __init__(self, readings: Iterable[float]) -> None:
        self._readings: Iterator[float] = iter(readings)
        self.seconds, self.off = 0.0, False

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def set_temperature(self, temperature: float, ramp: float | None) -> float:
        return temperature

    def temperature(self) -> float:
        return next(self._readings)

    def heater_off(self) -> None:
        self.off = True


def found(readings: Iterable[float], settling: float = 5.0) -> tuple[float, float]:
    """Return the temperature [K] that is given as stable, and the time of it [s]."""
    chuck: Any = Chuck(readings)
    table = TemperatureTable(instrument="chuck", band=0.2, settling=settling, timeout=100.0)
    return ChuckTemperature(chuck, table, chuck).set_temperature(TARGET), chuck.seconds


@pytest.mark.parametrize("outside", [ABOVE, BELOW])
def test_a_look_outside_of_the_band_begins_the_settling_time_again(outside: float) -> None:
    stable, seconds = found([outside, *[TARGET] * 4, outside, *[INSIDE] * 5])
    assert seconds == 11.0 and stable == pytest.approx(INSIDE)   # the mean of the settling time only


def test_a_temperature_that_swings_through_the_band_is_never_stable() -> None:
    swing = itertools.cycle([ABOVE, INSIDE, TARGET, INSIDE, TARGET, BELOW, TARGET])
    with pytest.raises(InstrumentError, match=r"the chuck is not stable at 300 K after 100 s\. tsbench has switched "
                                               r"its heater off\. Check the heater"):
        found(swing)


def test_without_a_settling_time_one_look_in_the_band_is_needed() -> None:
    assert found([ABOVE, BELOW, INSIDE], settling=0.0) == (pytest.approx(INSIDE), 3.0)


def read(readings: Iterable[float]) -> float:
    """Return the temperature [K] that counts of some readings."""
    chuck: Any = Chuck(readings)
    return ChuckTemperature(chuck, TemperatureTable(instrument="chuck", band=0.2), chuck).temperature()


@pytest.mark.parametrize("readings", [[TARGET, INSIDE], [703.0, TARGET, INSIDE], [TARGET, 3.0, INSIDE]])
def test_a_digit_that_the_cable_has_changed_is_no_temperature(readings: list[float]) -> None:
    assert read(readings) == INSIDE


def test_readings_that_do_not_agree_are_an_error_with_all_of_them() -> None:
    with pytest.raises(InstrumentError, match=r"gives 297 K, 703 K, 400 K one after the other\. Check the sensor"):
        read([297.0, 703.0, 400.0])
