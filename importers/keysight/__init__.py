"""Records of Keysight and Agilent oscilloscopes (InfiniiVision, Infiniium)."""

from tsbench.importers.keysight.importer import Keysight

IMPORTERS = (Keysight(),)
