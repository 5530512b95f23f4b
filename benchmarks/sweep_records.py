"""Half-sweeps of known truth with an instrument's troubles, in numpy alone: it shares no code with the extraction."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_THERMAL = 0.02585  #: [V] kT/q at 300 K


@dataclass(frozen=True)
class Record:
    """One half-sweep as an instrument returns it, and what is true of it."""

    kind: str
    drive: str  #: "voltage" or "current"
    level: Array  #: [V or A]
    voltage: Array  #: [V] across the device, as read
    current: Array  #: [A] as read
    limited: npt.NDArray[np.bool_]  #: in compliance
    path_resistance: float  #: [Ohm] between source and device
    offset_limit: float  #: [V] of the voltmeter
    voltage_resolution: float  #: [V]
    noise: float = 0.0  #: relative standard deviation of a voltage reading (current drive)
    true: dict[str, float] = field(default_factory=dict)  #: threshold_voltage, hold_voltage [V]


@dataclass(frozen=True)
class Troubles:
    """What one record suffers from."""

    offset: float  #: [V]
    codes: float  #: codes of the current range; the least significant one is range / codes
    auto_range: bool
    sigma: float  #: of the log-normal noise of a reading
    pink: float  #: relative rms of 1/f noise in each decade of frequency
    outlier: float  #: factor of one reading; 1: there is none


def troubles(random: np.random.Generator, most_sigma: float = 0.5) -> Troubles:
    """Draw the troubles of a record; each may be absent."""
    return Troubles(
        offset=random.uniform(-1e-4, 1e-4),
        codes=10 ** random.uniform(2.5, 6.5),
        auto_range=bool(random.random() < 0.3),
        sigma=most_sigma * random.random() ** 2 if random.random() < 0.8 else 0.0,
        pink=random.uniform(0, 0.05) if random.random() < 0.5 else 0.0,
        outlier=10 ** random.uniform(-1, 1) if random.random() < 0.6 else 1.0,
    )


def levels(random: np.random.Generator, top: float, *, least: int = 20) -> tuple[Array, int]:
    """Return set-points of 20 to 2,000 readings and the index of the first at the highest."""
    count = round(10 ** random.uniform(np.log10(least), np.log10(2000)))
    shape = random.choice(["both", "up", "down"], p=[0.7, 0.15, 0.15])
    one = max(count // 2, 10) if shape == "both" else count
    if random.random() < 0.25:
        up = top * np.geomspace(10 ** random.uniform(-3, -1), 1.0, one)
    else:
        up = np.linspace(0.0 if random.random() < 0.7 else 0.3 * top, top, one)
    if shape == "up":
        return up, one - 1
    if shape == "down":
        return up[::-1].copy(), 0
    rest = int(random.choice([0, 0, 1, 5]))
    back = up[::-1] if random.random() < 0.5 else up[:-1][::-1]
    return np.concatenate((up, np.full(rest, top), back)), one - 1


def pink_noise(random: np.random.Generator, count: int, decade: float) -> Array:
    """Return relative noise of shape (count,) whose rms in each decade of frequency is ``decade``."""
    frequency = np.fft.rfftfreq(2 * count)[1:]
    width = frequency[0]
    amplitude = decade / np.sqrt(np.log(10.0)) * np.sqrt(width / frequency)
    phase = random.standard_normal(frequency.size) + 1j * random.standard_normal(frequency.size)
    spectrum = np.concatenate(([0.0], amplitude * phase / np.sqrt(2.0) * 2 * count / np.sqrt(2.0)))
    made: Array = np.fft.irfft(spectrum, 2 * count)[:count]
    return made


def read(random: np.random.Generator, values: Array, how: Troubles, positive_top: float | None = None) -> Array:
    """Return true values as a meter reads them."""
    seen = values * np.exp(how.sigma * random.standard_normal(values.size))
    if how.pink:
        seen = seen * (1.0 + pink_noise(random, values.size, how.pink))
    if how.outlier != 1.0:
        seen[random.integers(values.size)] *= how.outlier
    top = float(np.max(np.abs(values))) if positive_top is None else positive_top
    full = 10.0 ** np.ceil(np.log10(max(top, 1e-15)))
    if how.auto_range:
        full = 10.0 ** np.ceil(np.log10(np.maximum(np.abs(seen), full * 1e-6)))
    code = full / how.codes
    # the converter's own noise of up to one code moves readings between codes
    seen = seen + code * random.uniform(0, 0.5) * random.standard_normal(values.size)
    rounded: Array = np.round(seen / code) * code
    return rounded


def non_device(random: np.random.Generator) -> Record:
    """Return a record of a resistor, diode or capacitor."""
    kind = str(random.choice(["resistor", "diode", "capacitor"]))
    how = troubles(random)
    resistance = 10 ** random.uniform(0, 9)
    top = float(10 ** random.uniform(-1, 0.7))
    if random.random() < (0.2 if kind == "capacitor" else 0.3):
        return _current_driven(random, kind, resistance, top, how)
    level, turn = levels(random, top)
    if kind == "resistor":
        current = level / resistance
    elif kind == "capacitor":
        current = _charging(random, level, turn, resistance)
    else:
        current = _diode(random, level, resistance)
    return _voltage_driven(random, kind, level, current, how)


def _charging(random: np.random.Generator, level: Array, turn: int, resistance: float) -> Array:
    """Return the current of a capacitor, with a leak or without, at one dwell per reading."""
    rate = np.diff(level, prepend=level[0] if random.random() < 0.5 else 2 * level[0] - level[1])
    full = float(level.max()) / resistance
    usual = float(np.median(np.abs(rate[rate != 0]))) or 1.0
    leak = random.choice([0.0, 10 ** random.uniform(-4, 0.5)])
    made: Array = full * rate / usual + leak * full * level / float(level.max())
    return made


@dataclass(frozen=True)
class _Junction:
    """A diode's junction, with a shunt or without."""

    saturation: float  #: [A]
    thermal: float  #: [V] ideality times kT/q
    leak: float  #: [S] of a shunt

    def current(self, voltage: Array) -> Array:
        """Return the current [A] at a voltage [V]."""
        made: Array = self.saturation * np.expm1(np.minimum(voltage / self.thermal, 600.0)) + self.leak * voltage
        return made


