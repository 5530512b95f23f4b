"""Written derivatives are compared with finite differences from rest to a hot device, and none of ours is refused.

The device of these tests is a film that becomes a metal at 700 K. Its derivatives are wrong only there.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices import derivative_check
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.derivative_check import check_derivatives
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.source_text import returned

METAL, MIDDLE, WIDTH = 2e-3, 700.0, 12.0  #: conductance [S], temperature and width of the transition [K]


def film(v: float, i: float, temperature: float, share: float) -> tuple[float, ...]:
    """Return residual, rate and derivatives; ``share`` of what the transition adds to dg/dtemperature is written."""
    tanh = math.tanh((temperature - MIDDLE) / WIDTH)
    g = math.exp(-2800.0 / temperature) + METAL * 0.5 * (1.0 + tanh)
    g_t = math.exp(-2800.0 / temperature) * 2800.0 / temperature**2 + share * METAL * 0.5 * (1.0 - tanh * tanh) / WIDTH
    return (g * v - i, g, -1.0, g_t * v,
            (v * i - (temperature - 300.0) / 5e5) / 2e-13, i / 2e-13, v / 2e-13, -1.0 / (5e5 * 2e-13))


@dataclass(frozen=True)
class RightFilm(DeviceModel):
    """The film with all its derivatives, and no static curve."""

    mechanism: ClassVar[str] = "right_film"
    states: ClassVar[tuple[str, ...]] = ("temperature",)

    @staticmethod
    def equations(v: float, i: float, temperature: float) -> Any:
        g, g_v, g_i, g_t, f, f_v, f_i, f_t = film(v, i, temperature, 1.0)
        return g, g_v, g_i, g_t, f, f_v, f_i, f_t

    def rest(self) -> tuple[float, ...]:
        return (300.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        return (10.0,)


@dataclass(frozen=True)
class WrongWhenHot(RightFilm):
    """The film without the derivative of its transition."""

    mechanism: ClassVar[str] = "wrong_when_hot"

    @staticmethod
    def equations(v: float, i: float, temperature: float) -> Any:
        g, g_v, g_i, g_t, f, f_v, f_i, f_t = film(v, i, temperature, 0.0)
        return g, g_v, g_i, g_t, f, f_v, f_i, f_t


@dataclass(frozen=True)
class WrongOnItsCurve(WrongWhenHot):
    """The same with its static curve: the resistance that belongs to each temperature."""

    mechanism: ClassVar[str] = "wrong_on_its_curve"

    def settled(self, current: float) -> tuple[float, float]:
        low, high = 300.0, 1e5
        for _ in range(100):
            middle = 0.5 * (low + high)
            heat = current**2 / film(0.0, 0.0, middle, 1.0)[1]
            low, high = (middle, high) if heat > (middle - 300.0) / 5e5 else (low, middle)
        return current / film(0.0, 0.0, low, 1.0)[1], low


@dataclass(frozen=True)
class WrongWhenOn(DeviceModel):
    """A filament that a voltage grows; a current does not settle it. dg/dfilament is wrong for a thick one."""

    mechanism: ClassVar[str] = "wrong_when_on"
    states: ClassVar[tuple[str, ...]] = ("filament",)

    @staticmethod
    def equations(v: float, i: float, filament: float) -> Any:
        growth = 1e6 * (1.0 / (1.0 + math.exp(-20.0 * (abs(v) - 0.5))) - filament)
        slope = math.copysign(1.0, v) * 2e7 * math.exp(-20.0 * (abs(v) - 0.5)) / (
            1.0 + math.exp(-20.0 * (abs(v) - 0.5)))**2
        return ((1e-6 + 1e-4 * filament + 1e-3 * filament**8) * v - i, 1e-6 + 1e-4 * filament + 1e-3 * filament**8,
                -1.0, 1e-4 * v, growth, slope, 0.0, -1e6)

    def rest(self) -> tuple[float, ...]:
        return (0.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        return (1e-3,)


@pytest.mark.parametrize("name", [name for name in catalogue()])
def test_ours_are_right(name: str) -> None:
    model = device_model(name)
    mechanism = mechanism_of(type(model))
    assert returned(mechanism) == mechanism.outputs
    check_derivatives(model)


def test_a_right_one_is_taken() -> None:
    check_derivatives(RightFilm())


@pytest.mark.parametrize(("model", "said"), [
    (WrongWhenHot(), "dg/dtemperature"), (WrongOnItsCurve(), "dg/dtemperature"), (WrongWhenOn(), "dg/dfilament")])
def test_what_is_wrong_only_in_the_on_state_is_one_line(
    model: DeviceModel, said: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigurationError, match=rf"device model {model.mechanism}: .* {said} = .*, but finite diff"
                                                 ) as error:
        check_derivatives(model)
    assert "\n" not in str(error.value)
    monkeypatch.setattr(derivative_check, "settled_states", lambda *_: iter(()))
    check_derivatives(model)   # near rest there is nothing to see


def test_a_static_curve_that_raises_does_not_matter() -> None:
    class Raises(WrongWhenHot):
        def settled(self, current: float) -> tuple[float, float]:
            raise RuntimeError("of its author")

    with pytest.raises(ConfigurationError, match="dg/dtemperature"):
        check_derivatives(Raises())
