"""Takes safe steps with each instrument of a bench, and compares them with the same steps of its virtual twin.

The instrument and the twin are reached in the same way, through VISA and the driver. So each difference is one between
the instrument and what this program expects of it.
"""

from tsbench.conform.comparing import Difference, Twin, compare
from tsbench.conform.conforming import Finding, conform
from tsbench.conform.transcript import Exchange, Transcript, TranscriptStep

__all__ = ["Difference", "Exchange", "Finding", "Transcript", "TranscriptStep", "Twin", "compare", "conform"]
