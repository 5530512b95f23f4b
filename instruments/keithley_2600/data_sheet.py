"""Ranges, operating boundaries and one-year accuracies of the Keithley 2600B source meters (23 ± 5 °C, 1 NPLC).

Sources
-------
- The bounds of limits come from the reference manual 2600BS-901-01 rev. F, p. 9-244. The limit beside a fixed measuring
  range must be at least 10 % of the range (the same manual). An aperture is 0.001 to 25 power line cycles.
- The accuracy of currents from 1 uA to 3 A comes from the data sheet of the 2606B (page 5), which has the same
  currents. The noise is the peak-to-peak noise of the source from 0.1 Hz to 10 Hz, divided by 6 (SPEC-2602B rev. B,
  page 2).

Not compared with a data sheet
------------------------------
- The accuracy and noise of voltages, of the ranges below 1 uA, and of 1.5 A.
- The shortest pulse and the least interval between two readings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import (
    Accuracy,
    PulseLimits,
    Range,
    SamplingLimits,
    SourceMeterCapabilities,
)
from tsbench.instruments.languages.repeatable import COMMON

OVERRANGE = 1.01  #: highest set-point and reading of a range, as a multiple of its full scale
LEAST_LIMIT = 0.1  #: of a fixed measuring range
LIST_CHUNK = 100  #: levels of a list in one message
#: bits of a reading's status in a buffer
OVER_TEMPERATURE, LIMITED = 2, 64
MEASURING = 16  #: bit of the operation register of a unit
SWEEPING = 8  #: the same
INTERLOCK = 2048  #: bit of the measurement register: the interlock is closed

#: values that change nothing in the instrument when they are printed
REPEATABLE = (
    *COMMON, "status.standard.enable", "localnode.linefreq", "status.measurement.condition",
    "status.operation.instrument.smuX.condition",
    *(f"smuX.source.{name}" for name in (
        "func", "output", "levelv", "leveli", "rangev", "rangei", "limitv", "limiti", "compliance", "offmode")),
    *(f"smuX.measure.{name}" for name in ("rangev", "rangei", "nplc", "interval")),
    "smuX.sense", "smuX.nvbuffer1.n", "smuX.nvbuffer2.n",
    *(f"smuX.{buffer}.{column}" for buffer in ("nvbuffer1", "nvbuffer2")
      for column in ("readings", "timestamps", "statuses")),
)


@dataclass(frozen=True)
class ModelData:
    """What one model can do."""

    name: str
    channels: tuple[str, ...]
    capabilities: SourceMeterCapabilities  #: of one unit
    high_range: float  #: [V] full scale of the highest voltage range
    high_limit: float  #: [A] highest current beside the highest voltage range
    high_voltage_limit: float  #: [V] highest voltage beside currents above ``high_limit``
    least_source_current: float  #: [A] full scale of the lowest range of the current source

    def boundaries(self) -> Mapping[str, tuple[tuple[float, float], ...]]:
        """Return the boundaries as :class:`~tsbench.instruments.SourceMeterCapabilities` has them."""
        caps = self.capabilities
        low = caps.source_voltage_accuracy[-2].full_scale
        return {"voltage": ((low, caps.compliance_current.high), (caps.source_voltage.high, self.high_limit)),
                "current": ((self.high_limit, caps.compliance_voltage.high),
                            (caps.source_current.high, self.high_voltage_limit))}


def _rows(*rows: tuple[float, float, float, float]) -> tuple[Accuracy, ...]:
    """Return ranges: full scale, gain, offset, noise (peak to peak from 0.1 Hz to 10 Hz)."""
    return tuple(Accuracy(full_scale, gain, offset, noise / 6) for full_scale, gain, offset, noise in rows)


_VOLTS_40 = _rows(
    (0.1, 0.15e-3, 150e-6, 20e-6), (1.0, 0.15e-3, 200e-6, 50e-6), (6.0, 0.15e-3, 1e-3, 100e-6),
    (40.0, 0.15e-3, 8e-3, 500e-6))
_SOURCED_40 = _rows(
    (0.1, 0.2e-3, 250e-6, 20e-6), (1.0, 0.2e-3, 400e-6, 50e-6), (6.0, 0.2e-3, 1.8e-3, 100e-6),
    (40.0, 0.2e-3, 12e-3, 500e-6))
_VOLTS_200 = _rows(
    (0.2, 0.15e-3, 225e-6, 20e-6), (2.0, 0.2e-3, 350e-6, 50e-6), (20.0, 0.15e-3, 5e-3, 300e-6),
    (200.0, 0.15e-3, 50e-3, 2e-3))
_SOURCED_200 = _rows(
    (0.2, 0.2e-3, 375e-6, 20e-6), (2.0, 0.2e-3, 600e-6, 50e-6), (20.0, 0.2e-3, 5e-3, 300e-6),
    (200.0, 0.2e-3, 50e-3, 2e-3))
_AMPERES = _rows(
    (100e-9, 0.5e-3, 100e-12, 5e-12), (1e-6, 0.25e-3, 500e-12, 25e-12), (10e-6, 0.25e-3, 1.5e-9, 60e-12),
    (100e-6, 0.2e-3, 25e-9, 3e-9), (1e-3, 0.2e-3, 200e-9, 6e-9), (10e-3, 0.2e-3, 2.5e-6, 200e-9),
    (100e-3, 0.2e-3, 20e-6, 600e-9), (1.0, 0.3e-3, 1.5e-3, 70e-6))
_SOURCED_AMPERES = _rows(
    (100e-9, 0.6e-3, 100e-12, 5e-12), (1e-6, 0.3e-3, 800e-12, 25e-12), (10e-6, 0.3e-3, 5e-9, 60e-12),
    (100e-6, 0.3e-3, 60e-9, 3e-9), (1e-3, 0.3e-3, 300e-9, 6e-9), (10e-3, 0.3e-3, 6e-6, 200e-9),
    (100e-3, 0.3e-3, 30e-6, 600e-9), (1.0, 0.5e-3, 1.8e-3, 70e-6))
_LOW_AMPERES = _rows(
    (100e-12, 1.5e-3, 120e-15, 4.8e-15), (1e-9, 1.5e-3, 240e-15, 800e-15 / 6), (10e-9, 1.5e-3, 3e-12, 2e-12),
    (100e-9, 0.6e-3, 40e-12, 5e-12), (1e-6, 0.25e-3, 400e-12, 25e-12))
_SOURCED_LOW_AMPERES = _rows(
    (1e-9, 1.5e-3, 2e-12, 800e-15 / 6), (10e-9, 1.5e-3, 5e-12, 2e-12), (100e-9, 0.6e-3, 50e-12, 5e-12),
    (1e-6, 0.3e-3, 700e-12, 25e-12))


_Tables = tuple[tuple[Accuracy, ...], tuple[Accuracy, ...]]  # measured, sourced


def _capabilities(volts: _Tables, amperes: _Tables, least: tuple[float, float]) -> SourceMeterCapabilities:
    """Return the capabilities of a unit with these ranges and least limits [A], [V]."""
    top_volts, top_amperes = volts[0][-1].full_scale, amperes[0][-1].full_scale
    high = top_volts > 100
    return SourceMeterCapabilities(
        source_voltage=Range(-top_volts * OVERRANGE, top_volts * OVERRANGE, "V"),
        source_current=Range(-top_amperes * OVERRANGE, top_amperes * OVERRANGE, "A"),
        compliance_current=Range(least[0], top_amperes, "A"), compliance_voltage=Range(least[1], top_volts, "V"),
        nplc=Range(0.001, 25.0, ""), maximum_sweep_points=2500, minimum_dwell=50e-6,
        current_accuracy=amperes[0], voltage_accuracy=volts[0], source_voltage_accuracy=volts[1],
        source_current_accuracy=amperes[1], line_frequency=50.0, four_wire=True,
        pulses=PulseLimits(Range(1e-3, 10.0, "s"), Range(2e-3, 100.0, "s"), 2500, Range(0.001, 25.0, "")),
        sampling=SamplingLimits(Range(1e-3, 1.0, "s"), 50_000), interlock_above=20.0 if high else None,
    )


_3_A = ((*_AMPERES, *_rows((3.0, 0.5e-3, 3.5e-3, 150e-6))), (*_SOURCED_AMPERES, *_rows((3.0, 0.6e-3, 4e-3, 150e-6))))
_1_5_A = ((*_AMPERES, *_rows((1.5, 0.5e-3, 3.5e-3, 150e-6))), (*_SOURCED_AMPERES, *_rows((1.5, 0.6e-3, 4e-3, 150e-6))))
_LOW = ((*_LOW_AMPERES, *_1_5_A[0][2:]), (*_SOURCED_LOW_AMPERES, *_1_5_A[1][2:]))

OF_40_V = _capabilities((_VOLTS_40, _SOURCED_40), _3_A, (10e-9, 10e-3))
OF_200_V = _capabilities((_VOLTS_200, _SOURCED_200), _1_5_A, (10e-9, 20e-3))
OF_LOW_CURRENT = _capabilities((_VOLTS_200, _SOURCED_200), _LOW, (100e-12, 20e-3))

MODELS = {
    "2601B": ModelData("2601B", ("a",), OF_40_V, 40.0, 1.0, 6.0, 100e-9),
    "2602B": ModelData("2602B", ("a", "b"), OF_40_V, 40.0, 1.0, 6.0, 100e-9),
    "2612B": ModelData("2612B", ("a", "b"), OF_200_V, 200.0, 0.1, 20.0, 100e-9),
    "2636B": ModelData("2636B", ("a", "b"), OF_LOW_CURRENT, 200.0, 0.1, 20.0, 1e-9),
}


def range_for(rows: tuple[Accuracy, ...], value: float, overrange: float = 1.0) -> Accuracy:
    """Return the lowest range that holds ``value`` [V or A]; the highest if none does."""
    magnitude = abs(value)
    return next((row for row in rows if magnitude <= row.full_scale * overrange * (1 + 1e-9)), rows[-1])
