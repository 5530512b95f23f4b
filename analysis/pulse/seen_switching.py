"""Whether one pulse switched the device, and between which samples: what is known before any instant is measured."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay, PulseFacts, unseen
from tsbench.analysis.pulse.seen_rise import SeenRise, seen_rise
from tsbench.analysis.pulse.shown import Shown
from tsbench.analysis.pulse.shown_lag import FEWEST, behind_lag, lag_of_fall
from tsbench.analysis.pulse.single_pulse import pulse_span, quiet_samples, upright
from tsbench.analysis.pulse.slow_amplifier import is_one_pole
from tsbench.analysis.signal import mute_of, upward_crossings, usable_record
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of, smoothed

#: noise that neighbours share is up to so many times what their differences show; more is a current that falls
_SHARED = 1.5


@dataclass(frozen=True)
class SeenSwitching:
    """A pulse in which the device switched: samples, and where."""

    time: FloatArray  #: [s]
    voltage: FloatArray  #: [V] as recorded
    current: FloatArray  #: [A]
    v: FloatArray  #: [V] upright
    i: FloatArray  #: [A]
    upright_by: tuple[float, float]  #: base [V], and sign
    dt: float  #: [s]
    noise: tuple[float, float]  #: [V], [A]
    scatter: float  #: [A] with what neighbours share
    quiet: int  #: samples before the pulse
    first: int  #: sample of the pulse
    last: int
    rise: tuple[float, float, float]  #: currents of the off state and of the on state [A], and the sample half way
    shown: Shown
    flags: Flag

    def is_one_pole(self, edge: float) -> bool:
        """Return whether the current is the voltage behind one pole, from the sample of the edge on.

        Parameters
        ----------
        edge : sample half way up the edge, may be fractional
        """
        noise = self.scatter if self.scatter < _SHARED * self.noise[1] else self.noise[1]
        return is_one_pole(self.v, self.i, int(edge), self.last, noise)


def seen_switching(
    time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, flags: Flag, on_current: float,
) -> SeenSwitching | Delay:
    """Return where a pulse switched the device, or the delay of one that did not; see :func:`switching_delay`.

    Parameters
    ----------
    time, voltage, current, facts, flags, on_current : as of :func:`switching_delay`
    """
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    mute, flags = mute_of(flags | gaps)
    if time.size < 16:
        return unseen(flags | Flag.UNDER_SAMPLED)
    dt = float(time[-1] - time[0]) / (time.size - 1)
    base, sign, v, i = upright(voltage, current, facts)
    noise = noise_of(v, facts.voltage_resolution), noise_of(i, facts.current_resolution)
    span = pulse_span(v, i, *noise)
    if span is None:
        return unseen(flags)
    late, doubt = (facts.sense_delay + facts.skew) / dt, (facts.sense_delay_limit + facts.channel_skew) / dt
    quiet = quiet_samples(v, span[0])
    found = seen_rise(v, i, span, (late - doubt, late, late + doubt), noise, abs(on_current))
    if not found.nothing and (lag := lag_of_fall(v, i, span, noise)) > late + doubt + FEWEST:
        found = behind_lag(found, v, i, span, lag, noise)
    if found.rise is None or found.nothing:
        return unseen(flags) if mute else _quiet(time, v, found, flags, (base, sign))
    # neighbours share the noise of a scope whose samples are closer than its response
    scatter = max(noise[1], float(np.std(i[:quiet])) if quiet else 0.0)
    return SeenSwitching(time, voltage, current, v, i, (base, sign), dt, noise, scatter, quiet, found.first, found.last,
                 found.rise, found.shown, flags)


def _quiet(time: FloatArray, v: FloatArray, found: SeenRise, flags: Flag, upright_by: tuple[float, float]) -> Delay:
    """Return the delay of a pulse without a switching; its voltage is ``upright_by`` base [V] and sign."""
    part, (base, sign) = slice(found.first, found.last + 1), upright_by
    most, held = _stood(time[part], smoothed(v, 5)[part])
    return Delay(None, 0.0, 0.0, flags | found.shown.flags, highest=base + sign * most,
                 stood=held if found.shown.told else None, told=found.shown.told)


def _stood(time: FloatArray, voltage: FloatArray) -> tuple[float, float]:
    """Return the highest voltage of a pulse that did not switch the device, and how long it stood above half of it."""
    most = float(voltage.max())
    return most, float(np.ptp(time[voltage >= 0.5 * most]))


def switching_currents(time: FloatArray, voltage: FloatArray, current: FloatArray) -> tuple[float, float] | None:
    """Return the currents before and behind the switching in one pulse [A]; None where the device did not switch.

    As :func:`switching_delay` tells it, without the instants, which take most of the time.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), evenly sampled; the record begins before the edge
    """
    seen = seen_switching(time, voltage, current, PulseFacts(), Flag.NONE, math.nan)
    if isinstance(seen, Delay):
        return None
    rise = slice(seen.first, max(seen.first + 1, math.floor(seen.rise[2])) + 1)
    at = seen.first + int(np.argmax(seen.v[rise]))
    edges = upward_crossings(seen.v[: max(2, at + 1)], 0.5 * float(seen.v[at]))
    if edges.size == 0 or seen.is_one_pole(float(edges[-1])):
        return None
    sign = seen.upright_by[1]
    return sign * seen.rise[0], sign * seen.rise[1]
