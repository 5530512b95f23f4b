"""Random campaigns against the limits of their device.

Run it as ``python -m benchmarks.campaign_limits [--campaigns N] [--resume]``.

Each campaign is drawn at random: the circuit, one to three steps, their parameters. It is first run without limits on
five simulated devices, and the witness says what the device really saw. Then one limit is drawn between half and twice
of the largest of these values, and the campaign is planned with it. A campaign is unsafe if any of the five runs was
beyond the limit. It is safe with margin if none was above 0.7 of it.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import INFORMATION, Line, report
from tsbench.errors import TsbenchError
from tsbench.quantities import short_quantity
from tsbench.station.campaign import campaign
from tsbench.station.campaign.planning import PlannedItem

KEPT = Path("build/campaign_limits.jsonl")
SEEDS = 5
MARGIN = 0.7  #: of a limit, below which a campaign is safe with margin
NAMED = 0.7  #: share of the campaigns whose device has a model in the catalogue
#: that have limits. The limits of charge and energy hold for pulses only (docs/bench.md): they are not drawn
QUANTITIES = {"voltage": "V", "current": "A", "power": "W"}
BENCH = """
visa_library = "{world}@tsbench"
[instruments.source_meter]
driver = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::0x2A8D::0x5A01::SIM00002::INSTR"
[instruments.scope]
driver = "keysight_dsox3000t"
resource = "USB0::0x2A8D::0x1764::SIM00003::INSTR"
[roles]
drive = "source_meter"
pulser = "generator.1"
bias = "generator.2"
scope = "scope"
[fixture]
netlist = \"\"\"
{netlist}\"\"\"
[fixture.terminals]
{terminals}
[fixture.sensing]
voltage_high = "scope.1"
voltage_low = "scope.2"
current = "scope.2"
current_resistance = "50 Ohm"
[devices.D1]
material = "{material}"
{limits}
"""
WORLD = """
seed = {seed}
[witness]
file = "witness{seed}.jsonl"
[instruments.source_meter]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"
[instruments.generator]
model = "keysight_33622a"
resource = "USB0::0x2A8D::0x5A01::SIM00002::INSTR"
[instruments.scope]
model = "keysight_dsox3054t"
resource = "USB0::0x2A8D::0x1764::SIM00003::INSTR"
[fixture]
netlist = \"\"\"
{netlist}\"\"\"
[fixture.terminals]
{terminals}
[devices.D1]
model = "nbo2"
seed = {seed}
"""
TERMINALS = """source_meter = "smu"
"generator.1" = "gen1"
"generator.2" = "gen2"
"scope.1" = "dut"
"scope.2" = "low"
"""


def drawn(generator: random.Random) -> dict[str, Any]:
    """Return one random campaign: circuit, material, and the lines of its steps."""
    netlist = (f"R_drive smu dut {generator.choice([2, 100, 1000])}\n"
               f"R_pulse gen1 dut {generator.choice([2, 50, 500])}\n"
               f"R_load gen2 dut {round(10 ** generator.uniform(3.3, 4.3))}\n"
               f"C_probe dut 0 {round(10 ** generator.uniform(1.3, 3.0))}p\nR_shunt low 0 50\nXDUT dut low device\n")
    steps = [_step(generator, number) for number in range(generator.randint(1, 3))]
    return {"netlist": netlist, "material": "NbO2" if generator.random() < NAMED else "", "steps": steps}


def _step(generator: random.Random, number: int) -> str:
    kind = generator.choice(["iv_sweep", "iv_sweep", "pulse_train", "pulse_train", "oscillation", "first_contact"])
    lines = {
        "iv_sweep": f'stop = {generator.uniform(0.4, 2.0):.3f}\nstep = 0.02\nnplc = 0.01\n'
                    f'compliance = {10 ** generator.uniform(-4.3, -2.7):.3g}\n',
        "pulse_train": f'amplitude = {generator.uniform(0.6, 2.0):.3f}\ncount = 3\nperiod = "100 us"\n'
                       f'width = {10 ** generator.uniform(-6.7, -5):.3g}\nrecord_span = "20 us"\n',
        "oscillation": f'bias = {generator.uniform(0.5, 3.0):.3f}\nrecord_span = "5 us"\n',
        "first_contact": f'highest = {generator.uniform(0.05, 0.3):.3f}\nlevels = 5\n',
    }[kind]
    return f'[[step]]\nname = "s{number}"\nprotocol = "{kind}"\n{lines}'


def lay(folder: Path, case: Mapping[str, Any], seed: int, limits: str = "") -> Path:
    """Write world, bench and campaign; return the campaign."""
    world = WORLD.format(seed=seed, netlist=case["netlist"], terminals=TERMINALS)
    (folder / f"c{seed}.world.toml").write_text(world, "utf-8")
    (folder / f"c{seed}.bench.toml").write_text(BENCH.format(
        world=f"c{seed}.world.toml", netlist=case["netlist"], terminals=TERMINALS, material=case["material"],
        limits=limits), "utf-8")
    path = folder / f"c{seed}.campaign.toml"
    path.write_text(f'bench = "c{seed}.bench.toml"\ndevice = "D1"\nleave_out = []\n{"".join(case["steps"])}', "utf-8")
    return path


def one_case(case: Mapping[str, Any], generator: random.Random) -> dict[str, Any]:
    """Run a campaign without limits on several devices, draw a limit, and plan it with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truths: list[dict[str, float]] = []
        failed: list[str] = []
        for seed in range(1, SEEDS + 1):
            outcome = campaign(lay(folder, case, seed), folder / f"runs{seed}").run(accept=True)
            failed += [f"{one.protocol}: {one.reason}" for one in outcome.runs.values() if one.status != "success"]
            truths.append(witnessed(folder / f"witness{seed}.jsonl"))
        true = {quantity: max(one[quantity] for one in truths) for quantity in QUANTITIES}
        predicted = _worst(campaign(lay(folder, case, 1), folder / "plan").plan().planned)
        quantity = generator.choice([one for one in QUANTITIES if true[one] > 0])
        limit = true[quantity] * 2 ** generator.uniform(-1, 1) if generator.random() < 0.5 else (
            true[quantity] / MARGIN * 10 ** generator.uniform(0, 1))
        text = f'[device.limits]\nmax_{quantity} = {limit!r}\n'
        plan = campaign(lay(folder, case, 1, text), folder / "limited").plan()
    return {**case, "true": true, "each": truths, "predicted": predicted, "quantity": quantity, "limit": limit,
            "refused": bool(plan.red), "reasons": list(plan.red)[:3], "failed": failed[:3]}


