"""What the capacitance across the device does when the device switches, which no source limits."""

import math

from tsbench.instruments import Plan
from tsbench.instruments.fixture import charged_resistance
from tsbench.netlist import Netlist, parse_netlist
from tsbench.protocols import Protocol
from tsbench.quantities import format_quantity, short_quantity
from tsbench.station.runner.safety import RunnerBench

_SLACK = 1e-9
_WHEN = "when the device switches, "


def discharge_line(bench: RunnerBench, protocol: Protocol, plan: Plan) -> str:
    """Return one line where the stored charge may drive more through the device than max_current; "" where not.

    Charge and energy of the discharge are part of the plan's own. Its current flows in the device alone: no source
    limits it, and no reading shows it.

    Parameters
    ----------
    bench : with the fixture of the run
    protocol : whose sources are on
    plan : of the run
    """
    device, across, netlist = bench.device, bench.fixture.parallel_capacitance, _netlist(bench)
    stored = max(across, sum(one.value for one in netlist.of_kind("C")) if netlist is not None else 0.0)
    most = device.limits.max_current
    voltage = max((float(item.value) for item in plan.worst_case if item.quantity == "voltage"), default=0.0)
    if most is None or stored <= 0.0 or voltage <= 0.0:
        return ""
    least = device.least_resistance or 0.0
    resistance = _resistance(bench, protocol) + least
    current = voltage / resistance if resistance > 0.0 else math.inf
    if current <= most * (1.0 + _SLACK):
        return ""
    reached = (f"its current may reach {format_quantity(current, 'A', 3)} for a moment" if math.isfinite(current)
               else "nothing bounds its current for a moment")
    given, advice = (
        (f"with least_resistance = {short_quantity(least, 'Ohm')}, ", "Lower the voltage or the capacitance") if least
        else ("", "Lower the voltage or the capacitance, or state least_resistance in [devices.ID] of the bench file"))
    beside = stored > across * (1.0 + _SLACK)   # behind a contact, or at another node: a part may stay there
    what = (f"the capacitors of the fixture ({short_quantity(stored, 'F')}) may discharge through it: up to" if beside
            else f"the {short_quantity(stored, 'F')} across the device discharge through it:")
    return (f"{_WHEN}{what} {format_quantity(stored * voltage, 'C', 3)} and "
            f"{format_quantity(stored * voltage**2 / 2, 'J', 3)} at {short_quantity(voltage, 'V')}, and "
            f"{given}{reached}. max_current of {short_quantity(most, 'A')} does "
            f"not bound this current. {advice}. A campaign simulates this current if the material of the device has a "
            "model")


def discharge_lines(plan: Plan) -> list[str]:
    """Return what the warnings of a plan tell of the discharge."""
    return [line for line in plan.warnings if line.startswith(_WHEN)]


def _resistance(bench: RunnerBench, protocol: Protocol) -> float:
    """Return the resistance [Ohm] behind which the device finds the charged capacitors and the sources."""
    fixture, netlist = bench.fixture, _netlist(bench)
    if netlist is None:
        return 0.0   # a capacitance that was measured lies across the device itself
    file = getattr(bench, "file", None)
    roles = {} if file is None else file.table.roles
    sources = {fixture.terminals[roles[role]]: fixture.source_resistance[role] for role in protocol.roles
               if role in fixture.source_resistance and roles.get(role) in fixture.terminals}
    return charged_resistance(netlist, sources)


def _netlist(bench: RunnerBench) -> Netlist | None:
    """Return the netlist with the sensor and the values that are set, as the bench has it; None without one."""
    file, text = getattr(bench, "file", None), bench.fixture.netlist
    if file is not None:
        found: Netlist | None = file.netlist
        return found
    return parse_netlist(text, list(bench.fixture.terminals.values()), check=False) if text.strip() else None
