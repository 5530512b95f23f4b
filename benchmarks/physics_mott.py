"""Rows of the devices with an insulator-metal transition or thermal runaway (see :mod:`benchmarks.physics`)."""

from benchmarks.physics_row import Row, claimed, compared, shown
from benchmarks.physics_runs import fold_slope, swept
from tsbench.analysis.oscillation.waveform_class import classify_waveform
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.studies.simulate.simulate import simulate

REVIEW = "Wang 2022, JEST 100177, Table 1"


def rows(quick: bool) -> list[Row]:
    """Return all rows; ``quick`` leaves nothing out, they are all short."""
    return [
        *moving_core("nb2o5", "row 1 (Pickett 2013)", 1.75, peak=2.5, load=1e3, slope=-1.12e-3),
        *moving_core("vo2", "row 2 (Yi 2018)", 1.22, peak=2.0, load=1e3, slope=-15.1e-3, note=(
            "PHYSICS.md gives -15.1 mV/K for a resistivity that is recalled, with a threshold of 1.295 V. The model "
            "has the closed form -Vth/(2 (t_mit - t0)). With t_mit - t0 = 43 K and a threshold of 1.22 V, no "
            "resistivity can give -15.1 mV/K. A difference t_mit - t0 of 40.4 K would give it. We left the "
            "parameters as they are, because neither figure is a measurement.")),
        *poole_frenkel(),
        *half_volt(),
        *public_netlist(),
        *thermal_neuristor(),
    ]


def moving_core(
    device: str, where: str, threshold: float, peak: float, load: float, slope: float, note: str = "",
) -> list[Row]:
    """Return the rows of one device with a moving core."""
    source = f"{REVIEW}, {where}"
    found = folds(device_model(device))
    assert found.threshold is not None and found.hold is not None
    up, down = swept(device, peak, load, 2e-3)
    volatile = up.hold is not None and up.threshold is not None and up.hold < up.threshold
    return [
        compared(device, "threshold voltage, static fold at the terminals", threshold, "V", "F", source,
                 found.threshold.voltage, 0.01),
        compared(device, f"threshold voltage, 2 ms sweep through {load:g} Ohm, positive polarity", threshold, "V",
                 "F", source,
                 up.threshold, 0.01),
        compared(device, "threshold voltage, the same sweep, negative polarity", -threshold, "V", "F", source,
                 None if down.threshold is None else -down.threshold, 0.01),
        claimed(device, "S-shaped, volatile hysteresis: hold below threshold", "hold < threshold [F]", source,
                f"hold {up.hold:.3f} V on the sweep, static hold {found.hold.voltage:.3f} V at "
                f"{found.hold.current * 1e3:.3f} mA" if up.hold is not None else "no hold", volatile),
        compared(device, "slope of the threshold against chuck temperature, mV/K", slope * 1e3, "", "K",
                 "PHYSICS.md I.8",
                 fold_slope(device) * 1e3, 0.02, note),
        shown(device, "hold voltage on the sweep", "none" if up.hold is None else f"{up.hold:.4f} V",
              "We found no published hold voltage of this stack."),
    ]


def poole_frenkel() -> list[Row]:
    """Return the rows of ``nbo2``."""
    found = folds(device_model("nbo2"))
    assert found.threshold is not None and found.hold is not None
    rise = found.threshold.temperature - 296.0
    up, _ = swept("nbo2", 2.0, 50.0, 2e-3)   # a load above 275 Ohm would cross the curve once everywhere: no step
    return [
        compared("nbo2", "threshold voltage of the film, without the drop across Re", 1.0, "V", "T",
                 "the catalogue sets it by as_",
                 found.threshold.voltage - 300.0 * found.threshold.current, 0.01),
        heating("nbo2", rise, found.hold.temperature - 296.0),
        claimed("nbo2", "S-shaped, volatile hysteresis: hold below threshold", "hold < threshold [F]", REVIEW,
                f"sweep: threshold {up.threshold:.3f} V, hold {up.hold:.3f} V"
                if up.threshold is not None and up.hold is not None else "did not switch",
                up.threshold is not None and up.hold is not None and up.hold < up.threshold),
        shown("nbo2", "slope of the threshold against chuck temperature", f"{fold_slope('nbo2') * 1e3:.2f} mV/K",
              "We found no measurement of this stack. The public one-dimensional parameter set gives -2.8 mV/K."),
    ]


