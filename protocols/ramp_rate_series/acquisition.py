"""Taking a ramp-rate series: one sweep after the other, each at its rate."""

from collections.abc import Iterator

from tsbench.instruments import Station
from tsbench.protocols.iv_sweep.series import one_sweep
from tsbench.protocols.ramp_rate_series.parameters import RampRateParameters
from tsbench.records import Recorder, Step


def acquire(settings: RampRateParameters, station: Station, recorder: Recorder) -> Iterator[Step]:
    """Sweep at each rate."""
    line = station.source_meter("drive").capabilities.line_frequency
    for number, rate in enumerate(settings.rate):
        yield from one_sweep(settings.at_rate(rate, line), station, recorder, number, len(settings.rate), (rate,))
