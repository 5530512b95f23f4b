"""PyMeasure's AFG3152C and DG800 and the AFG3000 of qcodes-contrib-drivers, judged by the waveform at the resistor."""

from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, pymeasure_opening, qcodes_opening, same
from benchmarks.acceptance.judging import crossings, frequency_of, rise_time, width_at_half


def _afg3152c() -> Any:
    from pymeasure.instruments.tektronix import AFG3152C

    return AFG3152C


def _dg800() -> Any:
    from pymeasure.instruments.rigol.rigol_dg800 import DG800

    return DG800


def _afg3000() -> Any:
    from qcodes_contrib_drivers.drivers.Tektronix.AFG3000 import AFG3000

    def opened(name: str, address: str, terminator: str = "", **options: Any) -> Any:
        return AFG3000(name, address, **options)   # it has a terminator of its own

    return opened


AFG3152C = Driver("pymeasure", "AFG3152C", ("tektronix_afg3152c",), pymeasure_opening(_afg3152c))
RIGOL_DG800 = Driver("pymeasure", "DG800", ("rigol_dg822",), pymeasure_opening(_dg800))
AFG3000 = Driver("qcodes-contrib-drivers", "AFG3000", ("tektronix_afg3252c",), qcodes_opening(_afg3000))
#: volts at the resistor for 1 V that is set for 50 Ohm
SHARE = 2 * RESISTANCE / (RESISTANCE + 50.0)


def settled(bench: OpenBench) -> None:
    """Let the relay close."""
    bench.waveform(0.02, 11)


# --------------------------------------------------------------------------------------------- AFG3152C


@AFG3152C.case
def sine_of_the_afg3152c_class(generator: Any, bench: OpenBench) -> None:
    """A whole wavefunction comes out: amplitude, offset, frequency. The output is switched by a message."""
    generator.ch1.waveform("SIN", 1e4, "VPP", 1.0, 0.25)
    generator.write("output1:state on")
    same("output", generator.ask("output1:state?").strip(), "1")
    same("errors", generator.ask("system:error?").strip(), '0,"No error"')
    settled(bench)
    times, volts = bench.waveform(1e-3)
    close_to("peak to peak", float(np.ptp(volts)), 1.0 * SHARE, 0.025)
    close_to("mean", float(volts[:-1].mean()), 0.25 * SHARE, 0.02)
    close_to("frequency", frequency_of(times, volts, 0.25 * SHARE), 10e3, 10.0)


@AFG3152C.case
def duty_cycle_of_the_afg3152c_class(generator: Any, bench: OpenBench) -> None:
    """The duty cycle of a pulse makes its width."""
    channel = generator.ch1
    channel.shape, channel.frequency, channel.duty = "pulse", 1e3, 25.0
    channel.amp_vpp, channel.offset = 1.0, 0.5
    generator.write("output1:state on")
    same("output", generator.ask("output1:state?").strip(), "1")
    settled(bench)
    times, volts = bench.waveform(2e-3, 400_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, SHARE), 250e-6, 1e-6)


@AFG3152C.case
def declared_load_of_the_afg3152c_class(generator: Any, bench: OpenBench) -> None:
    """The class declares a load."""
    generator.ch1.impedance = 100
    same("errors", generator.ask("system:error?").strip(), '0,"No error"')


@AFG3152C.case
def output_of_the_afg3152c_class(generator: Any, bench: OpenBench) -> None:
    """The class switches an output on and off."""
    generator.ch1.enable()
    settled(bench)
    assert bench.outputs_on()


# ----------------------------------------------------------------------------------------------- AFG3000


@AFG3000.case
def opening_reads_all_parameters(generator: Any, bench: OpenBench) -> None:
    """The driver asks for every parameter when it is opened: none is unknown to the instrument."""
    values = {name: one.get("value") for name, one in generator.snapshot()["parameters"].items()}
    same("parameters without a value", [name for name, value in values.items() if value is None], [])
    same("errors", bench.errors(), [])


@AFG3000.case
def pulse_of_the_afg3000_driver(generator: Any, bench: OpenBench) -> None:
    """The shapes that the driver allows have no PULSe: with a raw message its timing commands make the pulse."""
    generator.write("SOURce1:FUNCtion:SHAPe PULS")
    generator.pulse_hold1("WIDTh")
    generator.pulse_period1(1e-3)
    generator.pulse_width1(100e-6)
    generator.pulse_trans_lead1(2e-6)
    generator.voltage_high1(1.0)
    generator.voltage_low1(0.0)
    generator.state_output1(1)
    same("errors", bench.errors(), [])
    settled(bench)
    times, volts = bench.waveform(2e-3, 400_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, SHARE), 100e-6, 1e-7)
    close_to("rise time", rise_time(times, volts, 0.0, SHARE), 2e-6, 1e-7)


