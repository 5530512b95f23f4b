"""Energy per spike of an oscillating device: its voltage times its current, integrated from one spike to the next.

The whole period counts, with what the device takes while it is off. Its ends lie at equal phases of the oscillation, so
that the energy does not depend on where a spike is taken to begin. What happens at the device itself:

* The sensor shows the current late by tau (resistor times capacitance): the integral of V I gains tau times that of
  V dI. A capacitance C between the terminals of the device adds C dV/dt to the current: C V^2 / 2 between the ends is
  taken off. Both are corrected inside the integral, where they cost no noise.
* The zero of a scope is known to some per cent of its range only, and the current flows for a short part of a period.
  But in the mean over whole periods no current flows into a capacitance. So the mean current of the device is what the
  source drives through its resistance, (level - mean device voltage) / R, and this tells the zero of the sensor.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.analysis.oscillation.spikes import Spikes
from tsbench.analysis.signal import usable_record
from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty, t_quantile_95
from tsbench.records import Flag, FloatArray, Result
from tsbench.samples import noise_of, smoothed

#: fewer periods give no trustworthy interval
_FEWEST_PERIODS = 10
#: a current that swings less than this many standard deviations of its noise shows no spikes
_LEAST_SWING = 8.0
#: the mean current of the source and that of the sensor may differ by this many standard uncertainties
_MOST_APART = 4.0
#: a filter of one pole has this product of bandwidth and time constant
_ONE_POLE = 1.0 / (2.0 * math.pi)


@dataclass(frozen=True)
class SourcePath:
    """What drives the device: the mean of its current over whole periods follows; uncertainties are standard ones."""

    level: float  #: [V] of the source
    level_uncertainty: float  #: [V]
    resistance: float  #: [Ohm] from the source through the device's place and back, without the device
    resistance_uncertainty: float  #: relative
    leak: float = 0.0  #: [S] beside the device

    def current(self, voltage: float, voltage_uncertainty: float) -> tuple[float, float]:
        """Return the mean current [A] of the device and its uncertainty, at a mean device voltage [V].

        Parameters
        ----------
        voltage, voltage_uncertainty : [V] mean over whole periods, and its standard uncertainty
        """
        mean = (self.level - voltage) / self.resistance - self.leak * voltage
        volts = combined(self.level_uncertainty, voltage_uncertainty)
        return mean, combined(volts / self.resistance, self.resistance_uncertainty * mean)


@dataclass(frozen=True)
class PowerFacts:
    """What is known of a record of voltage and current; uncertainties are standard ones."""

    voltage_gain: float = 0.0  #: relative
    voltage_offset: float = 0.0  #: [V]
    current_gain: float = 0.0  #: relative
    current_offset: float = 0.0  #: [A]
    sense_delay: float = 0.0  #: [s] the current is seen late by it
    delay_uncertainty: float = 0.0  #: [s] of that, and of the time between the two channels
    capacitance: float = 0.0  #: [F] between the terminals of the device: its current is in the sensor as well
    timebase: float = 0.0  #: relative
    bandwidth: float = math.inf  #: [Hz] of the channels
    source: SourcePath | None = None  #: None: the zero of the current is what the scope says


@dataclass(frozen=True)
class SpikeEnergies:
    """Energy [J] of each period, shape (n,), and the standard uncertainty [J] that all share."""

    energies: FloatArray
    uncertainty: float = math.nan
    by_source: bool = False  #: whether the mean current of the source told the zero of the current
    flags: Flag = Flag.NONE


def spike_energies(
    time: FloatArray, voltage: FloatArray, current: FloatArray, spikes: Spikes, facts: PowerFacts,
    flags: Flag = Flag.NONE,
) -> SpikeEnergies:
    """Integrate voltage times current over each period of a record.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A] at the device, shape (n,), evenly sampled
    spikes : of the same record
    facts : of the record
    flags : of the acquisition, passed on

    Returns
    -------
    SpikeEnergies
        NO_EVENT where there are fewer than three spikes, or the current does not swing beyond its noise. AMBIGUOUS
        where the current of the sensor is not what the source can drive: wiring or zero are not as the bench file says.
    """
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    flags |= gaps | spikes.flags
    if time.size < 8 or spikes.times.size < 3 or _is_still(current):
        return SpikeEnergies(np.empty(0), flags=flags | Flag.NO_EVENT)
    sums = _Sums.of(voltage, current, float(time[-1] - time[0]) / (time.size - 1))
    places = np.interp(spikes.times, time, np.arange(time.size))
    ends = np.array([places[0], places[-1]])
    length = float(ends[1] - ends[0]) * sums.dt
    volts, amps = (float(np.diff(sums.at(part, ends))[0]) / length for part in (sums.flux, sums.charge))
    zero, zero_uncertainty, agrees = _zero(amps, volts, facts)
    if not agrees:
        flags |= Flag.AMBIGUOUS
    squares = np.interp(places, np.arange(voltage.size), voltage) ** 2
    energies = (
        np.diff(sums.at(sums.power, places)) + facts.sense_delay * np.diff(sums.at(sums.exchange, places))
        - zero * np.diff(sums.at(sums.flux, places)) - 0.5 * facts.capacitance * np.diff(squares))
    return SpikeEnergies(
        energies, _shared(sums, places, float(energies.mean()), amps - zero, zero_uncertainty, facts),
        facts.source is not None and agrees, flags)


def _is_still(current: FloatArray) -> bool:
    low, high = (float(np.quantile(current, q)) for q in (0.001, 0.999))
    return high - low <= _LEAST_SWING * noise_of(current)


def _zero(amps: float, volts: float, facts: PowerFacts) -> tuple[float, float, bool]:
    """Return the error of the sensor's zero [A], its standard uncertainty, and whether sensor and source agree.

    What the scope says of its zero (0 +- ``current_offset``) and what the source says (the mean of the sensor less that
    of the source) are joined by their variances.
    """
    own = facts.current_offset
    if facts.source is None:
        return 0.0, own, True
    known, uncertainty = facts.source.current(
        volts, combined(facts.voltage_gain * volts, facts.voltage_offset))
    apart, other = amps - known, combined(uncertainty, facts.current_gain * amps)
    if abs(apart) > _MOST_APART * combined(own, other):
        return 0.0, own, False
    if own == 0.0 or other == 0.0:
        return (0.0 if own == 0.0 else apart), 0.0, True
    return apart * own**2 / (own**2 + other**2), own * other / combined(own, other), True


@dataclass(frozen=True)
class _Sums:
    """Running integrals from the first sample on, each of shape (n,)."""

    dt: float
    power: FloatArray  #: [J] of V I dt
    charge: FloatArray  #: [C] of I dt
    flux: FloatArray  #: [V s] of V dt
    exchange: FloatArray  #: [V A] of V dI
    fast: FloatArray  #: [V A / s] of (dV/dt) (dI/dt) dt

    @classmethod
    def of(cls, voltage: FloatArray, current: FloatArray, dt: float) -> "_Sums":
        v, i = 0.5 * (voltage[1:] + voltage[:-1]), 0.5 * (current[1:] + current[:-1])
        dv, di = np.diff(smoothed(voltage, 3)), np.diff(smoothed(current, 3))
        # straight lines between two samples: the mean of the product is more than the product of the means
        power = (v * i + np.diff(voltage) * np.diff(current) / 12.0) * dt
        parts = power, i * dt, v * dt, v * np.diff(current), dv * di / dt
        return cls(dt, *(np.concatenate(([0.0], np.cumsum(part))) for part in parts))

    def at(self, sums: FloatArray, places: FloatArray) -> FloatArray:
        """Return an integral up to fractional samples, shape as ``places``."""
        return np.interp(places, np.arange(sums.size), sums)


def _shared(
    sums: _Sums, places: FloatArray, energy: float, amps: float, zero_uncertainty: float, facts: PowerFacts,
) -> float:
    """Return the standard uncertainty [J] that the energies of all periods share."""
    periods = places.size - 1
    flux, exchange, fast = (
        float(np.diff(sums.at(part, places[[0, -1]]))[0]) / periods for part in (sums.flux, sums.exchange, sums.fast))
    charge = amps * float(places[-1] - places[0]) * sums.dt / periods
    # two equal filters of one pole: the product loses tau^2 times the integral of V' I' (second order in tau)
    slow = (_ONE_POLE / facts.bandwidth) ** 2 * fast
    return combined(
        facts.voltage_gain * energy, facts.current_gain * energy, facts.timebase * energy,
        facts.voltage_offset * charge, zero_uncertainty * flux, facts.delay_uncertainty * exchange,
        standard_uncertainty(slow))


def energy_result(found: SpikeEnergies, conditions: Mapping[str, Any]) -> Result:
    """Return the mean energy per spike with its 95 % interval.

    The interval joins the scatter over the periods (t-interval) and the uncertainty that all of them share. A passive
    device gives no energy: if the interval holds 0, only its upper end is known (CENSORED).
    """
    n = found.energies.size
    by = "by the mean current of the source" if found.by_source else "of the scope"
    method = (f"mean of {n} periods: voltage times current at the device, from one spike to the next; zero of the "
              f"current {by}")
    if n < 2 or not math.isfinite(found.uncertainty):
        return Result("spike_energy", "J", None, None, None, method, dict(conditions), found.flags | Flag.NO_EVENT)
    mean, deviation = float(found.energies.mean()), float(found.energies.std(ddof=1))
    random = t_quantile_95(n - 1) / NORMAL_95 * deviation / math.sqrt(n)
    half = NORMAL_95 * combined(random, found.uncertainty)
    flags = found.flags | (Flag.TOO_FEW if n < _FEWEST_PERIODS else Flag.NONE)
    if mean + half < 0.0:   # no passive device gives energy: signs or channels are not as the bench file says
        flags |= Flag.AMBIGUOUS
    elif mean - half <= 0.0:
        return Result("spike_energy", "J", None, None, mean + half, method, dict(conditions), flags | Flag.CENSORED,
                      random, found.uncertainty)
    return Result("spike_energy", "J", mean, mean - half, mean + half, method, dict(conditions), flags, random,
                  found.uncertainty)
