"""The two benches of a study: one that switches the device, one that makes it oscillate."""

from pathlib import Path

from benchmarks.study.materials import Material, Oscillator

_RESOURCES = {
    "meter": ("keithley_2450", "keithley_2450", "USB0::0x05E6::0x2450::SIM00001::INSTR"),
    "generator": ("keysight_33600", "keysight_33622a", "USB0::0x2A8D::0x5A01::SIM00002::INSTR"),
    "scope": ("keysight_dsox3000t", "keysight_dsox3054t", "USB0::0x2A8D::0x1764::SIM00003::INSTR"),
    "lakeshore": ("lakeshore_33x", "lakeshore_336", "TCPIP0::10.0.0.3::7777::SOCKET"),
    "box": ("meatest_m632", "meatest_m632", "GPIB0::2::INSTR"),
}
_SWITCHING = """R_drive smu dut {sweep_load}
R_pulse gen1 dut {pulse_load}
C_probe dut 0 {probe}
C_cable smu 0 20p
XDUT dut low device
R_shunt low 0 {shunt}
"""
_OSCILLATING = """RL gen1 dut {load}
C_probe dut 0 {capacitance}
XDUT dut low device
R_shunt low 0 {shunt}
"""


def netlist_of(material: Material, oscillator: Oscillator | None = None) -> str:
    """Return the fixture: with a load and a capacitor that oscillate, or with what sweeps and pulses need."""
    if oscillator is not None:
        return _OSCILLATING.format(load=oscillator.load, capacitance=oscillator.capacitance, shunt=material.shunt)
    return _SWITCHING.format(sweep_load=material.sweep_load, pulse_load=material.pulse_load, shunt=material.shunt,
                             probe="80p")


def lay(material: Material, folder: Path, device: int, seed: int, oscillator: Oscillator | None = None,
        boxed: bool = False) -> Path:
    """Write the bench and the world of one device; return the bench file.

    Parameters
    ----------
    material : what is studied
    folder : where the files go
    device : number of the specimen, its seed in the world file; the bench calls it ``D`` and the number
    seed : of noise and calibration errors
    oscillator : the load and the capacitor of the bench that oscillates; None: the bench with sweeps and pulses
    boxed : whether the load is a decade box, so that a run can change it
    """
    oscillating = oscillator is not None
    names = (("generator", "scope", *(("box",) if boxed else ())) if oscillating
             else ("meter", "generator", "scope", "lakeshore"))
    netlist = netlist_of(material, oscillator)
    terminals = ['"generator.1" = "gen1"', '"scope.1" = "dut"', '"scope.2" = "low"']
    terminals += [] if oscillating else ['meter = "smu"']
    fixture = ["[fixture]", f'netlist = """\n{netlist}"""']
    bench = ['visa_library = "study.world.toml@tsbench"']
    world = [f"seed = {seed}", "[witness]", 'file = "witness.jsonl"']
    for name in names:
        driver, model, resource = _RESOURCES[name]
        bench += [f"[instruments.{name}]", f'driver = "{driver}"', f'resource = "{resource}"']
        world += [f"[instruments.{name}]", f'model = "{model}"', f'resource = "{resource}"']
    bench += ["[roles]", 'scope = "scope"',
              *(['bias = "generator.1"'] if oscillating else ['drive = "meter"']), 'pulser = "generator.1"',
              *fixture, "[fixture.terminals]", *terminals, "[fixture.sensing]", 'voltage_high = "scope.1"',
              'voltage_low = "scope.2"', 'current = "scope.2"', f'current_resistance = "{material.shunt:g} Ohm"']
    if boxed:
        bench += ["[fixture.control.load_resistance]", 'instrument = "box"', 'element = "RL"']
        within = "\n".join(line for line in netlist.splitlines() if not line.startswith("RL ")) + "\n"
        world += ["[fixture]", f'netlist = """\n{within}"""', "[fixture.terminals]", *terminals,
                  '"box.high" = "gen1"', '"box.low" = "dut"']
    else:
        world += [*fixture, "[fixture.terminals]", *terminals]
    if oscillating:
        world += ["[chuck]", "temperature = 296", "[wires]", '"scope.external" = "generator.sync"']
    else:
        bench += ["[temperature]", 'instrument = "lakeshore"', 'band = "0.1 K"', 'settling = "20 s"']
        world += ["[chuck]", "temperature = 296", 'heater = "lakeshore.1"', 'sensor = "lakeshore.A"']
    bench += [f"[devices.D{device}]", "[device.limits]",
              *(f'{name} = "{value}"' for name, value in material.limits.items())]
    world += [f"[devices.D{device}]", f'model = "{material.model}"', f"seed = {device}"]
    if material.cycles and not oscillating:
        world += [f"[devices.D{device}.cycles]", material.cycles]
    (folder / "study.world.toml").write_text("\n".join(world) + "\n", "utf-8")
    path = folder / "study.bench.toml"
    path.write_text("\n".join(bench) + "\n", "utf-8")
    return path
