"""``simulate``: the circuit engine alone, and the device models as SPICE subcircuits."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.cli.declaring import add_command
from tsbench.errors import ConfigurationError

if TYPE_CHECKING:
    from tsbench.records import FloatArray
    from tsbench.simulated_backends.studies.simulate.result import SimulationResult

_DPI = 130


def declare(commands: Any) -> None:
    """Declare ``simulate``."""
    simulate = add_command(
        commands,
        "simulate",
        "simulating:simulate",
        "simulate a SPICE netlist that has .tran and .save cards",
        "  tsbench simulate oscillator.cir --out oscillator.csv --plot oscillator.png\n"
        "  tsbench simulate oscillator.cir --out oscillator.npz --rtol 1e-3 --timing\n"
        "  tsbench simulate silver.cir --seed 7 --out silver.csv\n"
        "  tsbench simulate --devices-lib devices.lib     subcircuits for ngspice",
    )
    simulate.add_argument("netlist", nargs="?", type=Path, metavar="NETLIST", help="the netlist (.cir)")
    simulate.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the table to FILE, as arrays for numpy.load if the name ends in .npz (much faster for long "
             "runs), otherwise as CSV (default: CSV on standard output)",
    )
    simulate.add_argument("--plot", type=Path, metavar="PNG", help="draw the saved voltages and currents to PNG")
    simulate.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="[NAME=]MODEL",
        help="use another device model for the X card NAME, or for all X cards (can be repeated)",
    )
    simulate.add_argument(
        "--rtol",
        type=float,
        default=1e-6,
        metavar="X",
        help="relative tolerance of the integrator (default: %(default)g). With 1e-3, the period of an "
             "oscillator is accurate to 0.1 %%",
    )
    simulate.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="seed of the random numbers of stochastic devices and thermal noise. Each stochastic device has its own "
             "stream, which follows from the seed and the name of its element. seed=N on an X card gives this "
             "device its own seed. (default: a new seed, printed on standard error)",
    )
    simulate.add_argument(
        "--timing",
        action="store_true",
        help="print on standard error how long integration, output and compilation took",
    )
    simulate.add_argument(
        "--temperature",
        metavar="KELVIN",
        help='ambient temperature of all devices, for example "350 K". It replaces a .temp card of the netlist. '
        "A device whose X line sets t0 does not use this temperature",
    )
    simulate.add_argument(
        "--devices-lib",
        type=Path,
        metavar="FILE",
        help="write the device models as SPICE subcircuits to FILE, at the temperature that --temperature or the "
        ".temp card of the netlist gives",
    )


def simulate(options: argparse.Namespace) -> int:
    """Integrate a netlist over its own ``.tran``, write what it saves; or write the device models."""
    from tsbench.quantities import parse_quantity

    temperature = None if options.temperature is None else parse_quantity(options.temperature, "K")
    if options.devices_lib is not None:
        from tsbench.simulated_backends.devices.devices_lib import write_devices_lib

        surroundings = temperature
        if surroundings is None and options.netlist is not None:
            surroundings = _temperature_of(options.netlist)
        write_devices_lib(options.devices_lib, surroundings)
        sys.stderr.write(f"wrote {options.devices_lib}\n")
        if options.netlist is None:
            return 0
    if options.netlist is None:
        raise ConfigurationError("the command simulate needs a NETLIST, or --devices-lib FILE to write the device "
                                 "models")
    from tsbench.cli.printing import ProgressPrinter
    from tsbench.records import RunEvent
    from tsbench.simulated_backends.studies.simulate.simulate import simulate as integrate

    models = _models(options.netlist, options.device)
    with ProgressPrinter(options.netlist.name, "compiling the circuit engine") as progress:
        result = integrate(
            options.netlist,
            models,
            lambda share: progress(RunEvent("progress", "", data={"done": 100 * share, "total": 100})),
            rtol=options.rtol,
            temperature=temperature,
            seed=options.seed,
        )
    for message in result.messages:
        sys.stderr.write(f"{options.netlist}: {message}\n")
    sys.stderr.write(f"{options.netlist}: seed {result.seed}\n")
    begin = time.perf_counter()
    if options.out is not None:
        _write(options.out, result)
        sys.stderr.write(f"wrote {options.out} ({len(result.times)} times, {result.steps} steps)\n")
    elif options.plot is None:
        result.write_csv(sys.stdout)
    if options.timing:
        _print_timing(result, time.perf_counter() - begin)
    if options.plot is not None:
        _draw(options.plot, options.netlist.name, result.times, result.columns)
        sys.stderr.write(f"wrote {options.plot}\n")
    return 0


def _write(path: Path, result: "SimulationResult") -> None:
    if path.suffix.lower() == ".npz":
        result.write_npz(path)
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        result.write_csv(stream)


def _print_timing(result: "SimulationResult", writing: float) -> None:
    spent = result.timing
    sys.stderr.write(
        f"integration {spent.integration:.6g} s ({result.steps} steps; {spent.processor:.6g} s of processor time)\n"
        f"output {spent.evaluation + writing:.6g} s ({spent.evaluation:.6g} s to evaluate the table, {writing:.6g} s "
        f"to write it)\n"
        f"code {spent.code:.6g} s (to compile the integrator for this circuit, or to load it from disk)\n")


def _temperature_of(netlist: Path) -> float | None:
    """Return the temperature that a netlist sets by a card [K]."""
    from tsbench.netlist import parse_netlist
    from tsbench.simulated_backends.studies.simulate.simulate import netlist_text

    return parse_netlist(netlist_text(netlist)).temperature


def _models(netlist: Path, given: Sequence[str]) -> dict[str, str]:
    """Return element name -> model of ``--device NAME=MODEL``, or of ``--device MODEL`` for every device."""
    models: dict[str, str] = {}
    for text in given:
        name, equals, model = (part.strip() for part in text.partition("="))
        if equals:
            models[name] = model
            continue
        from tsbench.netlist import parse_netlist
        from tsbench.simulated_backends.studies.simulate.simulate import netlist_text

        parsed = parse_netlist(netlist_text(netlist))
        models.update({element.name: name for element in parsed.of_kind("X")})
    return models


def _draw(path: Path, title: str, times: "FloatArray", columns: "Mapping[str, FloatArray]") -> None:
    """Draw voltages and currents over time, each kind on an axis of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    kinds = [
        (unit, {name: values for name, values in columns.items() if name.startswith(letter)})
        for letter, unit in (("v", "V"), ("i", "A"))
    ]
    drawn = [(unit, curves) for unit, curves in kinds if curves]
    figure = Figure(figsize=(9, 3.2 * len(drawn)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(drawn), 1, sharex=True, squeeze=False)[:, 0]
    for place, (unit, curves) in zip(axes, drawn, strict=True):
        for name, values in curves.items():
            place.plot(times, values, label=name, linewidth=1.0)
        place.yaxis.set_major_formatter(EngFormatter(unit))
        place.grid(alpha=0.3)
        place.legend(loc="upper right", fontsize="small")
    axes[0].set_title(title)
    axes[-1].xaxis.set_major_formatter(EngFormatter("s"))
    figure.savefig(path, dpi=_DPI)
