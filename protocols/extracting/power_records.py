"""Records of voltage and current as the extractor of energies takes them."""

from tsbench.analysis.energy.spike_energy import PowerFacts
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.protocols.extracting.facts import capacitance_at_device, timebase_accuracy
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts
from tsbench.protocols.extracting.signals import DeviceRecord
from tsbench.protocols.extracting.source_path import source_path
from tsbench.records import Run


def power_facts(run: Run, record: DeviceRecord, options: ExtractionOptions) -> PowerFacts:
    """Return what is known of voltage and current of one acquisition under a bias."""
    pulse = pulse_facts(run, record, options)
    return PowerFacts(
        voltage_gain=record.voltage_gain,
        voltage_offset=record.voltage_offset,
        current_gain=standard_uncertainty(pulse.current_gain),
        current_offset=record.current_offset,
        sense_delay=pulse.sense_delay + pulse.skew,
        delay_uncertainty=combined(
            standard_uncertainty(pulse.channel_skew), standard_uncertainty(pulse.sense_delay_limit)),
        capacitance=capacitance_at_device(run.header.fixture),
        timebase=standard_uncertainty(timebase_accuracy(run.header)),
        bandwidth=record.bandwidth,
        source=source_path(run, "bias", record.conditions, options),
    )
