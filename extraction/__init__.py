"""From what was recorded to numbers: a run, or a table of others, to results with intervals and flags."""

from tsbench.extraction.files import FileAnalysis, analyse_files
from tsbench.extraction.options import ExtractionOptions
from tsbench.extraction.pictures import draw_figures
from tsbench.extraction.runs import extract

__all__ = ["ExtractionOptions", "FileAnalysis", "analyse_files", "draw_figures", "extract"]
