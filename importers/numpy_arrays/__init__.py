"""Arrays that NumPy wrote (.npz, .npy)."""

from tsbench.importers.numpy_arrays.numpy_arrays import NumpyArrays

IMPORTERS = (NumpyArrays(),)
