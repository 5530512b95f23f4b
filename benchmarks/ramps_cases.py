"""Random circuits on slow ramps: a device behind a resistor and beside a capacitor; half of them have a window.

Even numbers lose their stability between two voltages of the source, odd ones do not. Equilibria and eigenvalues are
those of :mod:`benchmarks.ramps_reference`; the same numbers give the same circuits anywhere. Of the deterministic
devices that oscillate ``ots_gst`` is missing: the reference has no equations of its own for it yet. Moving cores and
the element of third order have a window at any capacitance taken here, so that they stand in the oscillating half
alone. Ramps across a window are shorter than some 0.2 s, by :data:`MOST_STEPS`; those of numbers from 2000 on last
from 0.2 to 1 s.

Numbers from 1000 to 1999 have ``vo2_hysteretic``, whose equilibrium depends on what was before: theirs lie on the
warming branch of the outer loop, where a device that has been at rest is while its source rises, and all their ramps
rise. A ramp down is left out: to begin it on the metallic branch the circuit would have to pass the window, and where
in the loop it comes to rest there depends on how. There a circuit loses stability, if it does, first on the warming
branch; its window ends where the ramp does, because no equilibrium says where the cycle ends, which leaves that
branch at once.
"""

import dataclasses
import functools
import math
from dataclasses import dataclass

import numpy as np

from benchmarks.ramps_reference import (
    COARSE,
    CORE,
    HYSTERETIC,
    METER_LEVELS,
    METER_TIME,
    PLAY,
    PLAY_TIME,
    THIRD,
    FloatArray,
    device,
    parameters,
    reference_kind,
)
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.model import DeviceModel

#: device, load [Ohm] from and to, lowest capacitance [F]; the highest is a hundred times that
DEVICES = (
    ("nbo2", 2e3, 2e4, 5e-12), ("tin_nbo2", 2e3, 2e4, 5e-12), ("nbo2_slesazeck", 100.0, 3e3, 1e-11),
    ("nb2o5", 2e4, 1e5, 2e-12), ("vo2", 3.5e4, 2e5, 2e-12), ("nbox_third_order", 100.0, 2e3, 1e-13))
FIRST_HYSTERETIC, FIRST_LONG = 1000, 2000  #: the numbers from here on
LOAD_HYSTERETIC, CAPACITANCE_HYSTERETIC = (1e4, 4e4), (1e-11, 1e-9)  #: [Ohm], [F]: from, to
RAMP_HYSTERETIC = (1e-5, 1e-2)  #: [s]: from, to
NEVER_WARM = 100.0  #: [K] below the surroundings: the last reversal of a device that has none behind it
MOST_STEPS = 1e9  #: small steps from one end of a ramp to the other
METER_RESISTANCE = 0.1  #: [Ohm] of a source meter


@dataclass(frozen=True)
class Point:
    """An equilibrium."""

    source: float  #: [V]
    y: FloatArray  #: node voltage [V], states
    values: FloatArray  #: eigenvalues [1/s]

    @property
    def real(self) -> float:
        """Return the largest real part [1/s]."""
        return float(self.values.real.max())


@dataclass(frozen=True)
class Case:
    """A circuit and its ramp; ``window`` is where it loses and regains stability, going up (None: never)."""

    number: int
    name: str
    resistance: float
    capacitance: float
    first: float  #: [V]
    last: float  #: [V]
    hold: float  #: [s] at the first voltage before the ramp begins
    ramp: float  #: [s] of the ramp
    meter: bool  #: a staircase of a source meter, METER_LEVELS high
    window: tuple[float, float] | None
    critical: float  #: [V] where the real part is largest; of a film with hysteresis, a little inside the window
    dt: float  #: [s] of the small steps
    levels: int = METER_LEVELS  #: of a source meter's staircase

    @property
    def model(self) -> DeviceModel:
        """Return the device."""
        return device_model(self.name)

    @property
    def load(self) -> float:
        """Return all resistance between the source and the node [Ohm]."""
        return self.resistance + (METER_RESISTANCE if self.meter else 0.0)

    @property
    def dwell(self) -> float:
        """Return the time between two levels of a source meter [s]."""
        return self.ramp / self.levels

    def at(self, time: float) -> float:
        """Return the voltage of the ramp [V] at a time [s]."""
        return float(self.first + (self.last - self.first) * (time - self.hold) / self.ramp)

    def when(self, source: float) -> float:
        """Return the time [s] at which the ramp is at a voltage."""
        return self.hold + self.ramp * (source - self.first) / (self.last - self.first)


