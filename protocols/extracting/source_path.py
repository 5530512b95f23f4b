"""How a generator drives the device, as the header of a run says it: its level, and the resistance of its path."""

import math
from collections.abc import Iterable, Mapping

from tsbench.analysis.energy.spike_energy import SourcePath
from tsbench.analysis.statistics import standard_uncertainty
from tsbench.instruments.fixture import path_of, with_resistor_to_ground
from tsbench.netlist import parse_netlist
from tsbench.protocols.extracting.facts import instrument_of, level_limit, path_resistance
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Run

#: conditions of a record that are a level [V] of the source: one that is constant, the height of a pulse above its base
BIAS, PULSE = "bias", "amplitude"
_LEAST = 1e-3  #: [Ohm] of a sensor without a stated resistance


def driving_role(roles: Iterable[str]) -> str:
    """Return the role of a protocol that drives the device; "" if it has none or several.

    A role is a place in the wiring. Pulses come from "bias" too, where they go through the load resistor.

    Parameters
    ----------
    roles : of the protocol
    """
    sources = [role for role in roles if role != "scope"]
    return sources[0] if len(sources) == 1 else ""


def source_path(
    run: Run, role: str, conditions: Mapping[str, float], options: ExtractionOptions, level_name: str = BIAS,
) -> SourcePath | None:
    """Return how the source in a role drives the device; None if this is not known.

    The wiring must be one loop of the source, its resistance and the device: with a divider, the netlist says so. A
    source meter may limit the current, so only a generator counts.

    Parameters
    ----------
    run : with its header
    role : of the source
    conditions : of the record
    options : choices of the extraction
    level_name : the condition that is its level: BIAS (constant), or PULSE (the height of a pulse above its base)
    """
    fixture, facts = run.header.fixture, instrument_of(run.header, role)
    level, resistance = conditions.get(level_name), path_resistance(fixture, role, conditions)
    stated = (facts.get("accuracy") or {}).get("level")
    if level is None or not stated or not 0.0 < resistance < math.inf or not _is_loop(run, role):
        return None
    limit = level_limit(run.header, role, level, pulse=level_name == PULSE)
    return SourcePath(level, standard_uncertainty(limit), resistance, standard_uncertainty(options.path_tolerance),
                      fixture.parallel_conductance)


def _is_loop(run: Run, role: str) -> bool:
    """Return whether all of the source's voltage is at the device while that carries no current."""
    fixture = run.header.fixture
    for name, facts in run.header.instruments.items():
        channel = (facts.get("channels") or {}).get(role)
        node = fixture.terminals.get(f"{name}.{channel}" if channel else name)
        if role in tuple(facts.get("roles") or ()) and node and fixture.netlist.strip():
            netlist = parse_netlist(fixture.netlist, check=False)
            sensing = fixture.sensing
            if sensing.current_sensor != "shunt" and sensing.current_node in netlist.nodes:   # the text has no sensor
                burden = max(sensing.burden, _LEAST)
                netlist = with_resistor_to_ground(netlist, "R_sensor", sensing.current_node, burden)
            return abs(path_of(netlist, node, fixture.source_resistance.get(role, 0.0)).gain - 1.0) < 1e-3
    return False