@AFG3000.case
def pulse_is_a_shape_of_the_afg3000_driver(generator: Any, bench: OpenBench) -> None:
    """The driver selects the pulse shape."""
    generator.function_shape1("PULSe")


@AFG3000.case
def burst_of_the_afg3000_driver(generator: Any, bench: OpenBench) -> None:
    """A trigger gives the cycles of the burst."""
    generator.function_shape1("SQU")
    generator.freq_cw1(1e3)
    generator.trigger_source("EXT")
    generator.burst_mode1("TRIG")
    generator.burst_ncycles1(3)
    generator.burst_state1(1)
    generator.state_output1(1)
    same("errors", bench.errors(), [])
    settled(bench)
    generator.write("*TRG")
    same("burst", generator.burst_state1(), 1)
    times, volts = bench.waveform(10e-3, 100_001)
    close_to("cycles", len(crossings(times, volts, 0.2, False)), 3, 0)


@AFG3000.case
def uploaded_waveform_of_the_afg3000_driver(generator: Any, bench: OpenBench) -> None:
    """Points that were uploaded come out between the low and the high level."""
    generator.upload_waveform(np.repeat([0.0, 1.0, 0.5, 0.0], 250), 2)
    generator.function_shape1("USER2")
    generator.freq_cw1(1e3)
    generator.voltage_high1(1.0)
    generator.voltage_low1(-1.0)
    generator.state_output1(1)
    same("errors", bench.errors(), [])
    settled(bench)
    _, volts = bench.waveform(1e-3, 40_001)
    for level, wanted in ((-1.0, 0.5), (1.0, 0.25), (0.0, 0.25)):
        share = float(np.mean(np.abs(volts - level * SHARE) < 0.06))
        close_to(f"share of the time at {level} V", share, wanted, 0.02)


@AFG3000.case
def settings_are_saved_by_the_afg3000_driver(generator: Any, bench: OpenBench) -> None:
    """Settings that are saved can be recalled."""
    generator.freq_cw1(3e3)
    generator.save(1)
    close_to("frequency", float(generator.ask("SOUR1:FREQ?")), 3e3, 1e-3)   # by a wire, a write returns at once
    same("errors", bench.errors(), [])


# ------------------------------------------------------------------------------------------------- DG800


@RIGOL_DG800.case
def pulse_of_the_dg800_class(generator: Any, bench: OpenBench) -> None:
    """Amplitude, offset and width of a pulse come out."""
    channel = generator.channel_1
    channel.pulse = 1e3, 1.0, 0.5, 0.0
    channel.pulse_width = 200e-6
    channel.output_enabled = True
    assert channel.output_enabled is True
    settled(bench)
    times, volts = bench.waveform(2e-3, 400_001)
    close_to("width at 50 %", width_at_half(times, volts, 0.0, SHARE), 200e-6, 1e-7)
    # data sheet: 1 % + 5 mV of the amplitude, and as much of the offset
    close_to("high level", float(np.median(volts[volts > SHARE / 2])), SHARE, 0.025)
    same("errors", bench.errors(), [])


@RIGOL_DG800.case
def level_of_the_dg800_class(generator: Any, bench: OpenBench) -> None:
    """A direct voltage comes out, for an open output as for 50 Ohm."""
    channel = generator.channel_1
    channel.high_impedance = True
    channel.dc = 0.8
    channel.output_enabled = True
    assert channel.output_enabled is True
    settled(bench)
    _, volts = bench.waveform(1e-3, 101)
    close_to("level", float(np.median(volts)), 0.8 * SHARE / 2, 0.02)
    same("errors", bench.errors(), [])


@RIGOL_DG800.case
def short_width_of_the_dg800_class(generator: Any, bench: OpenBench) -> None:
    """A width of 100 ns is set."""
    generator.channel_1.pulse_width = 100e-9
    close_to("width", generator.channel_1.pulse_width, 100e-9, 1e-9)


DRIVERS = (AFG3152C, AFG3000, RIGOL_DG800)
