"""Files of ArC Instruments: the HDF5 store of ArC TWO and the sessions of ArC ONE."""

from tsbench.importers.arc.arc_one import ArcOne
from tsbench.importers.arc.arc_two import ArcTwo

IMPORTERS = (ArcOne(), ArcTwo())
