"""tsbench: the bench of a threshold-switching lab."""

__version__ = "0.2.0.dev0"
