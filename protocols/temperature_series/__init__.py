"""Temperature series."""

from tsbench.protocols.temperature_series.protocol import TemperatureSeries

PROTOCOL = TemperatureSeries
