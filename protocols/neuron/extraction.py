"""A neuron to numbers: what each step and pair made, and the verdicts on the four functions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.neuron.functions import AmplitudeResponse, neuron_results
from tsbench.analysis.neuron.step_response import StepFacts, StepResponse, step_response
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, outcome
from tsbench.analysis.refractory.refractory import PairOutcome, Recovery, recovery, recovery_results
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.protocols.extracting.departure import StepEdge, step_edge
from tsbench.protocols.extracting.facts import parameter, path_resistance
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.records import Flag, Result, Run

#: edges that a stimulus takes to reach its level, after half of it
_SETTLING = 1.5
_GUARD = 0.02  #: share of a stimulus that is left out before its end, because its beginning is known so well
#: share of a short gap before its second pulse that is looked at, and samples of it, at least
_SHOWN_OF_GAP, _FEWEST_BEFORE = 0.25, 16
_AFTER = 0.2  #: share of a pulse, or of the gap if that is shorter, that is looked at after it

_NOTHING = 0.1  #: share of the smallest spike of a run by which the current of a step without a spike rises at most


def neuron_records(run: Run) -> Iterator[DeviceRecord]:
    """Yield the records of a run that the scope triggered on, with voltage and current."""
    for record in device_records(run):
        if record.voltage is not None and record.current is not None and Flag.TRIGGER_MISSED not in record.flags:
            yield record


def step_responses(run: Run, options: ExtractionOptions | None = None) -> list[AmplitudeResponse]:
    """Return the responses to the steps of each amplitude, in order of amplitude."""
    found: dict[float, list[StepResponse]] = {}
    for record, pulses in _answers(run, options or ExtractionOptions()):
        if "shot" in record.conditions:
            found.setdefault(record.conditions["amplitude"], []).append(pulses[0].response)
    known = {amplitude: tuple(one for one in shots if Flag.NO_EVENT not in one.flags)
             for amplitude, shots in found.items()}
    return [AmplitudeResponse(amplitude, shots, len(found[amplitude]) - len(shots))
            for amplitude, shots in sorted(known.items(), key=lambda one: abs(one[0]))]


def pair_recovery(run: Run, options: ExtractionOptions | None = None) -> Recovery | None:
    """Return the recovery after a pulse by the pairs of a run; None where it has none."""
    outcomes = []
    for record, pulses in _answers(run, options or ExtractionOptions()):
        if "pair" in record.conditions:   # where the record does not show both, it counts as one that the scope missed
            shown = not any(Flag.NO_EVENT in pulse.response.flags for pulse in pulses)
            outcomes.append(PairOutcome(
                record.conditions["gap"], *(pulse.firing if shown else None for pulse in pulses)))
    return recovery(outcomes) if outcomes else None


@dataclass(frozen=True)
class _NeuronPulse:
    """One pulse of a record: its spikes, what its current shows, and what it has in common with others."""

    response: StepResponse
    current: PulseOutcome
    seen: SeenPulse

    @property
    def firing(self) -> Firing:
        """Return what the pulse did; a device that is still on does not fire."""
        if self.response.fired:
            return Firing.FIRED
        if self.current.firing is Firing.STILL_ON:
            return Firing.STILL_ON
        return Firing.QUIET if self.response.told else Firing.AT_ONCE


def _answers(run: Run, options: ExtractionOptions) -> list[tuple[DeviceRecord, list[_NeuronPulse]]]:
    """Return each record with its pulses: one of a step, two of a pair.

    A pulse without a spike may have switched the device if its current rises, or if the device conducts from the edge
    on. Pulses that were sent alike tell together whether it is a resistor. A step on a base level may be too small to
    be seen: then the current shows that the device stayed as it was, if it does not rise by a part of any spike.
    """
    records = [(record, _pulses(run, record, options)) for record in neuron_records(run)]
    pulses = [pulse for _, mine in records for pulse in mine]
    least = min((pulse.response.amplitude for pulse in pulses if pulse.response.fired), default=0.0)
    told = [pulse.response.fired or not (at_once or pulse.current.delay.fired or (
                pulse.current.firing is Firing.UNSEEN and not 0.0 <= pulse.response.amplitude <= _NOTHING * least))
            for pulse, at_once in zip(pulses, unseen([pulse.seen for pulse in pulses]), strict=True)]
    judged = iter([replace(pulse, response=replace(pulse.response, told=pulse.current.firing is Firing.STILL_ON or one))
                   for pulse, one in zip(pulses, told, strict=True)])
    return [(record, [next(judged) for _ in mine]) for record, mine in records]


def _pulses(run: Run, record: DeviceRecord, options: ExtractionOptions) -> list[_NeuronPulse]:
    """Return the pulses of a record as each of them looks by itself."""
    assert record.voltage is not None
    assert record.current is not None
    width, gap = record.conditions["pulse_width"], record.conditions.get("gap", math.inf)
    rise = float(parameter(run, "rise_time", 0.0)) / EDGE_SHARE
    edge, found = _edge(run, record, 1 if record.conditions["amplitude"] > 0 else -1), list[_NeuronPulse]()
    facts, flags = pulse_facts(run, record, options), record_flags(record, 0)
    path = path_resistance(run.header.fixture, "bias", record.conditions)
    step = float(record.times[1] - record.times[0]) if record.times.size > 1 else 0.0
    for number in range(2 if "pair" in record.conditions else 1):
        start = number * (width + gap) if number else 0.0
        begins, ends = edge.time + start - 0.5 * rise, edge.time + start + width + _AFTER * min(width, gap)
        # a second pulse begins in the gap, in which the device has had most of the time to switch off
        before = min(max(_SHOWN_OF_GAP * gap, _FEWEST_BEFORE * step), 0.5 * gap) if number else math.inf
        part = slice(*np.searchsorted(record.times, (begins - before, ends)))
        shown = record.times[part], record.voltage[0][part], record.current[0][part]
        response = _response(run, record, edge, start, start + width)
        current = outcome(*shown, facts, flags, edge=begins, rested=found[0].current if number else None)
        quiet = not response.fired and not current.delay.fired and current.firing is not Firing.STILL_ON
        found.append(_NeuronPulse(response, current, seen_pulse(
            (record.conditions["amplitude"], width, number and gap), *shown, facts, current.delay, path, quiet)))
    return found


def _response(run: Run, record: DeviceRecord, edge: StepEdge, start: float, end: float) -> StepResponse:
    """Return what one pulse of a record made, from ``start`` to ``end`` [s] after the first edge, at half height.

    Of the pulse, the part counts in which the stimulus is constant: the fall of the voltage at its end is no spike.
    """
    assert record.voltage is not None
    assert record.current is not None
    rise, fall = (_SETTLING * float(parameter(run, name, 0.0)) for name in ("rise_time", "fall_time"))
    polarity = 1 if record.conditions["amplitude"] > 0 else -1
    guard = _GUARD * (end - start)
    gain = combined(standard_uncertainty(run.header.fixture.sensing.current_tolerance),
                    standard_uncertainty(record.current_gain))
    facts = StepFacts(record.voltage_resolution, record.current_resolution, gain, polarity, rise, edge.uncertainty,
                      record.current_window)
    return step_response(record.times, record.voltage[0], record.current[0], edge.time + start,
                         edge.time + end - fall - guard, facts, record_flags(record, 0))


def _edge(run: Run, record: DeviceRecord, polarity: int) -> StepEdge:
    """Return when the first edge of a stimulus passes half of its height [s].

    The sync output of a generator rises as the edge begins. Without it, the device voltage tells the edge.
    """
    assert record.voltage is not None
    if parameter(run, "trigger", "device") == "external":
        length = float(parameter(run, "rise_time", 0.0)) / EDGE_SHARE
        return StepEdge(0.5 * length, length / 12.0**0.5)
    return step_edge(record.times, record.voltage[0], record.voltage_resolution, polarity)


def neuron(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return the verdicts on the four functions of a neuron, and the numbers that they rest on."""
    recovered = pair_recovery(run, options)
    results = neuron_results(step_responses(run, options), recovered, {})
    if recovered is not None:
        heights = [r.conditions["amplitude"] for r in neuron_records(run) if "pair" in r.conditions]
        conditions: dict[str, object] = {"amplitude": heights[0], "of": "pairs"}
        results += recovery_results(recovered, conditions)
    return results
