"""MATLAB files (.mat) of all versions."""

from tsbench.importers.matlab.matlab import Matlab

IMPORTERS = (Matlab(),)