def _junction(random: np.random.Generator) -> _Junction:
    return _Junction(
        10 ** random.uniform(-14, -6), random.uniform(1.0, 2.0) * _THERMAL,
        10 ** random.uniform(-12, -6) if random.random() < 0.3 else 0.0)


def _diode(random: np.random.Generator, level: Array, resistance: float) -> Array:
    """Return the current of a diode behind a resistance, by bisection in the junction's voltage."""
    junction = _junction(random)
    low, high = np.zeros_like(level), level.copy()
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = middle + resistance * junction.current(middle) > level
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    made: Array = np.maximum(level - low, 0.0) / resistance
    return made


def _across(junction: _Junction, current: Array) -> Array:
    """Return the voltage [V] of a junction at currents [A], by bisection."""
    low, high = np.zeros_like(current), junction.thermal * np.log1p(current / junction.saturation)
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = junction.current(middle) > current
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return low


def _voltage_driven(
    random: np.random.Generator, kind: str, level: Array, current: Array, how: Troubles
) -> Record:
    top = float(np.max(np.abs(current)))
    limited = np.zeros(level.size, dtype=bool)
    voltage = level.copy()
    if random.random() < 0.4 and kind != "capacitor":
        limit = top * 10 ** random.uniform(-2, 0)
        limited = current > limit
        if limited.any():
            order = np.argsort(level)
            voltage[limited] = np.interp(limit, current[order], level[order])
            current = np.minimum(current, limit)
    resolution = 10 ** random.uniform(-7, -5)
    seen = np.round((voltage + how.offset) / resolution) * resolution
    marked = limited if random.random() < 0.5 else np.zeros_like(limited)
    return Record(kind, "voltage", level, seen, read(random, current, how), marked, 0.0, 1e-4, resolution)


def _current_driven(
    random: np.random.Generator, kind: str, resistance: float, top: float, how: Troubles
) -> Record:
    level, _ = levels(random, top / resistance)
    if kind == "resistor":
        voltage = level * resistance
    elif kind == "diode":
        voltage = level * resistance + _across(_junction(random), level)
    else:
        voltage = np.cumsum(level) / max(float(level.sum()), 1e-300) * top
    seen = read(random, voltage, how) + how.offset
    none = np.zeros(level.size, dtype=bool)
    code = 10 ** np.ceil(np.log10(float(voltage.max()))) / how.codes
    return Record(kind, "current", level, seen, level.copy(), none, 0.0, 1e-4, code)


def device(random: np.random.Generator, *, by_both: bool = True) -> Record:
    """Return a record of a switching device whose current changes by a factor of 3 and by six times the local noise.

    ``by_both``: the noise on either side of the event; otherwise that of the off side alone.
    """
    while True:
        ratio = 10 ** random.uniform(np.log10(3.0), 5.0 if random.random() < 0.5 else 1.0)
        how = troubles(random)
        made = _device(random, ratio, how, by_both)
        if made is not None:
            return made


