"""From what was recorded to numbers: a run, or a table of others, to results with intervals and flags."""

from tsbench.extraction.options import ExtractionOptions
from tsbench.extraction.runs import extract
from tsbench.extraction.tables import FileAnalysis, analyse_files

__all__ = ["ExtractionOptions", "FileAnalysis", "analyse_files", "extract"]
