"""Workbooks (.xlsx, .xls, .xlsb, .ods), among them those of Keithley Clarius."""

from tsbench.importers.workbooks.workbooks import Workbooks

IMPORTERS = (Workbooks(),)
