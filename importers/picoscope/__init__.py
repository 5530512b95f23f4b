"""Records of PicoScope, the program of Pico Technology's oscilloscopes."""

from tsbench.importers.picoscope.importer import PicoScope

IMPORTERS = (PicoScope(),)
