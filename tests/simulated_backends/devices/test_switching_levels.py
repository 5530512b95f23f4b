"""Which conductances tell a device that is on from one that is off."""

import math
from dataclasses import dataclass
from typing import ClassVar

import pytest

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels, levels_of, static_folds

TOP, BOTTOM = 1e-5, 1e-3  #: [A]: where the voltage below turns


@dataclass(frozen=True)
class Cubic(DeviceModel):
    """A voltage that turns at two currents: dv/dx = (x - ln TOP)(x - ln BOTTOM), x = ln i."""

    offset: float = 60.0  #: [V]
    mechanism: ClassVar[str] = "cubic_in_the_logarithm"

    def settled(self, current: float) -> tuple[float, float]:
        x, a, b = math.log(current), math.log(TOP), math.log(BOTTOM)
        return self.offset + x**3 / 3.0 - (a + b) * x**2 / 2.0 + a * b * x, 300.0 + x


class Monotonic(Cubic):
    def settled(self, current: float) -> tuple[float, float]:
        return current, math.nan


class Own(Cubic):
    def switching_conductances(self) -> tuple[float, float, float, float]:
        return 1.0, 2.0, 3.0, 4.0


class Formless(Cubic):
    def settled(self, current: float) -> tuple[float, float]:
        return DeviceModel.settled(self, current)


def test_the_folds_are_where_the_voltage_turns() -> None:
    model, found = Cubic(500.0), folds(Cubic(500.0))
    assert found.threshold is not None and found.hold is not None
    for fold, current in ((found.threshold, TOP), (found.hold, BOTTOM)):
        assert fold.current == pytest.approx(current, rel=1e-4)
        assert fold.voltage == pytest.approx(model.settled(current)[0], rel=1e-12)
        assert fold.temperature == pytest.approx(300.0 + math.log(current), rel=1e-6)


def test_on_and_off_lie_around_the_mean_of_both_folds() -> None:
    model = Cubic(500.0)
    fold, hold = TOP / model.settled(TOP)[0], BOTTOM / model.settled(BOTTOM)[0]
    levels = levels_of(model)
    assert levels is not None
    assert (levels.fold, levels.hold) == pytest.approx((fold, hold), rel=1e-4)
    assert (levels.on, levels.off) == pytest.approx(
        (1.3 * math.sqrt(fold * hold), math.sqrt(fold * hold) / 1.3), rel=1e-4)
    assert levels.fold < levels.off < levels.on < levels.hold


def test_what_a_model_says_itself_counts() -> None:
    assert levels_of(Own()) == SwitchingLevels(fold=1.0, on=2.0, off=3.0, hold=4.0)


def test_a_device_without_two_folds_does_not_switch() -> None:
    assert levels_of(Monotonic()) is None and levels_of(Formless()) is None
    found = static_folds(Formless())
    assert found.threshold is None and found.hold is None


def test_one_fold_is_a_threshold_without_hold() -> None:
    found = folds(Cubic(500.0), highest=1e-4)
    assert found.threshold is not None and found.hold is None
    assert found.threshold.current == pytest.approx(TOP, rel=1e-4)
