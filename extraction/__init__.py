"""Extracts results with intervals and flags from stored runs and from tables of other programs."""

from tsbench.extraction.files import FileAnalysis, analyse_files
from tsbench.extraction.notebook import TableRead, read_tables
from tsbench.extraction.runs import device_line, draw_figures, extract, protocol_of
from tsbench.protocols.extracting.options import ExtractionOptions

__all__ = [
    "ExtractionOptions", "FileAnalysis", "TableRead", "analyse_files", "device_line", "draw_figures", "extract",
    "protocol_of", "read_tables",
]
