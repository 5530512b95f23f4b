"""Records of Rohde & Schwarz oscilloscopes."""

from tsbench.importers.rohde_schwarz.importer import RohdeSchwarz

IMPORTERS = (RohdeSchwarz(),)
