"""Taking a compliance series: one sweep after the other, each at its compliance."""

from collections.abc import Iterator

from tsbench.instruments import Station
from tsbench.protocols.compliance_series.parameters import ComplianceSeriesParameters
from tsbench.protocols.iv_sweep.series import one_sweep
from tsbench.records import Recorder, Step


def acquire(settings: ComplianceSeriesParameters, station: Station, recorder: Recorder) -> Iterator[Step]:
    """Sweep at each compliance."""
    for number, one in enumerate(settings.compliances):
        yield from one_sweep(
            settings.at_compliance(one), station, recorder, number, len(settings.compliances), (one,))
