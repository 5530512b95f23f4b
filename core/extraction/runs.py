"""A run to its results."""

from tsbench.extraction.options import ExtractionOptions
from tsbench.records import Result, Run


def extract(run: Run, options: ExtractionOptions | None = None) -> tuple[Result, ...]:
    """Extract what the run's protocol measures."""
    raise NotImplementedError
