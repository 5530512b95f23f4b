"""How pulses and the scope's records of them lie in time: pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.instruments import EdgeTrigger, OscilloscopeCapabilities
from tsbench.protocols.acquiring.device_view import DeviceView, Window
from tsbench.protocols.pulses.delivery import sync_refusal
from tsbench.protocols.pulses.parameters import EDGE_SHARE, LEAST_RESOLUTION, PulseParameters
from tsbench.protocols.worst_case import long_record_refusal
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray

#: share of a pulse's height at which the scope triggers on it: a device that is on shows less of the pulse
TRIGGER_SHARE = 0.5
#: samples of one record at most: more would fill the disk with a gap in which little happens
LONGEST_RECORD = 1_000_000


@dataclass(frozen=True)
class RecordLayout:
    """One acquisition: ``segments`` records of ``span`` [s] and ``points``, each ``lead`` [s] before its trigger."""

    span: float
    lead: float
    points: int
    segments: int = 1
    refusal: str = ""


def record_lead(pulse: PulseParameters) -> float:
    """Return the time [s] that a record begins before its pulse."""
    return max(0.2 * pulse.width, 5 * pulse.rise_time)


def pair_layout(pulse: PulseParameters, gap: float, resolution: int, scope: OscilloscopeCapabilities) -> RecordLayout:
    """Return one record of both pulses, ``resolution`` samples in each; where that is too long, a segment for each.

    A pair is never sent pulse by pulse: its gap is what is measured, and no clock of a computer knows it well enough.
    So two segments are refused with an external trigger, which shows the first pulse only
    (:mod:`tsbench.protocols.pulses.delivery`).

    Parameters
    ----------
    pulse : both pulses
    gap : [s] from the fall of the first pulse to the rise of the second, at 50 %
    resolution : samples in the width of a pulse
    scope : its capabilities
    """
    lead = record_lead(pulse)
    single = 2 * lead + 1.3 * pulse.width + 2 * pulse.fall_time
    whole = single + pulse.width + gap
    if long := long_record_refusal(single, scope, "'width'"):
        return RecordLayout(single, lead, 1000, refusal=long[0].removeprefix("scope: "))
    room = min(scope.record_length, LONGEST_RECORD)
    points = int(np.ceil(resolution * whole / pulse.width))
    if points <= room:
        return RecordLayout(whole, lead, max(points, 1000))
    # a burst's second pulse comes by itself: the scope must be ready for it again
    if gap + pulse.width < 1.05 * single:
        return RecordLayout(whole, lead, room, refusal=(
            f"{resolution} samples in each pulse of {format_quantity(pulse.width, 's')} need {points} points, but a "
            f"record holds {room}. Lower 'resolution'"))
    fits = int(room * pulse.width / whole)
    remedy = (f"Lower 'resolution' to {fits}" if fits >= LEAST_RESOLUTION else "Use shorter gaps")
    remedy += ", so that one record holds both pulses"
    refusal = ""
    if scope.segments < 2:
        refusal = f"the pulses need a record each, but this model records one at a time. {remedy}"
    elif pulse.trigger == "external":
        refusal = sync_refusal(2, pulse.width + gap, remedy)
    return RecordLayout(
        single, lead, max(int(np.ceil(resolution * single / pulse.width)), 1000), segments=2, refusal=refusal)


def tail_layout(pulse: PulseParameters, window: float, samples: int, scope: OscilloscopeCapabilities) -> RecordLayout:
    """Return one record of ``samples``: a pulse and ``window`` [s] after it."""
    lead = record_lead(pulse)
    whole = lead + pulse.width + 2 * pulse.fall_time + window
    refusal = ""
    if samples > scope.record_length:
        refusal = (
            f"samples = {samples} exceeds the record length of the scope ({scope.record_length} samples). Lower "
            "'samples'")
    elif whole / samples > pulse.width / 20:
        refusal = (
            f"{samples} samples in {format_quantity(whole, 's')} leave fewer than 20 in the pulse of "
            f"{format_quantity(pulse.width, 's')}. Raise 'samples' or lower 'window'")
    return RecordLayout(whole, lead, samples, refusal=refusal)


def pulse_preview(pulse: PulseParameters, starts: Sequence[float] | FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return corners (time [s], level [V]) of the highest pulses at ``starts`` [s] for the form."""
    rise, fall = pulse.rise_time / EDGE_SHARE, pulse.fall_time / EDGE_SHARE
    amplitude = max(pulse.amplitude, key=abs)
    corners = [-rise / 2, rise / 2, pulse.width - fall / 2, pulse.width + fall / 2]
    times = np.concatenate([start + np.asarray(corners) for start in starts])
    return times, pulse.base + amplitude * np.tile([0.0, 1.0, 1.0, 0.0], len(starts))


def set_ranges(pulse: PulseParameters, amplitude: float, view: DeviceView, resistance: float) -> dict[str, Window]:
    """Set ranges for all that a pulse of ``amplitude`` [V] behind ``resistance`` [Ohm] can show.

    Returns
    -------
    dict
        Channel -> window [V] that was set.
    """
    low, high = _reached(pulse, amplitude)
    windows = view.windows((low, high), (low / resistance, high / resistance))
    view.configure(windows)
    return windows


def pulse_trigger(pulse: PulseParameters, amplitude: float, view: DeviceView) -> EdgeTrigger:
    """Return the trigger on pulses of ``amplitude`` [V], if none has been missed yet."""
    if pulse.trigger == "external":
        return EdgeTrigger("external", pulse.external_level)
    level = pulse.base + TRIGGER_SHARE * amplitude
    return EdgeTrigger(view.trigger_channel, level, "positive" if amplitude > 0 else "negative")


def widest_windows(pulse: PulseParameters, amplitude: float, view: DeviceView) -> dict[str, Window]:
    """Return the windows [V] of each channel that no signal of a pulse of ``amplitude`` [V] exceeds."""
    return view.largest_windows(_reached(pulse, amplitude))


def _reached(pulse: PulseParameters, amplitude: float) -> Window:
    """Return the lowest and the highest voltage [V] of a pulse."""
    margin = 0.1 * abs(amplitude)  # overshoot of the generator
    levels = (pulse.base, pulse.base + amplitude)
    return min(*levels, 0.0) - margin, max(*levels, 0.0) + margin
