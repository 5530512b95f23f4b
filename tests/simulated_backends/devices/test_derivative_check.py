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


@pytest.mark.thin(6)
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


# ---------------------------------------------------------------------------------------------- how far it may be off


@dataclass(frozen=True)
class Scaled(DeviceModel):
    """A diode that heats itself, switched by a control voltage: each derivative is written with a factor."""

    by_voltage: float = 1.0
    by_current: float = 1.0
    by_state: float = 1.0
    by_control: float = 1.0
    rate_by_voltage: float = 1.0
    rate_by_current: float = 1.0
    rate_by_state: float = 1.0
    rate_by_control: float = 1.0
    mechanism: ClassVar[str] = "scaled"
    states: ClassVar[tuple[str, ...]] = ("temperature",)
    terminals: ClassVar[tuple[str, ...]] = ("a", "b", "g")
    senses: ClassVar[tuple[str, str]] = ("g", "b")

    @staticmethod
    def equations(
        v: float, i: float, w: float, temperature: float, by_voltage: float, by_current: float, by_state: float,
        by_control: float, rate_by_voltage: float, rate_by_current: float, rate_by_state: float, rate_by_control: float,
    ) -> Any:
        forward = 1e-9 * math.exp(v / 0.1 + w) * (temperature / 300.0) ** 2
        return (forward - i, by_voltage * forward / 0.1, -by_current, by_state * 2.0 * forward / temperature,
                (v * i - (temperature - 300.0 - 10.0 * w) / 5e5) / 1e-12, rate_by_voltage * i / 1e-12,
                rate_by_current * v / 1e-12, -rate_by_state / 5e5 / 1e-12,
                by_control * forward, rate_by_control * 10.0 / 5e5 / 1e-12)

    def rest(self) -> tuple[float, ...]:
        return (300.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        return (10.0,)


DERIVATIVES = {
    "by_voltage": "dg/dv", "by_current": "dg/di", "by_state": "dg/dtemperature", "by_control": "dg/dw",
    "rate_by_voltage": r"d\(temperature rate\)/dv", "rate_by_current": r"d\(temperature rate\)/di",
    "rate_by_state": r"d\(temperature rate\)/dtemperature", "rate_by_control": r"d\(temperature rate\)/dw"}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_each_derivative_may_be_off_by_two_in_a_thousand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivative_check, "settled_states", lambda *_: iter(()))
    for factor in (1.0015, 0.9985):
        check_derivatives(Scaled(**{name: factor}))
    for factor in (1.004, 0.996, -1.0):
        with pytest.raises(ConfigurationError, match=rf"its equations return {DERIVATIVES[name]} = .*, but finite"):
            check_derivatives(Scaled(**{name: factor}))


def test_the_message_has_both_values_and_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivative_check, "settled_states", lambda *_: iter(()))
    with pytest.raises(ConfigurationError) as error:
        check_derivatives(Scaled(rate_by_state=0.5))
    assert str(error.value) == (
        "device model scaled: its equations return d(temperature rate)/dtemperature = -1e+06, but finite differences "
        "give -2e+06 (at v = 0.03, i = 1.34986e-09, temperature = 300). Correct this derivative in the equations")


@dataclass(frozen=True)
class Kinked(DeviceModel):
    """A resistor with half the resistance above 0.4 V, one of the voltages at which is looked."""

    slope: float = 1.0  #: what is written for the conductance below the kink, of it
    mechanism: ClassVar[str] = "kinked"

    @staticmethod
    def equations(v: float, i: float, slope: float) -> Any:
        above = v > 0.4
        return (1e-3 * v + 1e-3 * (v - 0.4) if above else 1e-3 * v) - i, 2e-3 if above else slope * 1e-3, -1.0


def test_nothing_is_asked_for_at_a_kink_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivative_check, "settled_states", lambda *_: iter(()))
    check_derivatives(Kinked())
    monkeypatch.setattr(derivative_check, "LOOKED_AT", (0.4,))
    check_derivatives(Kinked(slope=1.4))
    monkeypatch.setattr(derivative_check, "LOOKED_AT", (0.4, 0.03))
    with pytest.raises(ConfigurationError, match=r"dg/dv = 0\.0014, but finite differences give 0\.001 "):
        check_derivatives(Kinked(slope=1.4))


@dataclass(frozen=True)
class Nowhere(Kinked):
    """Equations that are no numbers anywhere."""

    mechanism: ClassVar[str] = "nowhere"

    @staticmethod
    def equations(v: float, i: float) -> Any:
        return math.sqrt(-1.0 - v * v), 0.0, -1.0


@dataclass(frozen=True)
class Broken(Kinked):
    mechanism: ClassVar[str] = "broken"

    @staticmethod
    def equations(v: float, i: float) -> Any:
        return {}["nothing"], 0.0, -1.0


@dataclass(frozen=True)
class Words(Kinked):
    mechanism: ClassVar[str] = "words"

    @staticmethod
    def equations(v: float, i: float) -> Any:
        return "much", 0.0, -1.0


@pytest.mark.parametrize(("model", "said"), [
    (Nowhere(), "device model nowhere: its equations give numbers that are not finite near rest, for v from -1.3 to 4 "
                "V"),
    (Broken(), "device model broken: its equations raise KeyError ('nothing')"),
    (Words(), "device model words: its equations return ('much', 0.0, -1.0). All entries must be numbers"),
])
def test_equations_without_numbers_are_one_line(model: DeviceModel, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        check_derivatives(model)
    assert str(error.value) == said