def rates(case: Case, source: float, y: FloatArray) -> FloatArray:
    """Return dy/dt at a source voltage."""
    model, ds = case.model, np.zeros(y.size - 1)
    i = device(reference_kind(model), _parameters(case.name), float(y[0]), y[1:], ds)[0]
    return np.array([((source - y[0]) / case.load - i) / case.capacitance, *ds])


@functools.cache
def _parameters(name: str) -> FloatArray:
    return parameters(device_model(name))


def linearised(case: Case, source: float, y: FloatArray) -> FloatArray:
    """Return d(rates)/dy by central differences.

    Of a film with hysteresis it is that of voltage and temperature alone: on the warming branch nothing that moves them
    depends on its other states.
    """
    columns = []
    size = 2 if reference_kind(case.model) == HYSTERETIC else y.size
    for k in range(size):
        step = np.zeros(y.size)
        step[k] = 1e-5 * (abs(y[k]) + 1e-4)
        columns.append((rates(case, source, y + step) - rates(case, source, y - step)) / (2.0 * step[k]))
    return np.array(columns).T[:size]


@functools.cache
def _warming(name: str) -> list[tuple[float, FloatArray]]:
    """Return what :func:`_static` does, along the warming branch of the outer loop of a film with hysteresis."""
    p = _parameters(name)
    direction = float(np.roots([1.0, 0.0, -1.0, -1.2 * math.tanh(1.0)])[0].real)   # where the play's edge is reached
    kept = p[5] * (p[4] - 0.5 * p[3] + NEVER_WARM)
    found = []
    for warm in np.linspace(0.05, 50.0, 1000):
        states = np.array([warm, warm - PLAY, direction, -NEVER_WARM, kept])
        conductance = device(HYSTERETIC, p, 1.0, states, np.zeros(5))[1]
        voltage = math.sqrt(p[8] * warm / conductance)
        found.append((conductance * voltage, np.array([voltage, *states])))
    return found


@functools.cache
def _static(name: str) -> list[tuple[float, FloatArray]]:
    """Return (current [A], node voltage and states) along the static curve of a device."""
    model, p = device_model(name), _parameters(name)
    if reference_kind(model) == HYSTERETIC:
        return _warming(name)
    found = []
    for i in np.geomspace(1e-6, 2e-2, 500):
        current = float(i)
        if reference_kind(model) == THIRD:
            low, high = 0.0, 5.0
            for _ in range(100):
                film = 0.5 * (low + high)
                t = p[7] + p[5] * current * film
                m = 0.0
                for _ in range(200):
                    m = 1.0 / (1.0 + math.exp(-min(max((t - p[10] + p[11] * (m - 0.5)) / p[12], -300.0), 300.0)))
                ds = np.zeros(3)
                device(reference_kind(model), p, film + p[4] * current, np.array([film, t, m]), ds)
                low, high = (film, high) if ds[0] > 0.0 else (low, film)
            found.append((current, np.array([film + p[4] * current, film, t, m])))
            continue
        v, t = model.settled(current)
        state = (v - p[2] * current) * current / p[3] if reference_kind(model) == CORE else t
        if reference_kind(model) != CORE and t > 1500.0:
            break
        found.append((current, np.array([v, state])))
    return found


def equilibria(case: Case) -> list[Point]:
    """Return equilibria along the static curve of the device, currents rising."""
    points = []
    for current, y in _static(case.name):
        source = float(y[0]) + case.load * current
        points.append(Point(source, y, np.linalg.eigvals(linearised(case, source, y))))
    return points


def at_source(points: list[Point], source: float) -> FloatArray:
    """Return the equilibrium at a source voltage, between the points."""
    volts = np.array([p.source for p in points])
    return np.array([np.interp(source, volts, [p.y[k] for p in points]) for k in range(points[0].y.size)])


def random_case(number: int) -> Case:
    """Return the circuit with a number."""
    if FIRST_HYSTERETIC <= number < FIRST_LONG:
        return _hysteretic_case(number)
    random = np.random.default_rng([20261125, number])
    while True:
        name, low, high, least = DEVICES[random.integers(len(DEVICES))]
        load, capacitance = (math.exp(random.uniform(math.log(a), math.log(b))) for a, b in
                             ((low, high), (least, 100.0 * least)))
        ramp, down = 10.0 ** random.uniform(-0.7 if number >= FIRST_LONG else -5.0, 0.0), bool(random.integers(2))
        meter = bool(random.random() < 0.2 and ramp > 5e-3)
        case = Case(number, name, load, capacitance, 0.0, 1.0, 0.0, ramp, meter, None, 0.0, 0.0)
        found = _placed(case, equilibria(case), down, random.uniform(0.1, 0.4))
        if found is not None and (found.window is not None) == (number % 2 == 0):
            return found


