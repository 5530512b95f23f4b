"""A stimulus to numbers: spikes, their rate, and the energy that the device takes, at each amplitude."""

from collections.abc import Iterator

from tsbench.analysis.neuron.driven_spikes import DrivenFacts, DrivenResponse, driven_response, driven_results
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.records import Flag, Result, Run, Waveform


def stimulus_records(run: Run) -> Iterator[tuple[DeviceRecord, DrivenResponse]]:
    """Yield (record, response) of each stimulus that the scope recorded."""
    rests = float(parameter(run, "base", 0.0)) == 0.0
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        gain = combined(standard_uncertainty(run.header.fixture.sensing.current_tolerance),
                        standard_uncertainty(record.current_gain))
        facts = DrivenFacts(record.voltage_resolution, record.current_resolution, record.voltage_gain, gain,
                            record.voltage_offset, rests)
        yield record, driven_response(
            record.times, record.voltage[0], record.current[0], facts, record_flags(record, 0))


def sent_levels(run: Run) -> dict[float, Waveform]:
    """Return what was set at the generator, by amplitude [V]."""
    return {wave.conditions["amplitude"]: wave for wave in run.waveforms if wave.channel == "stimulus"}


def stimulus_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return number and rate of the spikes, and the energy that the device takes, at each amplitude."""
    groups: dict[float, list[DrivenResponse]] = {}
    for record, found in stimulus_records(run):
        groups.setdefault(record.conditions["amplitude"], []).append(found)
    results = [row for amplitude, shots in groups.items() for row in driven_results(shots, {"amplitude": amplitude})]
    return or_nothing(results, run, "spike_count", "")
