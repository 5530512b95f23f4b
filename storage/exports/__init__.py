"""Writes run files in formats of other programs: CSV, Parquet, netCDF and MATLAB, record by record."""
