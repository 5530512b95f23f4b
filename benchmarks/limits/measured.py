"""One random campaign: what five devices really see of it without limits, and what its plan says with limits."""

import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.limits.cases import Case
from tsbench.errors import TsbenchError
from tsbench.protocols import Protocol
from tsbench.records import Point, RunEvent, Waveform
from tsbench.station.bench.bench import Bench
from tsbench.station.campaign import campaign
from tsbench.station.campaign.foreseeing import Foreseen, foreseen_peaks
from tsbench.station.campaign.planning import PlannedItem
from tsbench.station.preflight.peaks import PlannedRun, simulated_peaks

SEEDS = 5
MORE = 20  #: devices more that are run where the plan refuses what the first ones make safe with margin
MARGIN = 0.7  #: of a limit, below which a campaign with a named model is safe with margin
ALONE = 0.3  #: of a limit, below which what voltage and resistances alone allow is safe with margin
QUANTITIES = {"voltage": "V", "current": "A", "power": "W"}
RESISTORS, CAPACITORS = 0.01, 0.05  #: tolerance by which the wiring of the world differs from that of the bench file
_METER = 'resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"'
_GENERATOR = 'resource = "USB0::0x2A8D::0x5A01::SIM00002::INSTR"'
_SCOPE = 'resource = "USB0::0x2A8D::0x1764::SIM00003::INSTR"'
_SENSING = """[fixture.sensing]
voltage_high = "scope.1"
voltage_low = "scope.2"
current = "scope.2"
current_resistance = "50 Ohm"
"""


def measured(case: Case, seed: int) -> dict[str, Any]:
    """Return one row: truth, prediction, limits, and whether the campaign is refused with them."""
    draw = random.Random(f"limits.{seed}.{case.number}")
    row: dict[str, Any] = {"number": case.number, "model": case.model, "material": case.material, "least": case.least,
                           "wiring": case.wiring.kind, "steps": list(case.steps)}
    with tempfile.TemporaryDirectory(prefix="tsbench_limits_") as name:
        folder = Path(name)
        try:
            free = campaign(_lay_world(folder, case, draw), folder / "free")
            plan = free.plan(peaks=lambda *asked: foreseen_peaks(*asked, simulate=_simulate))
            if plan.red:
                return {**row, "impossible": plan.red[0]}
            protocols = [one.protocols[0] for one in plan.planned]
            row["truth"], row["failed"] = _truth(folder, protocols, range(1, SEEDS + 1))
        except TsbenchError as error:
            return {**row, "impossible": str(error)}
        foreseen = {one.item.number: one.foreseen for one in plan.planned if one.foreseen is not None}
        row["predicted"] = _predicted(plan.planned)
        row["each"] = [[list(one.each.get(name, ())) for name in QUANTITIES] for one in foreseen.values()]
        row["told"] = sorted({one.reason or "simulated" for one in foreseen.values()})
        true = {name: max(one[name] for one in row["truth"]) for name in QUANTITIES}
        row["true"], row["alone"] = true, alone(case)
        row["limits"] = _limits(draw, case, true, row["alone"])
        _lay_bench(folder, case, row["limits"])
        limited = campaign(folder / "c.campaign.toml", folder / "limited")
        verdict = limited.plan(peaks=lambda *asked: foreseen)
        row["refused"], row["amber"], row["reasons"] = bool(verdict.red), bool(verdict.amber), list(verdict.red)[:2]
        if not verdict.red:
            outcome = limited.run(accept=True, peaks=lambda *asked: foreseen)
            row["run"] = [[one.status, one.error_code, one.reason] for one in outcome.runs.values()]
        elif case.material and safe(true, row["limits"], MARGIN):
            _lay_bench(folder, case, {})
            (folder / "witness.jsonl").unlink()
            row["more"], _ = _truth(folder, protocols, range(SEEDS + 1, SEEDS + MORE + 1))
    return row


def safe(true: Mapping[str, float], limits: Mapping[str, float], share: float = 1.0) -> bool:
    """Whether each true value is at most a share of its limit."""
    return all(true[name] <= share * limit for name, limit in limits.items())