def _device(random: np.random.Generator, ratio: float, how: Troubles, by_both: bool) -> Record | None:
    by_current = random.random() < 0.25
    top = float(10 ** random.uniform(-0.5, 0.5))
    off = 10 ** random.uniform(2, 8)
    level, turn = levels(random, top / off if by_current else top)
    up, down = level[: turn + 1], level[turn:]
    threshold = float(level.max()) * random.uniform(0.35, 0.9)
    hold = threshold * random.uniform(0.2, 0.95)
    # at least three readings of each state on each branch that was measured
    for branch, event in ((up, threshold), (down, hold)):
        if branch.size > 1 and min((branch < event).sum() - (branch == 0).sum(), (branch >= event).sum()) < 3:
            return None
    bend = random.uniform(0, 2.0) if not by_current else 0.0
    # readings that the change takes
    gradual = random.uniform(0.0, 1.5) if random.random() < 0.4 and min(up.size, down.size) >= 40 else 0.0
    if by_current:
        return _folded(random, level, turn, off, ratio, threshold, hold, how)
    off_current = level / off * np.exp(bend * level / level.max())
    before = {event: float(event / off * np.exp(bend * event / level.max())) for event in (threshold, hold)}
    on_conductance = ratio * before[threshold] / threshold
    limit = on_conductance * threshold * 10 ** random.uniform(-1.0, 1.0)
    if limit < 1.2 * on_conductance * hold or limit < 3.0 * before[threshold]:
        return None  # the source would switch it off itself, or hide the change
    spacing = np.maximum(np.abs(np.gradient(level)), 1e-12)
    state = _state(level, turn, threshold, hold, gradual * spacing)
    conductance = (off_current / np.maximum(level, 1e-300)) ** (1 - state) * on_conductance**state
    current = level * conductance
    limited = current > limit
    current = np.minimum(current, limit)
    voltage = np.where(limited, limit / np.maximum(conductance, 1e-300), level)
    measured = {"threshold_voltage": up.size > 1, "hold_voltage": down.size > 1}
    seen = read(random, current, how)
    full = 10.0 ** np.ceil(np.log10(float(current.max())))
    for event, was in zip((threshold, hold), measured.values(), strict=True):
        after = min(event * on_conductance, limit)
        code = full / how.codes if not how.auto_range else 10.0 ** np.ceil(np.log10(before[event])) / how.codes
        noise = np.hypot(how.sigma * (after if by_both else before[event]), 0.6 * code)
        if was and (after - before[event] < 6.0 * noise or after < 3.0 * before[event]):
            return None
    resolution = 10 ** random.uniform(-7, -5)
    volts = np.round((voltage + how.offset) / resolution) * resolution
    marked = limited if random.random() < 0.7 else np.zeros_like(limited)
    true = {name: event for (name, was), event in zip(measured.items(), (threshold, hold), strict=True) if was}
    return Record("device", "voltage", level, volts, seen, marked, 0.0, 1e-4, resolution, 0.0, true)


def _state(level: Array, turn: int, threshold: float, hold: float, width: Array) -> Array:
    """Return 0 (off) to 1 (on) of each reading; a gradual change takes ``width`` [V] around its voltage."""
    event = np.where(np.arange(level.size) <= turn, threshold, hold)
    if turn == 0:
        event[:] = hold
    sharp = (level >= event).astype(np.float64)
    some = width > 0
    smooth = 1.0 / (1.0 + np.exp(-np.clip((level - event) / np.where(some, 0.25 * width, 1.0), -50, 50)))
    made: Array = np.where(some, smooth, sharp)
    return made


def _folded(
    random: np.random.Generator, level: Array, turn: int, off: float, ratio: float, threshold: float, hold: float,
    how: Troubles,
) -> Record | None:
    """Return a current-driven record: the voltage falls by ``ratio`` at the threshold current."""
    resolution = 10.0 ** np.ceil(np.log10(off * float(level.max()))) / how.codes
    state = _state(level, turn, threshold, hold, np.zeros(level.size))
    voltage = level * off / ratio**state
    for event, measured in ((threshold, turn > 0), (hold, turn < level.size - 1)):
        before, after = event * off, event * off / ratio
        if measured and before - after < 6.0 * np.hypot(how.sigma * before, 0.6 * resolution):
            return None
    true = {}
    if turn > 0:
        true |= {"threshold_voltage": threshold * off, "threshold_current": threshold}
    if turn < level.size - 1:
        true |= {"hold_voltage": hold * off / ratio, "hold_current": hold}
    seen = read(random, voltage, how) + how.offset
    none = np.zeros(level.size, dtype=bool)
    noise = float(np.hypot(how.sigma, how.pink * 2.0))
    return Record("device", "current", level, seen, level.copy(), none, 0.0, 1e-4, resolution, noise, true)
