"""Skew of the scope's channels and capacitance across the sense resistor, by the edges of pulses on two standards.

A short shows the same edge in both channels: what lies between the two is the skew. Through a known resistor, the sense
resistor and the capacitance across it are one pole more between them: its time constant, and how much of the edge is
left, tell the capacitance. Three amplitudes are measured, so that the scope has three pairs of ranges: their scatter is
part of the uncertainty.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from tsbench.analysis.pulse.channel_lag import ChannelLag, channel_lag
from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty
from tsbench.instruments import EdgeTrigger, Timebase
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, Window, current_name, device_view
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulse_train.acquisition import TrainAcquisition
from tsbench.protocols.pulse_train.protocol import PulseTrain
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Point, RunEvent, Waveform
from tsbench.station.bench.bench import Bench
from tsbench.station.fixture_check.values import CHANNEL_SKEW, SENSE_CAPACITANCE, FixtureValue, path_to_device

ROLE = "pulser"  #: whose pulses are used
_LEVEL = 2.0  #: [V] of the largest pulse at most, open circuit
_STEPS = (1.0, 0.6, 0.35)  #: amplitudes, relative to the largest
_PULSES = 64  #: of each amplitude
_MARGIN = 0.2  #: of the height of a pulse, that the ranges show beyond its ends
_MOST_MISSED = 8  #: pulses: then the scope does not see the others either
_PERIOD = 50e-6  #: [s] shortest: scopes take a while until they are ready again
_EDGE = 10e-9  #: [s] shortest rise time that is asked for
_TIME_CONSTANTS = 25.0  #: of the path, in which an edge settles
_SHORTEST = 400e-9  #: [s] pulse
#: samples of a record: an edge that takes a thousand of them to settle shows no more with more, and 768 records are
#: read (a scope with 200 million samples filled 7 GB before)
_POINTS = 50_000
_SHOWN = 0.7  #: part of a pulse after which its end may begin: a slow edge triggers late
#: [F] across a standard at most: 0.026 to 0.040 pF of chip resistors 0402 and 0603 (Vishay, technical note "Frequency
#: Response of Thin Film Chip Resistors"), and as much again of the pads
_ACROSS_STANDARD = 0.1e-12
#: a quarter of the edge must be lost in the known resistor, or the capacitance changes nothing
_MOST_LEFT = 0.75


@dataclass
class _Memory:
    """Keeps the waveforms of a protocol, and how many pulses the scope missed."""

    waveforms: list[Waveform] = field(default_factory=list)
    missed: int = 0

    def point(self, point: Point) -> None:
        """Count it where the scope missed it."""
        self.missed += Flag.TRIGGER_MISSED in point.flags

    def event(self, event: RunEvent) -> None:
        """Keep nothing."""

    def waveform(self, waveform: Waveform) -> None:
        """Keep it."""
        self.waveforms.append(waveform)


class _StandardTrain(TrainAcquisition):
    """A pulse train whose ranges and trigger are for what a standard leaves of a pulse, and not for an open end.

    Parameters
    ----------
    settings, bench, kept : of the train
    path, known : [Ohm] all that is in series, and the standard alone
    """

    def __init__(self, settings: PulseTrain, bench: Bench, kept: _Memory, path: float, known: float) -> None:
        super().__init__(settings, bench, kept)
        self._path = path + known
        self._share = (known + bench.fixture.sensing.burden) / self._path

    def _timebase(self, segments: int) -> Timebase:
        timebase, scope = super()._timebase(segments), self._view.scope.capabilities
        points = min(_POINTS, scope.record_length // segments)
        return replace(timebase, points=points) if timebase.span * scope.sample_rate > points else timebase

    def _set_up(self, amplitude: float, burst: int) -> dict[str, Window]:
        super()._set_up(amplitude, burst)
        height, view = self._share * amplitude, self._view
        low, high, current = -_MARGIN, 1.0 + _MARGIN, amplitude / self._path
        windows = view.windows((height * low, height * high), (current * low, current * high))
        view.configure(windows)
        self._shooter.trigger.aim(EdgeTrigger(view.trigger_channel, 0.5 * height), 0.0, windows)
        return windows


def skew(bench: Bench, look: Callable[[], None]) -> list[FixtureValue]:
    """Return by how much the channel of the current is late against that of the high side [s], on a short.

    Parameters
    ----------
    bench : with a short in the place of the device
    look : called between two steps; it ends the measurement by an exception
    """
    lags = _lags(bench, 0.0, None, look)
    if not lags:
        return []
    found, uncertainty = _joined([(lag.delay, lag.uncertainty) for lag in lags])
    return [_value(bench, CHANNEL_SKEW, found, uncertainty, "s",
                   standard_uncertainty(ExtractionOptions.channel_skew))]


def sense_capacitance(
    bench: Bench, known: float, skews: list[FixtureValue], look: Callable[[], None],
) -> list[FixtureValue]:
    """Return the capacitance [F] across the sense resistor, all in all, beside a known resistor [Ohm].

    Parameters
    ----------
    bench, look : as :func:`skew` takes them, with a known resistor in the place of the device
    known : [Ohm] its resistance
    skews : what :func:`skew` has found; where it could not be measured, its usual limits count
    """
    sense = bench.fixture.sensing.burden
    delay, doubt = 0.0, standard_uncertainty(ExtractionOptions.channel_skew)
    if skews and not math.isnan(skews[0].value):
        delay, doubt = skews[0].value, (skews[0].high - skews[0].value) / NORMAL_95
    lags = _lags(bench, known, delay, look)
    lags = [lag for lag in lags if 0.0 < lag.ratio < _MOST_LEFT]
    if not lags:
        return []
    # the pole is the capacitance at both resistors in parallel: the ratio of the edges tells how they share
    pole, random = _joined([(lag.pole, lag.uncertainty) for lag in lags])
    alone = 1.0 - float(np.mean([lag.ratio for lag in lags]))
    gain = 2.0 * standard_uncertainty(device_gain(bench)) * (1.0 - alone) / alone   # of both channels
    uncertainty = combined(random, doubt, standard_uncertainty(known * _ACROSS_STANDARD), gain * pole)
    return [_value(bench, SENSE_CAPACITANCE, pole / alone / sense, uncertainty / alone / sense, "F",
                   standard_uncertainty(ExtractionOptions.sense_stray_limit))]


def device_gain(bench: Bench) -> float:
    """Return the relative limit of the gain of the scope that sees the device."""
    view = device_view(bench)
    return 0.0 if view is None else max(map(view.gain_limit, view.channels))


def _value(
    bench: Bench, quantity: str, found: float, uncertainty: float, unit: str, usual: float,
) -> FixtureValue:
    """Return a value; NaN where it is known no better than without a measurement (``usual``, standard uncertainty)."""
    if uncertainty < usual:
        half, view = NORMAL_95 * uncertainty, device_view(bench)
        assert view is not None
        identity = view.scope.identity
        return FixtureValue(quantity, ROLE, found, found - half, found + half, unit,
                            instrument=f"{identity.model} {identity.serial}")
    why = ("the edges are too slow or too noisy" if quantity == CHANNEL_SKEW else
           "the edges are too slow or too noisy, or the known resistor is too large. Use one that is one to ten times "
           "as large as the sense resistor")
    return FixtureValue(quantity, ROLE, math.nan, math.nan, math.nan, unit, remedy=(
        f"{why} (it would be known to {format_quantity(NORMAL_95 * uncertainty, unit, 2)}, which is no better than "
        "what is assumed without a measurement)"))


def _joined(found: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the weighted mean of several values with their standard uncertainties, and its own by their scatter."""
    values, uncertainties = (np.array(part) for part in zip(*found, strict=True))
    weights = 1.0 / uncertainties**2
    mean = float(weights @ values / weights.sum())
    scatter = float(np.std(values, ddof=1)) if values.size > 1 else 0.0
    # ranges that delay differently make the values scatter by more than their uncertainties: then a run with other
    # ranges may be as far away as one of them
    own = 1.0 / math.sqrt(float(weights.sum()))
    excess = max(scatter**2 - float(np.mean(uncertainties**2)), 0.0)
    return mean, math.hypot(own, math.sqrt(excess))


