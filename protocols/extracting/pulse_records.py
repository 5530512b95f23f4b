"""Records of pulses as the extractors of delays, pairs and relaxation take them."""

import math
from collections.abc import Mapping

from tsbench.analysis.pulse.at_once import latest
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.protocols.extracting.facts import sense_capacitance, timebase_accuracy
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.signals import DeviceRecord
from tsbench.records import Fixture, Flag, Run

#: a rise that is no slower than resistor x capacitance is late by less than that: limit of the share it falls short
_LAG = 0.3
#: limits of uniform errors, in standard uncertainties of what was measured: 95 % are within 0.95 of a limit
_LIMIT = 2.0
#: standard deviation of the impulse response of a Gaussian low-pass, times its bandwidth (-3 dB)
_GAUSSIAN = math.sqrt(math.log(2.0)) / (2.0 * math.pi)


def pulse_facts(run: Run, record: DeviceRecord, options: ExtractionOptions) -> PulseFacts:
    """Return accuracy of the scope, and of what senses the current, for one acquisition.

    Skew and capacitance are those that were measured on the bench (``[fixture.measured]``). Where none were, the limits
    of ``options`` hold.

    An amplifier with the time constant 1/(2 pi bandwidth) shows a sudden rise at once and a slow one later by its time
    constant: half of it is taken, and as much is the limit of the error.
    """
    sensing = run.header.fixture.sensing
    skew, skew_doubt = _skew(run.header.fixture, record.skew, options)
    delay, limit = _sense_delay(run.header.fixture, options)
    return PulseFacts(
        voltage_resolution=record.voltage_resolution,
        current_resolution=record.current_resolution,
        skew=skew,
        channel_skew=skew_doubt,
        sense_delay=delay,
        sense_delay_limit=limit,
        response=_GAUSSIAN / record.bandwidth,
        current_gain=sensing.current_tolerance + record.current_gain,
        timebase_accuracy=timebase_accuracy(run.header),
        voltage_window=record.voltage_window,
        current_window=record.current_window,
    )


def how_late(fixture: Fixture, step: float, options: ExtractionOptions) -> tuple[float, float]:
    """Return by how much the records of a bench may show the current later than the voltage [s], at least and at most.

    Parameters
    ----------
    fixture : of the bench
    step : [s] sample interval. Where the skew was measured, records are corrected by whole samples
    options : stray capacitance of the sensor, and limits of errors
    """
    skew, skew_doubt = _skew(fixture, None if fixture.sensing.skew is None else 0.5 * step, options)
    delay, limit = _sense_delay(fixture, options)
    return latest(PulseFacts(skew=skew, channel_skew=skew_doubt, sense_delay=delay, sense_delay_limit=limit))


def _skew(fixture: Fixture, measured: float | None, options: ExtractionOptions) -> tuple[float, float]:
    """Return by how much the channel of the current is late [s], and the limit of the error of that."""
    if measured is None:
        return 0.0, options.channel_skew
    return measured, _LIMIT * fixture.sensing.skew_uncertainty


def _sense_delay(fixture: Fixture, options: ExtractionOptions) -> tuple[float, float]:
    """Return by how much the sensor shows the current late [s], and the limit of the error of that."""
    sensing, known = fixture.sensing, sense_capacitance(fixture)
    lag = 0.0 if sensing.amplifier is None else 0.5 / (2.0 * math.pi * sensing.amplifier.bandwidth)
    capacitance, doubt = known + options.sense_stray, _LAG * known + options.sense_stray_limit
    if sensing.capacitance is not None:
        capacitance, doubt = sensing.capacitance, _LIMIT * sensing.capacitance_uncertainty
    return sensing.burden * capacitance + lag, sensing.burden * doubt + lag


def record_flags(record: DeviceRecord, segment: int) -> Flag:
    """Return the flags of one segment.

    With those of one that tells nothing (:func:`tsbench.analysis.signal.mute_of`).
    """
    mute = record.mute[segment] if record.mute else Flag.NONE
    return record.flags | mute | (Flag.CLIPPED if record.clipped[segment] else Flag.NONE)


def conditions_key(conditions: Mapping[str, float], *without: str) -> tuple[tuple[str, float], ...]:
    """Return the conditions that distinguish one group from another, some of them left out."""
    return tuple(sorted((name, value) for name, value in conditions.items() if name not in without))
