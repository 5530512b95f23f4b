"""A stimulus to numbers: spikes, their rate, and the energy that the device takes, at each amplitude."""

from dataclasses import replace

from tsbench.analysis.neuron.driven_spikes import (
    DrivenFacts,
    DrivenResponse,
    driven_response,
    driven_results,
    excursions,
)
from tsbench.analysis.pulse.at_once import AtOnce, unknown
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.protocols.extracting.facts import parameter, path_resistance
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.records import Flag, Result, Run, Waveform


def stimulus_records(run: Run, options: ExtractionOptions | None = None) -> list[tuple[DeviceRecord, DrivenResponse]]:
    """Return (record, response) of each stimulus that the scope recorded.

    Stimuli of one amplitude tell together whether a device that conducts from the edge on is a resistor.
    """
    rests, found = float(parameter(run, "base", 0.0)) == 0.0, list[tuple[DeviceRecord, DrivenResponse]]()
    edges, alike = list[list[AtOnce | None]](), list[tuple[float, int]]()
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        gain = combined(standard_uncertainty(run.header.fixture.sensing.current_tolerance),
                        standard_uncertainty(record.current_gain))
        facts = DrivenFacts(record.voltage_resolution, record.current_resolution, record.voltage_gain, gain,
                            record.voltage_offset, rests)
        shown = record.times, record.voltage[0], record.current[0]
        response = driven_response(*shown, facts, record_flags(record, 0))
        path = path_resistance(run.header.fixture, "bias", record.conditions)
        edges.append([] if response.spikes.size else excursions(
            *shown, pulse_facts(run, record, options or ExtractionOptions()), path))
        alike += [(record.conditions["amplitude"], number) for number in range(len(edges[-1]))]
        found.append((record, response))
    undecided = iter(unknown([edge for mine in edges for edge in mine], alike))
    return [(record, replace(response, told=not any([next(undecided) for _ in mine])))
            for (record, response), mine in zip(found, edges, strict=True)]


def sent_levels(run: Run) -> dict[float, Waveform]:
    """Return what was set at the generator, by amplitude [V]."""
    return {wave.conditions["amplitude"]: wave for wave in run.waveforms if wave.channel == "stimulus"}


def stimulus_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return number and rate of the spikes, and the energy that the device takes, at each amplitude."""
    groups: dict[float, list[DrivenResponse]] = {}
    for record, found in stimulus_records(run, options):
        groups.setdefault(record.conditions["amplitude"], []).append(found)
    results = [row for amplitude, shots in groups.items() for row in driven_results(shots, {"amplitude": amplitude})]
    return or_nothing(results, run, "spike_count", "")
