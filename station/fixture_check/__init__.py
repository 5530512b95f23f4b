"""Measures the fixture on an open end, a short and a known resistor, and compares it with the bench file."""

from tsbench.station.fixture_check.bench_text import with_measured
from tsbench.station.fixture_check.measuring import measure_fixture
from tsbench.station.fixture_check.values import FixtureValue

__all__ = ["FixtureValue", "measure_fixture", "with_measured"]
