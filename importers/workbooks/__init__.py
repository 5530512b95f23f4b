"""Workbooks (.xlsx, .xls, .xlsb, .ods), among them those of Keithley Clarius, and Clarius' text files."""

from tsbench.importers.workbooks.clarius_text import ClariusText
from tsbench.importers.workbooks.workbooks import Workbooks

IMPORTERS = (Workbooks(), ClariusText())
