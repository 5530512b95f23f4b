"""The backend class that pyvisa looks for under the name ``@tsbench``."""
