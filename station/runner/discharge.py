"""What charged capacitors do when the device switches: charge and energy, and a current that no source limits."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from tsbench.instruments import Plan
from tsbench.instruments.fixture import capacitors_elsewhere, charged_resistance, has_place
from tsbench.netlist import Netlist, parse_netlist
from tsbench.protocols import Protocol, limit_refusals
from tsbench.quantities import format_quantity, short_quantity
from tsbench.station.runner.safety import RunnerBench

_SLACK = 1e-9
_WHEN = "when the device switches, "


def with_all_charge(bench: RunnerBench, protocol: Protocol, plan: Plan) -> Plan:
    """Return a plan whose charge and energy count the capacitors behind a contact too, compared with the limits.

    A protocol counts the capacitance across the device alone, in :func:`tsbench.protocols.worst_case_items`.

    Parameters
    ----------
    bench : with the fixture of the run
    protocol : whose sources are on
    plan : of the run
    """
    more = dict(zip(("charge", "energy"), _elsewhere(bench, protocol, plan), strict=True))
    if not more["charge"]:
        return plan
    pulses = _worst(plan, "pulses")
    more["total charge"] = pulses * more["charge"]
    items = tuple(dataclasses.replace(item, value=item.value + more.get(item.quantity, 0.0))
                  for item in plan.worst_case)
    changed = [item for item, before in zip(items, plan.worst_case, strict=True)
               if item.value > before.value and not limit_refusals([before], bench.device, "")]
    refusals = limit_refusals(changed, bench.device, "lower the voltage, or the capacitance of the fixture")
    return dataclasses.replace(plan, worst_case=items, refusals=(*plan.refusals, *refusals))


def discharge_line(bench: RunnerBench, protocol: Protocol, plan: Plan) -> str:
    """Return one line where the stored charge may drive more through the device than max_current; "" where not.

    Charge and energy of the discharge are part of the plan's own, see :func:`with_all_charge`. Its current flows in the
    device alone: no source limits it, and no reading shows it.

    Parameters
    ----------
    bench : with the fixture of the run
    protocol : whose sources are on
    plan : of the run
    """
    device, across = bench.device, bench.fixture.parallel_capacitance
    most, voltage = device.limits.max_current, _worst(plan, "voltage")
    elsewhere = _elsewhere(bench, protocol, plan)
    charge, energy = across * voltage + elsewhere[0], across * voltage**2 / 2 + elsewhere[1]
    if most is None or charge <= 0.0:
        return ""
    least = device.least_resistance or 0.0
    # without a netlist: a capacitance that was measured lies across the device itself
    resistance = (charged_path(bench, protocol.roles) or 0.0) + least
    current = voltage / resistance if resistance > 0.0 else math.inf
    if current <= most * (1.0 + _SLACK):
        return ""
    advice = "Lower the voltage or the capacitance"
    if not least:
        advice += ", or state least_resistance in [devices.ID] of the bench file"
    given = f" with least_resistance = {short_quantity(least, 'Ohm')}" if least else ""
    what = "the capacitors of the fixture" if elsewhere[0] > 0.0 else f"the {short_quantity(across, 'F')} across it"
    amount = f"{format_quantity(charge, 'C', 3)} and {format_quantity(energy, 'J', 3)}"
    stored = f"({amount} at {short_quantity(voltage, 'V')})"
    bound = f"max_current = {short_quantity(most, 'A')}"
    if math.isinf(current):
        said = f", and nothing bounds the current for a moment {stored}. {bound} bounds"
    else:
        said = (f": up to {format_quantity(current, 'A', 3)} for a moment{given} {stored}. This is more than "
                f"{bound}, which bounds")
    return (f"{_WHEN}{what} discharge through it{said} only the current of the sources. {advice}. A campaign simulates "
            "this current if the material of the device has a model")


def discharge_lines(plan: Plan) -> list[str]:
    """Return what the warnings of a plan tell of the discharge."""
    return [line for line in plan.warnings if line.startswith(_WHEN)]


def charged_path(bench: RunnerBench, roles: Sequence[str]) -> float | None:
    """Return the resistance [Ohm] behind which the device finds the charged capacitors, and the sources of ``roles``.

    None: the bench has no netlist.
    """
    if (netlist := _netlist(bench)) is None:
        return None
    return charged_resistance(netlist, dict(_sources(bench, roles).values()))


def _elsewhere(bench: RunnerBench, protocol: Protocol, plan: Plan) -> tuple[float, float]:
    """Return charge [C] and energy [J] that capacitors elsewhere than across the device give off when it switches.

    A capacitor near a source that holds its voltage keeps its charge. The current of the plan says how far it does.
    """
    netlist, voltage, current = _netlist(bench), _worst(plan, "voltage"), _worst(plan, "current")
    if netlist is None or not has_place(netlist):
        return 0.0, 0.0
    most: dict[str, tuple[float, float]] = {}
    for role, (node, resistance) in _sources(bench, protocol.roles).items():
        path = bench.wire_path(role)
        if not (path.gain > 0.0 and voltage > 0.0 and math.isfinite(path.resistance)):
            continue
        emf = voltage / path.gain
        held = min(current * path.resistance / emf, 1.0) if path.resistance > 0.0 else 0.0
        for capacitor, opened, shorted in capacitors_elsewhere(netlist, node, resistance, path.coupled):
            before, after = emf * opened, emf * held * shorted
            if before > after:   # else the source charges it
                found = capacitor.value * (before - after), capacitor.value * (before**2 - after**2) / 2
                most[capacitor.name] = max(found, most.get(capacitor.name, (0.0, 0.0)))
    return sum(charge for charge, _ in most.values()), sum(energy for _, energy in most.values())


def _worst(plan: Plan, quantity: str) -> float:
    return max((float(item.value) for item in plan.worst_case if item.quantity == quantity), default=0.0)


def _sources(bench: RunnerBench, roles: Sequence[str]) -> Mapping[str, tuple[str, float]]:
    """Return role -> node and own output resistance [Ohm] of each source of ``roles`` in the fixture."""
    fixture, file = bench.fixture, getattr(bench, "file", None)
    terminals = {} if file is None else file.table.roles
    return {role: (fixture.terminals[terminals[role]], fixture.source_resistance[role]) for role in roles
            if role in fixture.source_resistance and terminals.get(role) in fixture.terminals}


def _netlist(bench: RunnerBench) -> Netlist | None:
    """Return the netlist with the sensor and the values that are set, as the bench has it; None without one."""
    file, text = getattr(bench, "file", None), bench.fixture.netlist
    if file is not None:
        found: Netlist | None = file.netlist
        return found
    return parse_netlist(text, list(bench.fixture.terminals.values()), check=False) if text.strip() else None