def witnessed(path: Path) -> dict[str, float]:
    """Return the largest voltage, current and power that the device saw."""
    found = dict.fromkeys(QUANTITIES, 0.0)
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] == "maxima":
            for quantity in QUANTITIES:
                found[quantity] = max(found[quantity], abs(record[quantity]))
    return found


def _worst(planned: Sequence[PlannedItem]) -> dict[str, float]:
    found = dict.fromkeys(QUANTITIES, 0.0)
    for one in planned:
        for item in one.plan.worst_case if one.plan is not None else ():
            if item.quantity in found:
                found[item.quantity] = max(found[item.quantity], float(item.value))
    return found


def _lines(cases: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the rows of the table."""
    def true(one: Mapping[str, Any]) -> float:
        return float(one["true"][one["quantity"]])

    impossible = [one for one in cases if "impossible" in one]
    cases = [one for one in cases if "impossible" not in one]
    unsafe = [one for one in cases if true(one) > one["limit"]]
    margin = [one for one in cases if true(one) <= MARGIN * one["limit"] and one["material"]]
    between = [one for one in cases if MARGIN * one["limit"] < true(one) <= one["limit"]]
    alone = [one for one in cases if true(one) <= MARGIN * one["limit"] and not one["material"]]
    refused = [sum(one["refused"] for one in group) for group in (unsafe, margin, between, alone)]
    lines = [
        Line("campaigns", f"{len(cases)}; {len(impossible)} more are beyond the instruments", INFORMATION, True),
        Line("unsafe: refused", f"{refused[0]} of {len(unsafe)}", "all", refused[0] == len(unsafe)),
        Line("safe with margin, model known: refused", f"{refused[1]} of {len(margin)}", "at most 1 %",
             refused[1] <= 0.01 * len(margin)),
        Line("in between: refused", f"{refused[2]} of {len(between)}", INFORMATION, True),
        Line("safe with margin, no model: refused", f"{refused[3]} of {len(alone)}", INFORMATION, True),
    ]
    for quantity, unit in QUANTITIES.items():
        pairs = [(one["predicted"][quantity], one["true"][quantity]) for one in cases if one["true"][quantity] > 0]
        bounds = sum(predicted >= seen for predicted, seen in pairs)
        if not pairs:
            continue
        ratio = statistics.median(predicted / seen for predicted, seen in pairs)
        worst = min(pairs, key=lambda pair: pair[0] / pair[1])
        told = " against ".join(short_quantity(one, unit, 3) for one in worst)
        lines.append(Line(f"{quantity}: the predicted worst case bounds the true one",
                          f"{bounds} of {len(pairs)}; median ratio {ratio:.3g}; lowest {told}", "99 %",
                          bounds >= 0.99 * len(pairs)))
    return lines


def main() -> int:
    """Draw, run and plan campaigns, as many as there are not yet."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--campaigns", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="two campaigns")
    parser.add_argument("--resume", action="store_true", help=f"go on with {KEPT}")
    options = parser.parse_args()
    wanted = 2 if options.quick else options.campaigns
    KEPT.parent.mkdir(exist_ok=True)
    if not options.resume:
        KEPT.unlink(missing_ok=True)
    cases = [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()] if KEPT.exists() else []
    for number in range(len(cases), wanted):
        generator = random.Random(f"{options.seed}.{number}")
        case = {"number": number, **_case(generator)}
        cases.append(case)
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(case)}\n")
    return report(f"campaign_limits --campaigns {wanted} --seed {options.seed}", "random campaigns and limits",
                  _lines(cases))


def _case(generator: random.Random) -> dict[str, Any]:
    """Return one case; what the instruments refuse without any limit of the device is noted and not judged."""
    case = drawn(generator)
    try:
        return one_case(case, generator)
    except TsbenchError as error:
        return {**case, "impossible": str(error)}


if __name__ == "__main__":
    sys.exit(main())
