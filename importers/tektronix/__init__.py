"""Records of Tektronix oscilloscopes."""

from tsbench.importers.tektronix.importer import Tektronix

IMPORTERS = (Tektronix(),)
