"""The plan of a protocol, checked before anything is sent; the protocol may be another author's."""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from numbers import Integral, Real

import numpy as np

from tsbench.errors import ConfigurationError, LimitError, TsbenchError, sentences
from tsbench.instruments import Plan, PlanItem
from tsbench.instruments.guard.exposed_terminals import high_voltage_refusal
from tsbench.instruments.guard.source_meter import GuardedSourceMeter
from tsbench.plugins import in_words, note_fault
from tsbench.protocols import Protocol
from tsbench.quantities import short_quantity
from tsbench.records import Sensing
from tsbench.station.bench.fixture_values import fixture_values
from tsbench.station.bench.guards import sensor_guard
from tsbench.station.runner.discharge import discharge_line, with_all_charge
from tsbench.station.runner.safety import RunnerBench

MOST_POINTS = 10_000_000  #: of one run: what memory holds when it is read back


def checked_plan(bench: RunnerBench, protocol: Protocol, discharge: bool = True) -> Plan:
    """Return the plan of a protocol on this bench.

    ``discharge``: whether its warnings tell what the capacitance across the device does when that switches. The plan of
    a campaign has its own worst case.

    Raises
    ------
    ConfigurationError
        The bench lacks a role or a route, or the protocol makes no plan that can be used.
    LimitError
        The plan is refused; the message holds every reason.
    """
    require_roles(protocol, bench.has)
    if reason := bench.preparation.refusal(protocol.roles):
        raise ConfigurationError(f"{protocol.name}: {reason}")
    with calling_protocol(protocol, "plan"):
        returned: object = protocol.plan(bench)
    plan = with_all_charge(bench, protocol, _good_plan(protocol, returned))
    if (most := max(plan.steps, plan.points)) > MOST_POINTS:
        raise LimitError(
            f"{protocol.name}: the run would have {most:.3g} points, but at most {MOST_POINTS:.0e} fit one run. Use "
            "fewer pulses, repeats or cycles, or split the run"
        )
    worst = max((item.value for item in plan.worst_case if item.unit == "V"), default=0.0)
    current = max((item.value for item in plan.worst_case if item.unit == "A"), default=0.0)
    beyond = (high_voltage_refusal(worst, bench.rating), sensor_guard(bench.fixture.sensing).refusal(current),
              bench.preparation.overload(protocol.roles, worst, current))
    if refusals := [*plan.refusals, *_behind_capacitors(bench, protocol, plan),
                    *(f"{protocol.name}: {reason}" for reason in beyond if reason),
                    *_ringing(bench, protocol, worst)]:
        raise LimitError(sentences(*refusals))
    return dataclasses.replace(plan, warnings=(
        *plan.warnings, *([line] if discharge and (line := discharge_line(bench, protocol, plan)) else []),
        *_sensor_warnings(bench.fixture.sensing, current),
        *bench.preparation.leaks(protocol.roles, worst, current)))


def _ringing(bench: RunnerBench, protocol: Protocol, worst: float) -> Iterator[str]:
    """Yield why a coil lets pulses go beyond ``max_voltage`` of the device."""
    if (most := bench.device.limits.max_voltage) is None:
        return
    with calling_protocol(protocol, "parameters"):
        settings = protocol.parameters()
    edges = [float(settings[name].get("value", 0.0)) for name in ("rise_time", "fall_time") if name in settings]
    base = float(settings.get("base", {}).get("value", 0.0))
    yield from bench.preparation.ringing_refusals(protocol.roles, worst, most, min(edges, default=0.0), base)


def _behind_capacitors(bench: RunnerBench, protocol: Protocol, plan: Plan) -> Iterator[str]:
    """Yield, where a limit of the device refuses a plan, which levels a capacitor in series adds to those of the plan.

    Without these lines, the value in the refusal is in no setting of the run.
    """
    if not any(line.startswith("device: ") for line in plan.refusals):
        return
    for role in protocol.roles:
        path = bench.wire_path(role) if role in bench.fixture.source_resistance else None
        if path is None or not path.coupled:
            continue
        line = (f"{role}: a capacitor is in series with the device. It may hold 0 V or any level that was on before, "
                "so the difference between the levels counts")
        if any(path.held) or path.left:
            low, high = (short_quantity(level, "V") for level in path.held)
            line += (f". On this bench, levels from {low} to {high} were on before. Use levels nearer to these, or "
                     "discharge the capacitor and open the bench again")
        if path.left:
            line += f". Other sources may have left {short_quantity(path.left, 'V')} on it"
        yield line


def require_roles(protocol: Protocol, has: Callable[[str], bool]) -> None:
    """Raise a ConfigurationError if a bench lacks a role of a protocol; ``has`` says whether it has one."""
    for role in protocol.roles:
        if not has(role):
            raise ConfigurationError(
                f"{protocol.name}: the bench has no role '{role}'. Add it to [roles] in the bench file")


