"""Records of voltage and current as the extractor of energies takes them."""

import math

from tsbench.analysis.energy.spike_energy import PowerFacts, SourcePath
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.instruments.fixture import path_of
from tsbench.netlist import parse_netlist
from tsbench.protocols.extracting.facts import capacitance_at_device, instrument_of, level_limit, timebase_accuracy
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts
from tsbench.protocols.extracting.signals import DeviceRecord
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
        source=_source(run, record, options),
    )


def _source(run: Run, record: DeviceRecord, options: ExtractionOptions) -> SourcePath | None:
    """Return how the bias drives the device; None where this is not known, or a source meter may limit the current.

    The wiring must be one loop of the source, its resistance and the device: with a divider, the netlist says so.
    """
    fixture, facts = run.header.fixture, instrument_of(run.header, "bias")
    level, resistance = record.conditions.get("bias"), fixture.path_resistance.get("bias", 0.0)
    stated = (facts.get("accuracy") or {}).get("level")
    if level is None or not stated or not 0.0 < resistance < math.inf or not _is_loop(run):
        return None
    limit = level_limit(run.header, "bias", level)
    control = record.conditions.get("load_resistance")
    if control is not None and "load_resistance" in fixture.control:   # of this record, in place of the first one
        resistance += control - fixture.control["load_resistance"]
    return SourcePath(level, standard_uncertainty(limit), resistance, standard_uncertainty(options.path_tolerance),
                      fixture.parallel_conductance)


def _is_loop(run: Run) -> bool:
    """Return whether all of the source's voltage is at the device while that carries no current."""
    fixture = run.header.fixture
    for name, facts in run.header.instruments.items():
        channel = (facts.get("channels") or {}).get("bias")
        node = fixture.terminals.get(f"{name}.{channel}" if channel else name)
        if "bias" in tuple(facts.get("roles") or ()) and node and fixture.netlist.strip():
            netlist = parse_netlist(fixture.netlist, check=False)
            return abs(path_of(netlist, node, fixture.source_resistance.get("bias", 0.0)).gain - 1.0) < 1e-3
    return False
