"""HDF5 files that users' own programs write."""

from tsbench.importers.hdf5.hdf5 import PlainHdf5

IMPORTERS = (PlainHdf5(),)