def _simulate(question: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Simulate in this process: a child for each campaign would start Python a thousand times."""
    return [vars(one) for one in simulated_peaks(
        question["bench"], question["device"], question["models"], [PlannedRun(**one) for one in question["runs"]],
        question["patience"])]


def alone(case: Case) -> dict[str, float]:
    """Return what voltage and resistances alone allow, from the wiring as it was drawn; infinite without resistance."""
    voltage, total = case.highest * 1.01, case.wiring.series + case.least
    matched = max(case.wiring.series, case.least)
    if not total:
        return {"voltage": voltage, "current": float("inf"), "power": float("inf")}
    return {"voltage": voltage, "current": voltage / total,
            "power": voltage**2 * matched / (case.wiring.series + matched) ** 2}


def _limits(
    draw: random.Random, case: Case, true: Mapping[str, float], bound: Mapping[str, float],
) -> dict[str, float]:
    """Return limits: half of the campaigns have one between half and twice of what the device sees."""
    names = draw.sample(list(QUANTITIES), draw.choice([1, 1, 2, 3]))
    near = draw.random() < 0.5
    limits = {}
    for place, name in enumerate(names):
        if near and place == 0:
            limits[name] = true[name] * 2 ** draw.uniform(-1, 1)
        elif case.material or bound[name] == float("inf"):
            limits[name] = true[name] / MARGIN * 10 ** draw.uniform(0, 1)
        else:
            limits[name] = max(bound[name] * 10 ** draw.uniform(-0.3, 1.5), true[name] / MARGIN)
    return limits


def _instruments(case: Case) -> list[tuple[str, str, str, str]]:
    """Return name, driver, model in the world, and address of each instrument."""
    instruments = [("source_meter", "keithley_2450", "keithley_2450", _METER)]
    return instruments + ([("generator", "keysight_33600", "keysight_33622a", _GENERATOR),
                           ("scope", "keysight_dsox3000t", "keysight_dsox3054t", _SCOPE)] if case.wiring.scope else [])


def _terminals(case: Case) -> str:
    return "\n".join(f'"{terminal}" = "{node}"' for terminal, node in case.wiring.terminals().items())


def _lay_bench(folder: Path, case: Case, limits: Mapping[str, float]) -> None:
    """Write the bench file."""
    scope = case.wiring.scope
    roles = {"drive": "source_meter"} | ({"pulser": "generator.1", "bias": "generator.2", "scope": "scope"}
                                         if scope else {})
    device = (f'material = "{case.material}"\n' if case.material else "") + (
        f"least_resistance = {case.least}\n" if case.least else "")
    devices = "".join(f"[devices.D{k}]\n{device}" for k in range(1, SEEDS + MORE + 1))
    bounds = "".join(f"max_{name} = {value!r}\n" for name, value in limits.items())
    (folder / "c.bench.toml").write_text("\n".join([
        'visa_library = "c.world.toml@tsbench"',
        *(f'[instruments.{name}]\ndriver = "{driver}"\n{resource}' for name, driver, _, resource in _instruments(case)),
        "[roles]", *(f'{role} = "{terminal}"' for role, terminal in roles.items()),
        f'[fixture]\nnetlist = """\n{case.wiring.netlist()}"""\n[fixture.terminals]\n{_terminals(case)}',
        _SENSING if scope else "", devices, f"[device.limits]\n{bounds}"]), "utf-8")


def _lay_world(folder: Path, case: Case, draw: random.Random) -> Path:
    """Write world, bench without limits, and campaign, which is returned."""
    netlist = case.wiring.netlist(lambda value: value * (1 + draw.uniform(-RESISTORS, RESISTORS)),
                                  lambda value: value * (1 + draw.uniform(-CAPACITORS, CAPACITORS)))
    (folder / "c.world.toml").write_text("\n".join([
        f'seed = {case.number}\n[witness]\nfile = "witness.jsonl"',
        *(f'[instruments.{name}]\nmodel = "{model}"\n{resource}' for name, _, model, resource in _instruments(case)),
        f'[fixture]\nnetlist = """\n{netlist}"""\n[fixture.terminals]\n{_terminals(case)}',
        *(f'[devices.D{k}]\nmodel = "{case.model}"\nseed = {case.seed + k}'
          for k in range(1, SEEDS + MORE + 1))]), "utf-8")
    _lay_bench(folder, case, {})
    path = folder / "c.campaign.toml"
    path.write_text(f'bench = "c.bench.toml"\ndevice = "D1"\nleave_out = []\n{"".join(case.steps)}', "utf-8")
    return path


def _truth(
    folder: Path, protocols: Sequence[Protocol], numbers: Sequence[int],
) -> tuple[list[dict[str, float]], list[str]]:
    """Run the steps without limits on each device; return what the witness saw of each, and what failed."""
    failed: list[str] = []
    bench = Bench.open(folder / "c.bench.toml", f"D{numbers[0]}")
    try:
        for number in numbers:
            bench.positioner.connect(f"D{number}")
            failed += [reason for protocol in protocols if (reason := _acquired(bench, protocol))]
    finally:
        bench.close()
    seen: dict[str, dict[str, float]] = {f"D{number}": {} for number in numbers}
    for record in _records(folder / "witness.jsonl"):
        if record["kind"] == "maxima" and (mine := seen.get(record["device"])) is not None:
            for name in QUANTITIES:
                mine[name] = max(mine.get(name, 0.0), abs(record[name]))
        elif record["kind"] == "left_out":
            failed.append(f"left out: {record['reason']}")
    return list(seen.values()), failed


class _Nowhere:
    """Takes what a protocol acquires: only what the witness sees counts here."""

    def point(self, point: Point) -> None:
        """Take a point."""

    def waveform(self, waveform: Waveform) -> None:
        """Take a waveform."""

    def event(self, event: RunEvent) -> None:
        """Take an event."""


def _acquired(bench: Bench, protocol: Protocol) -> str:
    """Acquire with a protocol as a run does, without storing; returns why it failed."""
    bench.preparation.prepare(protocol.roles)
    try:
        for _ in protocol.run(bench, _Nowhere()):
            pass
    except TsbenchError as error:
        return f"{protocol.name}: {error}"
    finally:
        bench.make_safe()
    return ""


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def _predicted(planned: Sequence[PlannedItem]) -> dict[str, float]:
    found: dict[str, float] = dict.fromkeys(QUANTITIES, 0.0)
    for one in planned:
        foreseen = one.foreseen or Foreseen({})
        for name in QUANTITIES:
            found[name] = max(found[name], foreseen.peaks.get(name, 0.0))
    return found
