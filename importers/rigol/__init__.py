"""Records of Rigol oscilloscopes."""

from tsbench.importers.rigol.importer import Rigol

IMPORTERS = (Rigol(),)
