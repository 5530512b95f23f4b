"""Records of Siglent oscilloscopes."""

from tsbench.importers.siglent.importer import Siglent

IMPORTERS = (Siglent(),)