def _lags(bench: Bench, known: float, delay: float | None, look: Callable[[], None]) -> list[ChannelLag]:
    """Return the lag of the current's channel at each amplitude; nothing where the bench has no such channels."""
    view, channel, sensing = device_view(bench), current_name(bench.fixture.sensing), bench.fixture.sensing
    path = path_to_device(bench, ROLE).resistance
    if view is None or channel is None or VOLTAGE_HIGH not in view.channels or channel == VOLTAGE_HIGH or (
            sensing.amplifier is not None or not math.isfinite(path)):
        return []
    generator = bench.pulse_generator(ROLE).capabilities
    edge = max(_EDGE, generator.edge_time.low)
    settling = _TIME_CONSTANTS * path * (bench.fixture.parallel_capacitance + ExtractionOptions.sense_stray)
    width = max(_SHORTEST, 20.0 * edge, settling, generator.pulse_width.low)
    limits = bench.device.limits
    level = min(_LEVEL, 0.5 * (limits.max_voltage or 2.0 * _LEVEL),
                0.5 * (limits.max_current or math.inf) * path, generator.level_into_open.high)
    train = PulseTrain.parse(**{
        "amplitude": [float(f"{part * level:.3g}") for part in _STEPS], "width": width,
        "period": max(5.0 * width, _PERIOD), "count": _PULSES, "rise_time": edge, "fall_time": edge, "retries": 0})
    kept = _Memory()
    for _ in _StandardTrain(train, bench, kept, path, known).run():
        look()
        if kept.missed > _MOST_MISSED:
            return []
    found = []
    for amplitude in sorted({wave.conditions["amplitude"] for wave in kept.waveforms}):
        mine = [wave for wave in kept.waveforms if wave.conditions["amplitude"] == amplitude]
        first, second = (_edges([wave for wave in mine if wave.channel == name], _SHOWN * width)
                         for name in (VOLTAGE_HIGH, channel))
        if first.size and first.shape == second.shape:
            lag = channel_lag(first, second, mine[0].dt, delay)
            found += [] if lag is None else [lag]
    return found


def _edges(waves: list[Waveform], end: float) -> FloatArray:
    """Return the records of several acquisitions up to ``end`` [s] after the edge, shape (pulses, samples)."""
    if not waves:
        return np.empty((0, 0))
    shown = waves[0].times() < end
    return np.concatenate([wave.values()[:, shown] for wave in waves])
