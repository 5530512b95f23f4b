"""A neuron to numbers: what each step and pair made, and the verdicts on the four functions."""

from collections.abc import Iterator

from tsbench.analysis.neuron.functions import AmplitudeResponse, neuron_results
from tsbench.analysis.neuron.step_response import StepFacts, StepResponse, step_response
from tsbench.analysis.pulse.firing import Firing
from tsbench.analysis.refractory.refractory import PairOutcome, Recovery, recovery, recovery_results
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.protocols.extracting.departure import StepEdge, step_edge
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.records import Flag, Result, Run

#: edges that a stimulus takes to reach its level, after half of it
_SETTLING = 1.5
_GUARD = 0.02  #: share of a stimulus that is left out before its end, because its beginning is known so well


def neuron_records(run: Run) -> Iterator[DeviceRecord]:
    """Yield the records of a run that the scope triggered on, with voltage and current."""
    for record in device_records(run):
        if record.voltage is not None and record.current is not None and Flag.TRIGGER_MISSED not in record.flags:
            yield record


def step_responses(run: Run) -> list[AmplitudeResponse]:
    """Return the responses to the steps of each amplitude, in order of amplitude."""
    found: dict[float, list[StepResponse]] = {}
    for record in neuron_records(run):
        if "shot" in record.conditions:
            found.setdefault(record.conditions["amplitude"], []).append(
                _response(run, record, 0.0, record.conditions["pulse_width"]))
    known = {amplitude: tuple(one for one in shots if Flag.NO_EVENT not in one.flags)
             for amplitude, shots in found.items()}
    return [AmplitudeResponse(amplitude, shots, len(found[amplitude]) - len(shots))
            for amplitude, shots in sorted(known.items(), key=lambda one: abs(one[0]))]


def pair_recovery(run: Run) -> Recovery | None:
    """Return the recovery after a pulse by the pairs of a run; None where it has none."""
    outcomes = []
    for record in neuron_records(run):
        if "pair" not in record.conditions:
            continue
        width, gap = record.conditions["pulse_width"], record.conditions["gap"]
        first = _response(run, record, 0.0, width)
        second = _response(run, record, width + gap, 2 * width + gap)
        both = Flag.NO_EVENT not in first.flags | second.flags   # else it counts as one that the scope missed
        outcomes.append(PairOutcome(gap, *(
            None if not both else Firing.FIRED if one.fired else Firing.QUIET for one in (first, second))))
    return recovery(outcomes) if outcomes else None


def _response(run: Run, record: DeviceRecord, start: float, end: float) -> StepResponse:
    """Return what one pulse of a record made, from ``start`` to ``end`` [s] after the first edge, at half height.

    Of the pulse, the part counts in which the stimulus is constant: the fall of the voltage at its end is no spike.
    """
    assert record.voltage is not None
    assert record.current is not None
    rise, fall = (_SETTLING * float(parameter(run, name, 0.0)) for name in ("rise_time", "fall_time"))
    polarity = 1 if record.conditions["amplitude"] > 0 else -1
    edge = _edge(run, record, polarity)
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
    recovered = pair_recovery(run)
    results = neuron_results(step_responses(run), recovered, {})
    if recovered is not None:
        heights = [r.conditions["amplitude"] for r in neuron_records(run) if "pair" in r.conditions]
        conditions: dict[str, object] = {"amplitude": heights[0], "of": "pairs"}
        results += recovery_results(recovered, conditions)
    return results
