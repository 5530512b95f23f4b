"""Where the comparison of derivatives looks: a wire that heats itself, whose settled states are a formula."""

import itertools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.settled_states import settled_states

COLD, RISE, RTH, CTH, T0 = 500.0, 1e-3, 9e3, 1e-13, 300.0  #: [Ohm], [1/K], [K/W], [J/K], [K]
CURRENTS = [10.0 ** (-8.0 + 0.5 * n) for n in range(13)]  #: [A]: two in each decade, up to 0.1 W in the wire
VOLTAGES = [0.03 * (5.0 / 0.03) ** (n / 9.0) for n in range(10)]  #: [V]


@dataclass(frozen=True)
class Wire(DeviceModel):
    """Its resistance rises with its temperature; it has no static curve."""

    mechanism: ClassVar[str] = "wire"
    states: ClassVar[tuple[str, ...]] = ("temperature",)

    def rest(self) -> tuple[float, ...]:
        return (T0,)

    def state_tolerances(self) -> tuple[float, ...]:
        return (10.0,)


class KnownWire(Wire):
    """The same with its static curve."""

    def settled(self, current: float) -> tuple[float, float]:
        return at_current(current)


def equations(v: float, i: float, states: FloatArray) -> FloatArray:
    temperature = float(states[0])
    return np.array([v - COLD * (1.0 + RISE * (temperature - T0)) * i, (v * i - (temperature - T0) / RTH) / CTH])


def at_current(current: float) -> tuple[float, float]:
    """Return v = R0 i / (1 - R0 a Rth i^2) and T = T0 + Rth v i."""
    voltage = COLD * current / (1.0 - COLD * RISE * RTH * current**2)
    return voltage, T0 + RTH * voltage * current


def at_voltage(voltage: float) -> tuple[float, float]:
    """Return v and T where R0 (1 + a Rth v i) i = v."""
    a = COLD * RISE * RTH * voltage
    current = (-COLD + math.sqrt(COLD**2 + 4.0 * a * voltage)) / (2.0 * a)
    return voltage, T0 + RTH * voltage * current


def looked_at(model: DeviceModel) -> list[tuple[float, list[float]]]:
    """Return each voltage with the temperatures that are looked at on the way there."""
    return [(v, [states[0] for _, states in group])
            for v, group in itertools.groupby(settled_states(model, equations), key=lambda point: point[0])]


def expected(polarity: float) -> list[tuple[float, float]]:
    return [(polarity * v, temperature) for v, temperature in map(at_current, CURRENTS)]


@pytest.mark.parametrize("model", [Wire(), KnownWire()])
def test_the_last_state_at_each_current_is_the_settled_one(model: DeviceModel) -> None:
    found = [(v, temperatures[-1]) for v, temperatures in looked_at(model)]
    driven = [] if isinstance(model, KnownWire) else [at_voltage(v) for v in VOLTAGES]
    wanted = [*expected(1.0), *driven, *expected(-1.0), *((-v, temperature) for v, temperature in driven)]
    assert len(found) == len(wanted)
    assert np.array(found) == pytest.approx(np.array(wanted), rel=1e-6)


def test_states_far_apart_have_others_between_them() -> None:
    points = looked_at(KnownWire())
    before = T0
    for _, temperatures in points[:len(CURRENTS)]:
        after = temperatures[-1]
        parts = 1 + min(int((after - before) / 10.0 / 3.0), 8)   # of at most 3 tolerances, but no more than 9
        assert temperatures == pytest.approx([before + (after - before) * n / parts for n in range(1, parts + 1)])
        before = after
    assert [len(temperatures) for _, temperatures in points[10:13]] == [1, 2, 9]
    assert points[len(CURRENTS)][1] == pytest.approx([T0])   # the other polarity begins at rest


def test_nothing_hotter_than_a_solid_is_looked_at() -> None:
    class Hot(KnownWire):
        def settled(self, current: float) -> tuple[float, float]:
            return at_current(current)[0], 3001.0 if current > 1e-6 else 2999.0

    assert [v for v, _ in looked_at(Hot())] == pytest.approx([
        sign * at_current(current)[0] for sign in (1.0, -1.0) for current in CURRENTS[:5]])


def test_a_current_that_heats_beyond_the_most_power_ends_the_polarity() -> None:
    found = [v for v, _ in looked_at(KnownWire())]
    most = max(current * voltage for current, voltage in zip(CURRENTS, found, strict=False))
    assert 0.05 < most < 0.1 and len(found) == 2 * len(CURRENTS)


def test_a_device_without_states_has_a_voltage_at_each_current() -> None:
    @dataclass(frozen=True)
    class Resistor(DeviceModel):
        mechanism: ClassVar[str] = "plain_resistor"

        def settled(self, current: float) -> tuple[float, float]:
            return 5.0 * current, math.nan

    found = list(settled_states(Resistor(), lambda v, i, states: np.array([v - 5.0 * i])))
    assert [states for _, states in found] == [()] * 30
    both = [5.0 * current for current in [10.0 ** (-8.0 + 0.5 * n) for n in range(15)]]
    assert [v for v, _ in found] == pytest.approx([*both, *(-v for v in both)])


def test_a_device_that_no_current_settles_is_given_up_with_what_it_reached() -> None:
    """A state that only ever grows: it is looked at, at each current, without an end being waited for."""
    calls = 0

    def growing(v: float, i: float, states: FloatArray) -> FloatArray:
        nonlocal calls
        calls += 1
        return np.array([v - COLD * i, 1.0])

    found = list(settled_states(KnownWire(), growing))
    assert all(temperature > T0 for _, (temperature,) in found) and {v > 0.0 for v, _ in found} == {True, False}
    assert calls <= 30 * 60 * 3