def _placed(case: Case, points: list[Point], down: bool, margin: float) -> Case | None:
    """Lay the ramp across the window, or across the range of negative differential resistance; None: it cannot be."""
    volts = np.array([p.source for p in points])
    film = np.array([p.y[1 if reference_kind(case.model) == THIRD else 0] for p in points])
    falling = np.flatnonzero(np.diff(film) < 0)
    if not falling.size:
        return None
    growing = np.array([p.real > 0 for p in points])
    inside = np.flatnonzero(growing)
    low, high = (inside[0], inside[-1]) if inside.size else (falling[0], falling[-1])
    if low < 2 or high > len(points) - 10 or (inside.size and not growing[low: high + 1].all()):
        return None
    width = volts[high] - volts[low]
    first, last = max(volts[low] - margin * width, 0.3 * volts[low]), volts[high] + margin * width
    used = (volts > 0.9 * first) & (volts < 1.1 * last)
    if not (np.diff(volts[used]) > 0).all() or last > volts[-1] or width < 0.02 * volts[low]:
        return None
    some = [p for p, near in zip(points, used, strict=True) if near]
    fastest = max(abs(p.values).max() for p in some)
    slowest = min(abs(p.values).min() for p in some)
    dt = 0.06 / fastest
    if case.ramp < 30.0 / slowest or (case.ramp > MOST_STEPS * dt and case.number < FIRST_LONG):
        return None
    window = None
    if inside.size:
        edges = [volts[a] + (volts[b] - volts[a]) * points[a].real / (points[a].real - points[b].real)
                 for a, b in ((low - 1, low), (high, high + 1))]
        if not any(abs(points[k].values.imag).max() > 0 for k in (low, high)):
            return None
        window = (float(edges[0]), float(edges[1]))
    critical = some[int(np.argmax([p.real for p in some]))].source
    if down:
        first, last = last, first
    # what the way from rest has left decays by the real parts: nothing beside the noise when the ramp begins
    decay = min(abs(p.values.real).min() for p in sorted(points, key=lambda p: abs(p.source - first))[:2])
    hold = 30.0 / decay + (30.0 * METER_TIME if case.meter else 0.0)
    return dataclasses.replace(
        case, first=float(first), last=float(last), hold=float(hold), window=window, critical=float(critical),
        dt=float(dt))


def _hysteretic_case(number: int) -> Case:
    """Return a circuit of a film with hysteresis, on a ramp that rises."""
    random = np.random.default_rng([20261125, number])
    while True:
        load, capacitance, ramp = (math.exp(random.uniform(math.log(a), math.log(b))) for a, b in (
            LOAD_HYSTERETIC, CAPACITANCE_HYSTERETIC, RAMP_HYSTERETIC))
        below, beyond = random.uniform(0.1, 0.4), random.uniform(0.1, 0.6)
        case = Case(number, "vo2_hysteretic", load, capacitance, 0.0, 1.0, 0.0, ramp, False, None, 0.0, 0.0)
        points = equilibria(case)
        volts, reals = np.array([p.source for p in points]), np.array([p.real for p in points])
        growing = np.flatnonzero(reals > 0.0)
        if bool(growing.size) != (number % 2 == 0) or not (np.diff(volts) > 0.0).all():
            continue
        edge = volts[np.argmax(reals)]
        if growing.size:
            k = growing[0]
            edge = volts[k - 1] + (volts[k] - volts[k - 1]) * reals[k - 1] / (reals[k - 1] - reals[k])
        first, last = (1.0 - below) * edge, (1.0 + beyond) * edge
        slowest = min(abs(p.values).min() for p in points if first < p.source < edge)
        if ramp < 30.0 / slowest or last > volts[-1]:
            continue
        hold = 30.0 / min(abs(p.values.real).min() for p in sorted(points, key=lambda p: abs(p.source - first))[:2])
        return dataclasses.replace(
            case, first=float(first), last=float(last), hold=float(hold),
            window=(float(edge), float(last)) if growing.size else None,
            critical=float(1.04 * edge if growing.size else edge), dt=PLAY_TIME / COARSE)


def netlist(case: Case) -> str:
    """Return the circuit; a source meter's node is called "in"."""
    source = "" if case.meter else (
        f"Vin in 0 PWL(0 {case.first!r} {case.hold!r} {case.first!r} {case.hold + case.ramp!r} {case.last!r})\n")
    return (f"ramp {case.number}\n{source}R1 in n {case.resistance!r}\nC1 n 0 {case.capacitance!r}\n"
            f"X1 n 0 {case.name}\n.end\n")
