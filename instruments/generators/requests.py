"""What an output is asked for, before it becomes commands: pulses checked, waveforms sampled."""

import numpy as np

from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import ArbitraryWaveform, Pulse, PulseGeneratorCapabilities, Range
from tsbench.records import FloatArray

#: an arbitrary waveform drawn by straight lines is sampled this many times finer, where memory and rate allow
LINEAR_OVERSAMPLING = 16
#: how far an edge reaches beyond the width at 50 %, per 10-90 % time: half of 0-100 % [33500 operating guide]
EDGE_REACH = 0.625


def require_pulse(
    subject: str, pulse: Pulse, caps: PulseGeneratorCapabilities, levels: Range, minimum_amplitude: float,
) -> None:
    """Raise LimitError unless the output can make this pulse with levels within ``levels`` [V]."""
    require_in_range(subject, "pulse width", pulse.width, caps.pulse_width)
    require_in_range(subject, "pulse period", pulse.period, caps.pulse_period)
    scale = levels.high / caps.level_into_open.high   # of the set load
    edges = Range(caps.shortest_edge(pulse.amplitude / scale), caps.edge_time.high, "s")
    for name, edge in (("rise time", pulse.rise_time), ("fall time", pulse.fall_time)):
        require_in_range(subject, name, edge, edges)
    for name, level in (("pulse base", pulse.base), ("pulse top", pulse.base + pulse.amplitude)):
        require_in_range(subject, name, level, levels)
    room = pulse.period - EDGE_REACH * (pulse.rise_time + pulse.fall_time)
    require_in_range(subject, "with this period and these edges, pulse width", pulse.width, Range(0.0, room, "s"))
    span = Range(minimum_amplitude, min(2 * levels.high, caps.amplitude_into_open.high * scale), "V")
    require_in_range(subject, "magnitude of the pulse amplitude", abs(pulse.amplitude), span)


def require_span(subject: str, low: float, high: float, caps: PulseGeneratorCapabilities, levels: Range) -> None:
    """Raise LimitError unless the output reaches from ``low`` to ``high`` [V] in one waveform, within ``levels``."""
    for level in (low, high):
        require_in_range(subject, "waveform level", level, levels)
    most = caps.amplitude_into_open.high * levels.high / caps.level_into_open.high
    require_in_range(subject, "difference between the levels of a waveform", high - low, Range(0.0, most, "V"))


def sampled(waveform: ArbitraryWaveform, caps: PulseGeneratorCapabilities) -> tuple[FloatArray, float]:
    """Return levels [V] and rate [Hz] as sent; straight lines are sampled finer, steps as they are."""
    levels = np.asarray(waveform.levels, dtype=np.float64)
    if waveform.interpolation == "step" or levels.size < 2:
        return levels, waveform.sample_rate
    factor = int(min(LINEAR_OVERSAMPLING, caps.sample_rate.high / waveform.sample_rate,
                     caps.arbitrary_points.high / levels.size))
    if factor < 2:
        return levels, waveform.sample_rate
    fine = np.arange((levels.size - 1) * factor + 1) / factor
    return np.interp(fine, np.arange(levels.size), levels), waveform.sample_rate * factor
