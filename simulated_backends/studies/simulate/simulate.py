"""Run a netlist by its own ``.tran`` and ``.save`` cards: the circuit engine alone."""

import functools
import math
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.netlist import GROUND, Netlist, Transient, parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.source_text import has_branches, is_ours
from tsbench.simulated_backends.studies.simulate.result import SimulationResult, Timing
from tsbench.simulated_backends.studies.simulate.table_recorder import LARGEST_TABLE, TableRecorder
from tsbench.text_files import read_text

Progress = Callable[[float], None]  #: called with the fraction done, 0..1
DEVICES_LIB = "devices.lib"
SLICES = (0.005, 0.01, *(k / 20 for k in range(1, 21)))  #: shares of a run after which it is seen how fast it goes
IN_ONE = 1_000_000  #: steps to come, at most, for which a run in code of its own goes on to its end in one
#: steps still to come at which code of the circuit's own is compiled. It makes a step some three times as fast, but
#: takes as long as a few million steps to compile: worth it because a netlist is run again and again, and the code is
#: kept on disk. The rule depends on steps alone, so a run is the same whatever is on disk already.
WORTH_COMPILING = 10_000
SMALLEST_RTOL, LARGEST_RTOL = 1e-10, 1e-2


def simulate(
    netlist: str | Path, devices: Mapping[str, str] | None = None, progress: Progress | None = None,
    rtol: float = 1e-6, temperature: float | None = None, seed: int | None = None,
) -> SimulationResult:
    """Integrate a netlist over its own ``.tran`` and return what its ``.save`` cards name.

    Parameters
    ----------
    netlist : str or Path
        SPICE text, or a path to a file. Subcircuits of an included ``devices.lib`` come from the catalogue.
    devices : mapping
        Other models for devices, by element name: ``{"XDUT": "resistor"}``.
    progress : callable
        Called with the fraction done.
    rtol : float
        Relative tolerance of the integrator, 1e-10 to 1e-2.
    temperature : float, optional
        Of the surroundings (a chuck) of all devices [K], but for those with a ``t0`` in the netlist; goes before a
        ``.temp`` card.
    seed : int, optional
        Of everything random: each stochastic device is on a path that follows from it and from the name of its
        element, unless the netlist gives that element a ``seed``; thermal noise, by which an equilibrium that has lost
        stability is left, too. None: a fresh one; the result says which.

    Returns
    -------
    SimulationResult at the steps the integrator took and on the grid of ``.tran``'s step.

    Raises
    ------
    ConfigurationError
        The netlist cannot be read or used; one line that names the element or node.
    TsbenchError
        The integration failed; the message says the seed.
    """
    if not SMALLEST_RTOL <= rtol <= LARGEST_RTOL:
        raise ConfigurationError(f"rtol = {rtol:g} must be between {SMALLEST_RTOL:g} and {LARGEST_RTOL:g}")
    if seed is not None and seed < 0:
        raise ConfigurationError(f"seed = {seed} must not be negative")
    seed = secrets.randbits(32) if seed is None else seed
    parsed = parse_netlist(netlist_text(netlist))
    if parsed.transient is None:
        raise ConfigurationError("the netlist has no .tran card. Add for example '.tran 1n 20u uic'")
    tran = parsed.transient
    notes = (*(f"the card '{card}' is not used" for card in parsed.ignored), *parsed.doubts,
             *_foreign_includes(parsed, netlist))
    models = {name: device_model(model) for name, model in (devices or {}).items()}
    for name in models:
        if parsed.find(name).kind != "X":
            raise ConfigurationError(f"netlist: '{name}' is not a device, so it cannot have a device model. Give the "
                                     "model to an element whose name begins with X")
    build = functools.partial(
        build_circuit, parsed, models, rtol=rtol, temperature=temperature, specialised=False, seed=seed)
    circuit = build(largest_step=tran.maximum or math.inf)
    if not tran.maximum and (kinked := _with_branches(parsed, circuit)):
        circuit = build(largest_step=tran.step)
        notes += (f"the equations of {', '.join(kinked)} contain branches (if, min, max, abs). Therefore no step is "
                  f"longer than the step of .tran, {tran.step:g} s. You can give .tran another largest step",)
    notes += _notes_on_temperature(parsed, circuit, temperature)
    names = _saved(parsed, circuit)
    _check_size(tran, 1 + len(names))
    recorder = TableRecorder(names, tran, progress)
    first = circuit.steps
    try:
        if not tran.use_initial_conditions:
            circuit.settle()
        circuit.add_observer(recorder)
        code, advancing, busy = _run(circuit, tran.stop)
        if progress is not None:
            progress(1.0)
    except TsbenchError as error:
        raise type(error)(f"{error} (seed {seed})") from None
    integration, processor = advancing - recorder.seconds, busy - recorder.processor
    times, columns = recorder.table()
    timing = Timing(code, integration, processor, recorder.seconds)
    return SimulationResult(
        times, columns, circuit.steps - first, notes + tuple(circuit.messages), seed, rtol, timing)


