"""Text of the kernel that integrates many circuits of one topology in lockstep: one step of all lanes, then the next.

Everything that a lane is (unknowns, parameters, entries of L, its own time, step and error) stands in one flat array,
``WIDTH`` lanes beside each other, at offsets that are literals: so the compiler sees that no two entries overlap, and
turns the loop over lanes into vector code. A lane that is refused a step tries a shorter one while the others go on. A
lane that has something to do that is not a step (it landed on a breakpoint, crossed the level, came to its end) is
flagged, and looked after one by one behind the loop; one that is done makes room for the next circuit.

The text below contains the step loop of :func:`.integrator.integrate` a second time: a change of the loop there must be
made here as well. Lanes take the same steps, on the same ladder of lengths. A lane that may have a mode
that grows unseen (:mod:`.growth`) ends, and its circuit is run alone.
"""

from collections.abc import Callable, Mapping

from tsbench.simulated_backends.circuit.kernel.specialised import device_definitions, indented
from tsbench.simulated_backends.circuit.kernel.straight_line import StraightLine, numbers_from_row
from tsbench.simulated_backends.circuit.kernel.topology import Topology
from tsbench.simulated_backends.devices.source_text import vectorises

WIDTH = 32  #: lanes in one array: what a step touches fits the first-level cache
#: of each lane besides its numbers: time, step to try, next and last breakpoint, 1 after a refusal, logarithms of the
#: last error and length, accepted and refused steps, what to look after; then of the last step: its start and length,
#: the watched quantity at both ends and its dense output; and of the watched quantity: its part from the sources, the
#: slope of that; and of the watch on growing modes: from which length on a step is looked at, 1 to look, length of the
#: last step, what :mod:`.growth` remembers
CLOCK = ("t", "h", "following", "reference", "refusal", "error", "length", "steps", "refused", "flag",
         "start", "step", "g0", "g1", "gp", "gq", "e0", "e1", "least", "look", "last", "real", "change", "folds")
CROSSED, LANDED, ENDED, STUCK_FLAG = 1.0, 2.0, 4.0, 8.0


def straight(topology: Topology) -> bool:
    """Return whether circuits of this topology can run in lockstep."""
    return not topology.stages and all(vectorises(d.mechanism) for d in topology.devices)


def layout(topology: Topology, watched: tuple[int, ...]) -> dict[str, int]:
    """Return the place of each of a lane's numbers; ``watched`` are the unknowns in the watched quantity."""
    rows = range(len(topology.occupied))
    names = [*CLOCK, *(f"y{a}" for a in range(topology.size)), *(f"w_{a}" for a in range(topology.size))]
    names += [f"L_{r}_{c}" for r in rows for c in topology.occupied[r]]
    names += [f"P_{k}_{name}" for k, d in enumerate(topology.devices) for name in numbers_from_row(d.mechanism)]
    names += [f"{part}_{r}" for part in "ds" for r in rows] + [f"G_{a}" for a in watched]
    return {name: place for place, name in enumerate(names)}


def watch_lines(topology: Topology, rates: Mapping[tuple[int, int], str], at: Callable[[str], str]) -> list[str]:
    """Return statements that say whether to look at a lane more closely: ``rates`` are the entries of A at the start.

    With two states the eigenvalues are written out, and what :func:`.growth.grows_unseen` does with them, for the end
    of the step before; with more the end of each step that is long is looked at.
    """
    m = topology.differential

    def entry(a: int, b: int) -> str:
        return rates.get((a, b), "0.0")

    if m < 2:
        return [f"{at('look')} = 0.0"]
    if m > 2:
        products = " + ".join(f"abs({entry(a, b)} * {entry(b, a)})" for a in range(m) for b in range(m)
                              if (a, b) in rates and (b, a) in rates)
        return [f"fastest = {products or '0.0'}",
                f"{at('look')} = 1.0 if accepted and step * step * fastest > {at('least')} * {at('least')} else 0.0",
                f"{at('last')} = step if accepted else {at('last')}"]
    return [
        f"last, before_last, change, folds = {at('last')}, {at('real')}, {at('change')}, {at('folds')}",
        f"first, second, couple = {entry(0, 0)}, {entry(1, 1)}, {entry(0, 1)} * {entry(1, 0)}",
        "fastest = first * first + second * second + 2.0 * abs(couple)",
        f"least = {at('least')}",
        "consider = refusal == 0.0 and active and last * last * fastest > least * least",
        "inside = 0.25 * (first - second) * (first - second) + couple",
        "real = 0.5 * (first + second) + math.sqrt(inside if inside > 0.0 else 0.0)",
        "over_step, grown, most = growth_over_step(real, before_last, change, folds, last)",
        f"{at('look')} = 1.0 if consider and most > NEARLY * LIMIT else 0.0",
        f"{at('folds')} = (grown if real > 0.0 else 0.0) if consider else folds",
        f"{at('change')} = over_step if consider else (change if refusal > 0.0 else 0.0)",
        f"{at('real')} = real if consider else (before_last if refusal > 0.0 else math.nan)",
        f"{at('last')} = step if accepted else last",
    ]


