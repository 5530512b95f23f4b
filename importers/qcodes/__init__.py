"""Data of QCoDeS: its database (.db) and its exports to netCDF (.nc)."""

from tsbench.importers.qcodes.database import QcodesDatabase
from tsbench.importers.qcodes.netcdf import NetCdf

IMPORTERS = (QcodesDatabase(), NetCdf())
