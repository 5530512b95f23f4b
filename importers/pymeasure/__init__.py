"""Results of PyMeasure (.csv)."""

from tsbench.importers.pymeasure.pymeasure import PyMeasure

IMPORTERS = (PyMeasure(),)
