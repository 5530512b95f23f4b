"""Whether a record can tell anything: one rule for the records of all protocols."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsbench.records import Flag, Waveform
from tsbench.samples import TELLS_NOTHING

FEWEST = 16  #: samples of a record; fewer show no pulse
#: share of the samples of a channel at the ends of its range from which on a record is none: as of samples that are no
#: numbers (:func:`tsbench.analysis.signal.usable_record`)
_MOST_AT_END = 0.5


def mute(waves: Sequence[Waveform], saturated: npt.NDArray[np.bool_] | None = None) -> tuple[Flag, ...]:
    """Return for each segment of an acquisition why it cannot show that nothing happened; NONE where it can.

    UNDER_SAMPLED: of fewer than sixteen samples. OVERFLOW: its codes are no numbers. CLIPPED: more than half of the
    samples of a channel, or of the amplifier behind it, are at an end of the range. A record in which no channel has
    two different codes has no such flag: an instrument that is not connected gives it, and so does a scope with coarse
    codes under a constant level. All have NO_EVENT and AMBIGUOUS too: what is not seen in such a record is not known.

    Parameters
    ----------
    waves : the channels of the acquisition that show the device, with codes of one shape (segments, samples)
    saturated : the samples at which the amplifier of the current saturates, of the same shape; None: it has none
    """
    segments, samples = (int(size) for size in waves[0].codes.shape)
    if samples < FEWEST:
        return (Flag.UNDER_SAMPLED | TELLS_NOTHING,) * segments
    if not np.isfinite([number for wave in waves for number in (wave.scale, wave.offset)]).all():
        return (Flag.OVERFLOW | TELLS_NOTHING,) * segments
    at_end = np.zeros(segments, dtype=np.int64) if saturated is None else np.count_nonzero(saturated, axis=1)
    flat = np.ones(segments, dtype=np.bool_)
    for wave in waves:
        ends = [np.count_nonzero(wave.codes == code, axis=1) for code in (wave.clip_low, wave.clip_high)
                if code is not None]
        at_end = np.maximum(at_end, sum(ends, np.zeros(segments, dtype=np.int64)))
        if flat.any():
            flat &= (wave.codes == wave.codes[:, :1]).all(axis=1)
    over = at_end > _MOST_AT_END * samples
    return tuple(Flag.CLIPPED | TELLS_NOTHING if clipped else TELLS_NOTHING if equal else Flag.NONE
                 for clipped, equal in zip(over.tolist(), flat.tolist(), strict=True))
