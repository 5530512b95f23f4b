"""Records in which a quantity cannot be known: measured as usual, then clipped or thinned out."""

from dataclasses import replace

import numpy as np

from tsbench.records import Flag, Run, Waveform

#: share of the swing, from where a record begins, that a range too small still shows of a single event
_SHOWN = 0.3
#: samples in a pulse, or in a period of an oscillation, of a record that is too coarse
_SAMPLES = {"pulse_train": 5.0, "oscillation": 2.5}


def clipped(waveform: Waveform, shown: float) -> Waveform:
    """Return a waveform as a scope has it whose range ends at a share of the swing, on the side of the event.

    With ``shown`` = 0, nothing is within the range.
    """
    codes = waveform.codes.astype(np.int64)
    start = float(np.median(codes[:, : max(codes.shape[1] // 50, 1)]))
    low, high = int(codes.min()), int(codes.max())
    if shown == 0.0:
        return replace(waveform, codes=np.full_like(waveform.codes, low), clip_high=low,
                       flags=waveform.flags | Flag.CLIPPED)
    if high - start >= start - low:
        end = round(start + shown * (high - start))
        return replace(waveform, codes=np.minimum(codes, end).astype(waveform.codes.dtype), clip_high=end,
                       flags=waveform.flags | Flag.CLIPPED)
    end = round(start - shown * (start - low))
    return replace(waveform, codes=np.maximum(codes, end).astype(waveform.codes.dtype), clip_low=end,
                   flags=waveform.flags | Flag.CLIPPED)


def thinned(waveform: Waveform, interval: float) -> Waveform:
    """Return a waveform with samples ``interval`` [s] apart, or as it is where they are no closer."""
    stride = max(round(interval / waveform.dt), 1)
    return replace(waveform, codes=waveform.codes[:, ::stride], dt=waveform.dt * stride)


def spoilt(run: Run, reason: str, length: float) -> Run:
    """Return a run with each record spoilt for a reason, "clipped" or "coarse".

    Parameters
    ----------
    run : as measured
    reason : "clipped" (of the sense channel) or "coarse" (of all)
    length : [s] of a pulse, or one period of the oscillation
    """
    protocol = run.header.protocol
    if reason == "coarse":
        interval = length / _SAMPLES[protocol]
        return replace(run, waveforms=tuple(thinned(one, interval) for one in run.waveforms), results=())
    shown = 0.0 if protocol == "oscillation" else _SHOWN
    return replace(run, waveforms=tuple(
        clipped(one, shown) if protocol == "oscillation" or one.channel == "device_voltage_low" else one
        for one in run.waveforms), results=())
