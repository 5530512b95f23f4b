"""How the pulses of a train are sent, and how many of them one acquisition holds."""

import numpy as np

from tsbench.instruments import OscilloscopeCapabilities, PulseGeneratorCapabilities
from tsbench.protocols.pulse_train.parameters import TrainParameters
from tsbench.protocols.pulses.delivery import Delivery, delivery, edge_per_pulse, with_edges

#: segments of one acquisition: more would hold a stop back for long
_LONGEST_BATCH = 500
#: samples each segment should keep at least
_SAMPLES = 1000


def batches(count: int, capabilities: OscilloscopeCapabilities) -> list[slice]:
    """Return slices of ``count`` pulses that one segmented acquisition can hold each."""
    size = max(min(capabilities.segments, capabilities.record_length // _SAMPLES, _LONGEST_BATCH), 1)
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def train_delivery(
    settings: TrainParameters, generator: PulseGeneratorCapabilities, scope: OscilloscopeCapabilities,
) -> Delivery:
    """Return how a train is sent, so that the scope sees an edge of each pulse."""
    starts = settings.starts()
    how = delivery(settings.pulse(settings.amplitude[0]), starts, settings.gaps, generator)
    if len(starts) < 2:
        return how
    first = batches(len(starts), scope)[0]
    at_once = len(starts) if how.means == "waveform" else first.stop
    remedy = ("Use gaps that leave {} from pulse to pulse" if settings.gaps else
              "Raise 'period' to {}, or use count = 1 with 'repeats'")
    return with_edges(how, edge_per_pulse(
        settings.trigger, float(np.diff(starts).min()), settings.busy, at_once, remedy))
