"""Ramp-rate series."""

from tsbench.protocols.ramp_rate_series.protocol import RampRateSeries

PROTOCOL = RampRateSeries