def lockstep_text(topology: Topology, watched: tuple[int, ...]) -> str:
    """Return the module of the kernel."""
    place = layout(topology, watched)

    def at(name: str) -> str:
        return f"a[{place[name] * WIDTH} + lane]"

    straight_line = StraightLine(topology)
    statements = straight_line.step()
    loads = [f"{name} = {at(name)}" for name in place if (name[0] in "yds" and name[1:].strip("_").isdigit())
             or name[:2] in ("w_", "L_", "P_")]
    loads += [f"G_{a} = {at(f'G_{a}')}" for a in watched]
    step = [
        f"t, h, following, reference = {at('t')}, {at('h')}, {at('following')}, {at('reference')}",
        f"refusal, error_before, length_before = {at('refusal')}, {at('error')}, {at('length')}",
        "h = largest if h > largest else h",
        "step, landing = step_to_try(h, following - t)",
        "step = 1.0 if t >= stop else step   # a lane that has ended: whatever comes of it is dropped",
        "elapsed = t - reference",
        *loads, *statements,
        "after, length, error = after_success(step, squared, h, refusal > 0.0, length_before, error_before)",
        "after = h if landing else after",
        "shorter = after_refusal(step, squared)",
        "e0, e1 = " + f"{at('e0')}, {at('e1')}",
        "g0 = (e0 + e1 * elapsed)" + "".join(f" + G_{a} * y{a}" for a in watched),
        "g1 = (e0 + e1 * (elapsed + step))" + "".join(f" + G_{a} * z{a}" for a in watched),
        "active = t < stop",
        "accepted = acceptable(squared) and active",
        "end = following if landing else t + step",
        "crossed = CROSSED if g0 < level and g1 >= level else 0.0",
        "landed = LANDED if landing else 0.0",
        "ended = ENDED if end >= stop else 0.0",
        "stuck = STUCK_FLAG if too_short(shorter, t) else 0.0",
        "flag = crossed + landed + ended if accepted else (stuck if active else 0.0)",
        f"{at('flag')} = flag",
        *watch_lines(topology, straight_line.rates, at),
        f"{at('start')} = t",
        f"{at('step')} = step",
        f"{at('g0')} = g0",
        f"{at('g1')} = g1",
        f"{at('gp')} = " + (" + ".join(f"G_{a} * p{a}" for a in watched) or "0.0"),
        f"{at('gq')} = " + (" + ".join(f"G_{a} * q{a}" for a in watched) or "0.0"),
        f"{at('t')} = end if accepted else t",
        f"{at('h')} = after if accepted else (shorter if active else h)",
        f"{at('refusal')} = 0.0 if accepted else 1.0",
        f"{at('error')} = error if accepted else error_before",
        f"{at('length')} = length if accepted else length_before",
        f"{at('steps')} = {at('steps')} + (1.0 if accepted else 0.0)",
        f"{at('refused')} = {at('refused')} + (0.0 if accepted or not active else 1.0)",
        *(f"{at(f'y{a}')} = z{a} if accepted else y{a}" for a in range(topology.size)),
    ]
    constants = "\n".join(f"{name.upper()} = {place[name]}" for name in CLOCK)
    return "\n".join((
        _HEAD + device_definitions(topology), "", constants, "",
        f"FIRST_UNKNOWN, FIRST_WEIGHT, FIRST_DRIVE = {place['y0']}, {place['w_0']}, {place.get('d_0', 0)}",
        f"SLOTS = {len(place)}", "",
        "@compiled\ndef step_all(a, largest, stop, rtol, level):", "    widest_vectors()",
        f"    for lane in range({WIDTH}):",
        *indented(indented(step)), "\n", _LOOP.replace("WIDTH", str(WIDTH))))


_HEAD = '''"""Written by tsbench for one topology of circuit; may be deleted at any time."""
import math

from tsbench.simulated_backends.circuit.kernel.arrays import (
    NOW, RATES, SIZES, SLOPE, SOURCE_SLOPES, SOURCES, STEP_MATRIX, SourceArrays)
from tsbench.simulated_backends.circuit.kernel.equations import drive_at, solve_currents
from tsbench.simulated_backends.circuit.kernel.growth import LIMIT, LONG, LONG_AT_FIRST, growth_over_step
from tsbench.simulated_backends.circuit.kernel.integrator import NO_CURRENT, REACHED, STUCK, UNSTABLE
from tsbench.simulated_backends.circuit.kernel.lanes import NEARLY, crossing_in_step, lane_may_leave
from tsbench.simulated_backends.circuit.kernel.lockstep import CROSSED, ENDED, LANDED, STUCK_FLAG
from tsbench.simulated_backends.circuit.kernel.places import device_count
from tsbench.simulated_backends.circuit.kernel.step_control import (
    NOTHING_BEFORE, acceptable, after_breakpoint, after_refusal, after_success, step_to_try, too_short)
from tsbench.simulated_backends.numerics.compilation import as_compiled, compiled, inlined, widest_vectors
'''