def half_volt() -> list[Row]:
    """Return the rows of ``tin_nbo2``."""
    source = f"{REVIEW}, row 4 (Gao 2017)"
    found = folds(device_model("tin_nbo2")).threshold
    up, down = swept("tin_nbo2", 1.0, 25.0, 2e-3)
    return [
        compared("tin_nbo2", "threshold voltage, static fold at the terminals", 0.5, "V", "F", source,
                 found and found.voltage, 0.01),
        compared("tin_nbo2", "threshold voltage, 2 ms sweep through 25 Ohm, positive polarity", 0.5, "V", "F", source,
                 up.threshold, 0.01),
        compared("tin_nbo2", "threshold voltage, the same sweep, negative polarity", -0.5, "V", "F", source,
                 None if down.threshold is None else -down.threshold, 0.01),
        claimed("tin_nbo2", "S-shaped, volatile hysteresis: hold below threshold", "hold < threshold [F]", source,
                "no hold" if up.hold is None else f"hold {up.hold:.3f} V on the sweep",
                up.hold is not None and up.threshold is not None and up.hold < up.threshold),
        shown("tin_nbo2", "slope of the threshold against chuck temperature",
              f"{fold_slope('tin_nbo2') * 1e3:.2f} mV/K",
              "We found no measurement of this stack. The public one-dimensional parameter set gives -2.8 mV/K."),
    ]


def public_netlist() -> list[Row]:
    """Return the rows of ``nbo2_slesazeck``: the static evaluation of a public netlist, repeated."""
    name, source = "nbo2_slesazeck", "PHYSICS.md III.1, evaluation of thennen/pyltspice"
    model = device_model(name)
    found, loaded = folds(model), folds(model.with_parameters({"re": 330.0}))
    assert found.threshold is not None and found.hold is not None
    small = 1e-14   # [A]: the lowering of the barrier goes with the root of the field
    rise = found.threshold.temperature - 298.0
    return [
        compared(name, "turning point, voltage", 0.960, "V", "F2", source, found.threshold.voltage, 0.002),
        compared(name, "turning point, current", 0.634e-3, "A", "F2", source, found.threshold.current, 0.002),
        compared(name, "turning point, temperature", 405.0, "K", "F2", source, found.threshold.temperature, 0.002),
        compared(name, "hold point, voltage", 0.82, "V", "F2", source, found.hold.voltage, 0.005),
        compared(name, "hold point, current", 6.4e-3, "A", "F2", source, found.hold.current, 0.005),
        compared(name, "hold point, temperature", 1215.0, "K", "F2", source, found.hold.temperature, 0.002),
        compared(name, "resistance at 0 V and 298 K", 146e3, "Ohm", "F2", source,
                 model.settled(small)[0] / small, 0.01),
        compared(name, "slope of the threshold against chuck temperature, mV/K", -2.8, "", "F2", source,
                 fold_slope(name) * 1e3, 0.02),
        claimed(name, "330 Ohm in series: no negative resistance at the terminals", "none [F2]", source,
                "no fold" if loaded.threshold is None else f"fold at {loaded.threshold.voltage:.3f} V",
                loaded.threshold is None),
        heating(name, rise, found.hold.temperature - 298.0),
    ]


def heating(device: str, fold: float, hold: float) -> Row:
    """Return the row on the heating [K] that threshold switching takes."""
    return compared(
        device, "heating at the threshold, static fold", 150.0, "K", "F",
        "Slesazeck 2015, RSC Adv. c5ra19300a, abstract: 'only 150 K'", fold, 0.2,
        "The abstract does not say at which point the device is 150 K hotter. We compare the heating at the "
        f"threshold. At the hold point the heating is {hold:.0f} K.")


def thermal_neuristor() -> list[Row]:
    """Return the rows of ``vo2_hysteretic``: it oscillates in its published circuit, between two voltages."""
    found = []
    for volts in (8.0, 10.0, 12.0, 14.0, 20.0):
        result = simulate(
            f"* neuristor\nV1 in 0 {volts}\nR1 in out 12k\nC1 out 0 145.346p\nX1 out 0 vo2_hysteretic\n"
            ".tran 10n 40u uic\n.save i(X1)\n")
        late = result.times > 10e-6
        kind = classify_waveform(result.times[late], result.columns["i(x1)"][late])
        found.append(f"{volts:g} V {kind.kind}" + ("" if kind.period is None else f" ({kind.period * 1e6:.2f} us)"))
    return [
        claimed("vo2_hysteretic", "spikes in its published circuit (12 kOhm, 145 pF) within a range of supply voltages",
                "spikes [F2]", "collective_dynamics_neuristor (public code)", ", ".join(found),
                "quiet" in found[0] and "spiking" in found[2] and "quiet" in found[-1]),
    ]
