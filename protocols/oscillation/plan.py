"""What an oscillation run will do: records, duration, worst case at the device, and why it is refused."""

import math

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.acquiring.bias_source import bias_compliance, bias_source
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.oscillation.parameters import OscillationParameters
from tsbench.protocols.worst_case import (
    compliance_refusals,
    limit_refusals,
    load_remedy,
    long_record_refusal,
    range_refusal,
    record_refusal,
    worst_case_items,
)

#: [s] the records, probes included, and set-up of one bias
_OVERHEAD = 0.4
#: samples of a record whose length is found on the way, for the plan
_USUAL_SAMPLES = 100_000


def plan_oscillation(
    settings: OscillationParameters, station: Station, lower: str = "lower the bias", change: str = "",
) -> Plan:
    """Predict records, duration and the worst case at the device; refuse what a limit forbids.

    Parameters
    ----------
    settings, station : of the run
    lower : what the user can do where a limit of the device is passed
    change : what to do where the source does not reach a level, a sentence; "": change the bias
    """
    source = bias_source(station)
    biases = settings.biases()
    compliance = math.inf if source.limiting is None else bias_compliance(settings.compliance, station)
    path = station.wire_path("bias")
    worst = worst_case_of_voltage(farthest_emf(map(float, biases), path), path, compliance)
    items = worst_case_items(worst, station.fixture)
    refusals = limit_refusals(items, station.device, lower,
                              load_remedy(station.fixture) or "use a larger load resistance")
    if source.limiting is not None:
        refusals += compliance_refusals(
            items, float(np.abs(biases).max()), compliance, source.limiting, station.device, "bias")
    for level in (float(biases.min()), float(biases.max())):
        refusals += range_refusal("bias", level, source.allowed, "bias", change)
    warnings = []
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    elif settings.record_span is not None:
        scope = station.oscilloscope("scope").capabilities
        refusals += (long_record_refusal(settings.record_span, scope, "'record_span'")
                     or record_refusal("record_span", settings.record_span, scope))
    if station.fixture.parallel_capacitance <= 0:
        warnings.append(
            "the fixture has no capacitance across the device, so the frequency depends on unknown parasitic "
            "capacitance"
        )
    times = np.repeat(np.arange(len(biases) + 1) * (settings.settle + _OVERHEAD), 2)[1:-1]
    return Plan(
        steps=len(biases),
        points=len(biases),
        duration=len(biases) * (settings.settle + (settings.record_span or 0.0) + _OVERHEAD),
        bytes=int(len(biases) * _samples(settings, station) * 2),
        worst_case=items,
        refusals=tuple(refusals),
        warnings=tuple(warnings),
        preview={"time": times, "level": np.repeat(biases, 2)},
    )


def _samples(settings: OscillationParameters, station: Station) -> float:
    """Return about how many samples the record at a bias has."""
    scope = station.oscilloscope("scope").capabilities
    span = settings.record_span if settings.record_span is not None else settings.periods * settings.longest_period
    samples = min(scope.record_length, span * scope.sample_rate)
    return samples if settings.record_span is not None else min(samples, _USUAL_SAMPLES)