def _notes_on_temperature(parsed: Netlist, circuit: Circuit, temperature: float | None) -> tuple[str, ...]:
    """Return what is not used of temperatures [K], a line each."""
    notes: tuple[str, ...] = ()
    if temperature is not None and parsed.temperature not in (None, temperature):
        notes = (f"the temperature {parsed.temperature:g} K of the netlist is not used. The simulation uses "
                 f"{temperature:g} K",)
    if temperature is not None or parsed.temperature is not None:
        notes += tuple(
            f"the model of {element.name} does not depend on temperature" for element in parsed.of_kind("X")
            if not circuit.model_of(element.name).feels_temperature)
    return notes


def _with_branches(parsed: Netlist, circuit: Circuit) -> list[str]:
    """Return the names of devices of other packages whose equations may have kinks.

    Between the ends of a step the table is interpolated, and where nothing has a derivative by time the error control
    sees the ends alone. Our own devices are compared with other solvers.
    """
    models = {element.name: circuit.model_of(element.name) for element in parsed.of_kind("X")}
    return [name for name, model in models.items()
            if not is_ours(type(model)) and has_branches(mechanism_of(type(model)))]


def _run(circuit: Circuit, stop: float) -> tuple[float, float, float]:
    """Advance to ``stop`` [s]; return how long [s] compiling or loading code took, and advancing.

    By the clock; last, advancing by the processor's own time.
    """
    begin = time.perf_counter()
    circuit.load_code()
    code = time.perf_counter() - begin
    advancing, busy, own, share, rate = 0.0, 0.0, False, 0.0, 0.0
    for planned in SLICES:
        following = 1.0 if own and rate * (1.0 - share) < IN_ONE else planned
        steps, begin, work = circuit.steps, time.perf_counter(), time.process_time()
        circuit.advance(stop * following, skip=False)
        advancing += time.perf_counter() - begin
        busy += time.process_time() - work
        if following == 1.0:
            break
        before, rate = rate, (circuit.steps - steps) / (following - share)
        share = following
        # the lesser of two rates: what happens at the start alone says nothing about the rest
        if not own and min(before, rate) * (1.0 - share) >= WORTH_COMPILING:
            begin, own = time.perf_counter(), True
            circuit.load_code(specialised=True)
            code += time.perf_counter() - begin
    return code, advancing, busy


def _check_size(tran: Transient, columns: int) -> None:
    """Refuse a table, or a number of steps, that no memory holds."""
    points = (tran.stop - tran.start) / tran.step
    if points * columns > LARGEST_TABLE:
        least = (tran.stop - tran.start) * columns / LARGEST_TABLE
        raise ConfigurationError(
            f".tran {tran.step:g} {tran.stop:g}: the table would have {points:.3g} rows of {columns} numbers. A "
            f"table may have at most {LARGEST_TABLE:.0e} numbers. Use a step of at least {least:.2g} s, an earlier "
            f"stop, a later start, or save fewer quantities")
    if tran.maximum is not None and tran.stop / tran.maximum * columns > LARGEST_TABLE:
        raise ConfigurationError(
            f".tran: with the largest step max = {tran.maximum:g} s, the table has at least "
            f"{tran.stop / tran.maximum:.3g} rows of {columns} numbers. A table may have at most {LARGEST_TABLE:.0e} "
            "numbers. Remove max. The error control then chooses the steps")


def netlist_text(netlist: str | Path) -> str:
    """Return SPICE text as it is, or that of the file at a path; ConfigurationError if it cannot be read."""
    if isinstance(netlist, str) and "\n" in netlist:
        return netlist
    path = Path(netlist)
    if "\0" not in str(path) and not path.exists():
        raise ConfigurationError(f"netlist file '{path}' does not exist")
    return read_text(path, "netlist file")


def _foreign_includes(parsed: Netlist, netlist: str | Path) -> tuple[str, ...]:
    """Return a note for every include but ``devices.lib``, which the catalogue stands in for; refuse missing files."""
    notes = []
    folder = Path.cwd() if isinstance(netlist, str) and "\n" in netlist else Path(netlist).parent
    for name in parsed.includes:
        path = Path(name.replace("\\", "/"))
        if path.name.lower() == DEVICES_LIB:
            continue
        if not ((folder / path).is_file() or path.is_file()):
            raise ConfigurationError(
                f"netlist includes '{name}', but there is no such file in {folder.resolve()}. tsbench does not read "
                "included files. Remove this card if the devices of that file are in the catalogue")
        notes.append(f"the included file '{name}' is not read")
    return tuple(notes)


def _saved(netlist: Netlist, circuit: Circuit) -> list[str]:
    nodes = [*circuit.nodes, GROUND]
    elements = [e.name.lower() for e in netlist.elements]
    names: list[str] = []
    for name in netlist.saved or ("all",):
        if name == "all":
            names += [f"v({n})" for n in circuit.nodes]
            continue
        for part in name[2:-1].split(","):
            known = nodes if name[0] == "v" else elements
            if part not in known:
                what = "node" if name[0] == "v" else "element"
                raise ConfigurationError(f"netlist saves {name}, but there is no {what} '{part}'{nearest(part, known)}")
        names.append(name)
    return list(dict.fromkeys(names))