_LOOP = '''
@compiled
def lockstep(a, lanes, linear, devices, kinds, parameters, tables, rows, places, control, scratch, largest, stop,
             level, events, counts, status):
    owners, y, weights, space = scratch.owners, scratch.unknowns, scratch.weights, scratch.space
    vectors, matrices, pivots, drives, work = space.vectors, space.matrices, space.pivots, space.drives, space.work
    u, du, drive, slope = drives[SOURCES], drives[SOURCE_SLOPES], drives[NOW], drives[SLOPE]
    L, R, E = linear
    table_times, table_values = tables
    rtol = control.rtol
    n, waiting, running = y.size, 0, 0
    total = lanes.shape[0]
    for lane in range(WIDTH):
        owners[lane] = -1.0
        a[T * WIDTH + lane] = stop
        if waiting < total:
            for s in range(SLOTS):
                a[s * WIDTH + lane] = lanes[waiting, s]
            owners[lane] = waiting
            waiting, running = waiting + 1, running + 1
        else:   # a copy that never moves: its numbers must be good ones
            for s in range(SLOTS):
                a[s * WIDTH + lane] = lanes[0, s]
            a[T * WIDTH + lane] = stop
    while running > 0:
        step_all(a, largest, stop, rtol, level)
        for lane in range(WIDTH):
            flag = a[FLAG * WIDTH + lane]
            look = a[LOOK * WIDTH + lane] != 0.0
            if flag == 0.0 and not look:
                continue
            me = int(owners[lane])
            if look or ENDED <= flag < STUCK_FLAG:
                for k in range(n):
                    y[k] = a[(FIRST_UNKNOWN + k) * WIDTH + lane]
                    weights[k] = a[(FIRST_WEIGHT + k) * WIDTH + lane]
                control.real_part, control.change = a[REAL * WIDTH + lane], a[CHANGE * WIDTH + lane]
                control.e_folds = a[FOLDS * WIDTH + lane]
                elapsed = a[T * WIDTH + lane] - a[REFERENCE * WIDTH + lane]
                for r in range(R.shape[1]):
                    slope[r] = a[(FIRST_DRIVE + R.shape[1] + r) * WIDTH + lane]
                    drive[r] = a[(FIRST_DRIVE + r) * WIDTH + lane] + elapsed * slope[r]
                if lane_may_leave(L[me], devices[me], places, control, scratch, a[LAST * WIDTH + lane],
                                  ENDED <= flag < STUCK_FLAG):
                    status[me] = UNSTABLE
                    flag = ENDED
                a[REAL * WIDTH + lane], a[CHANGE * WIDTH + lane] = control.real_part, control.change
                a[FOLDS * WIDTH + lane] = control.e_folds
            if flag >= STUCK_FLAG:
                status[me] = STUCK
                flag = ENDED
            if flag % 2.0 == CROSSED:
                at = crossing_in_step(
                    a[START * WIDTH + lane], a[STEP * WIDTH + lane], a[G0 * WIDTH + lane] - level,
                    a[G1 * WIDTH + lane] - level, a[GP * WIDTH + lane], a[GQ * WIDTH + lane])
                if at <= stop:   # the last step passes it
                    if counts[me] < events.shape[1]:
                        events[me, counts[me]] = at
                    counts[me] += 1
            if flag % 4.0 >= LANDED:
                t = a[T * WIDTH + lane]
                sources = SourceArrays(kinds, parameters[me], table_times, table_values)
                following, moving, _ = drive_at(sources, R[me], E[me], t, u, du, drive, slope)
                for r in range(R.shape[1]):
                    a[(FIRST_DRIVE + r) * WIDTH + lane] = drive[r]
                    a[(FIRST_DRIVE + R.shape[1] + r) * WIDTH + lane] = slope[r]
                a[LEAST * WIDTH + lane] = LONG_AT_FIRST if moving else LONG
                e0, e1 = 0.0, 0.0
                for s in range(kinds.size):
                    e0 += rows[me, s] * u[s]
                    e1 += rows[me, s] * du[s]
                a[E0 * WIDTH + lane], a[E1 * WIDTH + lane] = e0, e1
                a[REFERENCE * WIDTH + lane], a[FOLLOWING * WIDTH + lane] = t, following
                a[H * WIDTH + lane] = after_breakpoint(a[H * WIDTH + lane], following - t)
                a[ERROR * WIDTH + lane] = NOTHING_BEFORE
                for k in range(n):
                    y[k] = a[(FIRST_UNKNOWN + k) * WIDTH + lane]
                if device_count(places) > 0 and not solve_currents(
                        L[me], devices[me], places, drive, y, work, vectors[RATES], vectors[SIZES],
                        matrices[STEP_MATRIX], pivots):
                    status[me] = NO_CURRENT
                    flag = ENDED
                for k in range(n):
                    a[(FIRST_UNKNOWN + k) * WIDTH + lane] = y[k]
            if flag >= ENDED:
                for s in range(SLOTS):
                    lanes[me, s] = a[s * WIDTH + lane]
                a[T * WIDTH + lane] = stop
                if waiting < total:
                    for s in range(SLOTS):
                        a[s * WIDTH + lane] = lanes[waiting, s]
                    owners[lane] = waiting
                    waiting += 1
                else:
                    running -= 1
'''
