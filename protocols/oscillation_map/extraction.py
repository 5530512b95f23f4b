"""An oscillation map to numbers: those of an oscillation run, for each set of surroundings."""

from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.oscillation.extraction import oscillation_results
from tsbench.records import Result, Run


def map_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return frequency, jitter and energy at each place of the map, and the curve over the bias at each surroundings.

    The oscillation window at one load is the interval from its ``oscillation_onset`` to its ``oscillation_end``.
    """
    return oscillation_results(run, options)
