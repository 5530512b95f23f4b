"""Records of LeCroy and Teledyne LeCroy oscilloscopes."""

from tsbench.importers.lecroy.importer import LeCroy

IMPORTERS = (LeCroy(),)