def arranged_plan(
    bench: RunnerBench, protocol: Protocol, given: Mapping[str, float] | None, discharge: bool = True,
) -> Plan:
    """Set the values of the fixture, and return the plan of a protocol with them.

    The plan is checked with these values before one of them is set.

    Parameters
    ----------
    bench : RunnerBench
    protocol : Protocol
    given : quantity -> [Ohm or F]; None: what is set stays
    discharge : as for :func:`checked_plan`

    Raises
    ------
    ConfigurationError, LimitError
        As for :func:`checked_plan`, or a value cannot be set.
    """
    if pending := bench.preparation.pending(None if given is None else fixture_values(given)):
        checked_plan(bench.planning_for("", pending), protocol)   # with the limits that hold now
        bench.preparation.arrange(pending)
    return checked_plan(bench, protocol, discharge)


def require_interlock(bench: RunnerBench, protocol: Protocol, plan: Plan) -> None:
    """Ask every source meter of the protocol whether its interlock is closed, if it can reach the plan's voltage.

    The plan does not tell which of several source meters brings its voltage to the device. So each of them is asked, at
    the voltage of the plan or at the largest that it can make.

    Raises
    ------
    LimitError
        One is open; nothing is switched on. The message names the instrument.
    """
    worst = max((item.value for item in plan.worst_case if item.unit == "V"), default=0.0)
    meters: list[GuardedSourceMeter] = []
    for role in protocol.roles:
        with contextlib.suppress(ConfigurationError):   # the role of another kind of instrument
            meter: object = bench.source_meter(role)
            if isinstance(meter, GuardedSourceMeter) and meter not in meters:
                meters.append(meter)
    for meter in meters:
        source = meter.capabilities.source_voltage
        if reason := meter.interlock_refusal(min(worst, max(abs(source.low), abs(source.high)))):
            raise LimitError(f"{protocol.name}: {reason}. Nothing was switched on")


def _sensor_warnings(sensing: Sensing, current: float) -> Iterator[str]:
    """Yield where an amplifier cannot show the current [A] that the plan may drive."""
    amplifier = sensing.amplifier
    if amplifier is not None and current > (most := abs(amplifier.maximum_output / amplifier.gain)):
        yield (f"the amplifier at '{sensing.current}' shows at most {short_quantity(most, 'A')}, but up to "
               f"{short_quantity(current, 'A')} may flow through a shorted device. Larger currents are cut off, and "
               "their records are marked as clipped")


@contextlib.contextmanager
def calling_protocol(protocol: Protocol, method: str) -> Iterator[None]:
    """Name protocol and method in whatever a method of a protocol raises before anything is sent.

    An Exception passes through with a note, because it is a programming error: a script sees its own error.

    Raises
    ------
    ConfigurationError
        The method left by ``sys.exit``, or raised something else that is no Exception.
    """
    try:
        yield
    except (TsbenchError, KeyboardInterrupt):
        raise
    except Exception as error:
        note_fault(error, f"{protocol.name}: the method {method} failed")
        raise
    except BaseException as error:
        raise ConfigurationError(
            f"{protocol.name}: the method {method} failed ({in_words(error)}). Nothing was sent") from error


def _good_plan(protocol: Protocol, plan: object) -> Plan:
    """Return what a protocol planned; ConfigurationError if it is not a plan, or cannot be used."""
    if not isinstance(plan, Plan):
        raise ConfigurationError(
            f"{protocol.name}: the method plan returned {plan!r:.60}, not a Plan. Nothing was sent")
    if wrong := next(_problems(plan), ""):
        raise ConfigurationError(f"{protocol.name}: {wrong}. Nothing was sent")
    return plan


def _problems(plan: Plan) -> Iterator[str]:
    """Yield one line for each field of the plan with a wrong type or value."""
    for name in ("steps", "points", "bytes"):
        count: object = getattr(plan, name)
        if not isinstance(count, Integral) or count < 0:
            yield f"{name} = {count!r:.60} of the plan must be a whole number from 0"
    if not _is_size(plan.duration):
        yield f"duration = {plan.duration!r:.60} of the plan must be a number of seconds from 0"
    for name in ("refusals", "warnings"):
        lines: object = getattr(plan, name)
        if not isinstance(lines, tuple | list) or not all(isinstance(line, str) for line in lines):
            yield f"{name} = {lines!r:.60} of the plan must be a tuple of texts"
    yield from _problems_of_preview(plan.preview)
    if not isinstance(plan.worst_case, tuple | list):
        yield f"worst_case = {plan.worst_case!r:.60} of the plan must be a tuple of PlanItem"
        return
    for item in plan.worst_case:
        if not isinstance(item, PlanItem):
            yield f"{item!r:.60} in worst_case of the plan must be a PlanItem"
        elif not _is_size(item.value):
            yield f"{item.quantity} = {item.value!r:.60} in worst_case of the plan must be a number from 0"


def _problems_of_preview(preview: object) -> Iterator[str]:
    if not isinstance(preview, Mapping):
        yield f"preview = {preview!r:.60} of the plan must be a mapping of name to array"
    elif len(shapes := {np.shape(values) for values in preview.values()}) > 1 or any(len(s) != 1 for s in shapes):
        yield f"the arrays in preview of the plan must have one dimension and the same length, not {sorted(shapes)}"


def _is_size(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0.0 <= float(value) < math.inf
