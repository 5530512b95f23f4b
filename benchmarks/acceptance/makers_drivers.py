"""Drivers that makers of instruments publish: tm_devices of Tektronix, RsInstrument of Rohde & Schwarz, lakeshore."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, same
from benchmarks.acceptance.judging import meter_accuracy, width_at_half
from benchmarks.acceptance.scope_levels import levels_are_true, screen

#: tm_devices cannot open an address of HiSLIP with a port, and only knows some addresses of USB
TM_TRANSPORTS = ("in process", "socket")
LAN_ADDRESS = "TCPIP0::192.168.0.5::inst0::INSTR"


def _tm_opening(kind: str) -> Any:
    """Return how tm_devices opens an instrument: ``DeviceManager.add_smu(address)``."""

    @contextmanager
    def opened(bench: OpenBench) -> Iterator[Any]:
        from tm_devices import DeviceManager, configure_logging

        configure_logging(log_file_directory=Path(tempfile.gettempdir()) / "tm_devices")
        with DeviceManager(verbose=False) as manager:
            manager.visa_library = bench.library
            device = getattr(manager, f"add_{kind}")(bench.resource)
            device.write("*CLS")   # power-on is the first bit of the event register, and the class takes it as an error
            yield device

    return opened


def _tm(name: str, twin: str, kind: str, partner: str | None = None, options: str = "") -> Driver:
    return Driver("tm-devices", name, (twin,), _tm_opening(kind), partner=partner, transports=TM_TRANSPORTS,
                  options=options, address=LAN_ADDRESS)


SMU2450 = _tm("SMU2450", "keithley_2450", "smu", options='{ language = "TSP" }')
SMU2636B = _tm("SMU2636B", "keithley_2636b", "smu")
AFG3KC = _tm("AFG3KC", "tektronix_afg3252c", "afg", partner="keysight_dsox3054t")
MSO5 = _tm("MSO5", "tektronix_mso54", "scope", partner="keysight_33622a")


@contextmanager
def _lakeshore_opening(bench: OpenBench) -> Iterator[Any]:
    from lakeshore import Model336

    _, host, port, _ = bench.resource.split("::")
    controller = Model336(ip_address=host, tcp_port=int(port), timeout=10.0)
    try:
        yield controller
    finally:
        controller.disconnect_tcp()


MODEL_336 = Driver(
    "lakeshore", "Model336", ("lakeshore_336",), _lakeshore_opening, transports=("socket",),
    more='[chuck]\ntemperature = 296\nheater = "tested.1"\nsensor = "tested.A"\n')


@contextmanager
def _rs_opening(bench: OpenBench) -> Iterator[Any]:
    from RsInstrument import RsInstrument

    scope = RsInstrument(bench.resource.replace("TCPIP0", "TCPIP"), True, False, "SelectVisa='socket'")
    scope.visa_timeout = 10_000
    scope.clear_status()
    try:
        yield scope
    finally:
        scope.close()


#: the class has its own raw socket, and asks for errors after each message
RTO = Driver("RsInstrument", "RsInstrument on an RTO", ("rohde_schwarz_rto1014",), _rs_opening,
             partner="keysight_33622a", transports=("socket",))
DRIVERS = (SMU2450, SMU2636B, AFG3KC, MSO5, MODEL_336, RTO)


# ------------------------------------------------------------------------------------ source meters, by TSP


@SMU2450.case
def levels_into_the_buffer(meter: Any, bench: OpenBench) -> None:
    """I = V/R at each level, as the driver reads the buffer."""
    smu = meter.commands.smu
    smu.source.func, smu.measure.func = smu.FUNC_DC_VOLTAGE, smu.FUNC_DC_CURRENT
    smu.source.range, smu.source.ilimit.level, smu.measure.range = 2, 1e-3, 1e-3
    smu.source.output = smu.ON
    meter.write("for i = 1, 5 do smu.source.level = 0.2 * i smu.measure.read(defbuffer1) end")
    found = meter.get_buffers("defbuffer1.readings")["defbuffer1.readings"]
    smu.source.output = smu.OFF
    meter.ieee_cmds.opc()
    accuracy = meter_accuracy("keithley_2450")
    same("readings", len(found), 5)
    for number, reading in enumerate(found, 1):
        volts = 0.2 * number
        close_to("current", reading, volts / RESISTANCE, accuracy.current_bound(volts, RESISTANCE))
    same("relay", bench.outputs_on(), [])


@SMU2450.case
def limit_of_the_2450(meter: Any, bench: OpenBench) -> None:
    """The current stops at the limit, and the limit has tripped."""
    smu = meter.commands.smu
    smu.source.func, smu.measure.func = smu.FUNC_DC_VOLTAGE, smu.FUNC_DC_CURRENT
    smu.source.range, smu.source.ilimit.level, smu.measure.range = 20, 1e-4, 1e-3
    smu.source.level, smu.source.output = 5, smu.ON
    close_to("current", float(smu.measure.read()), 1e-4, 5e-7)
    same("tripped", smu.source.ilimit.tripped, "smu.ON")
    smu.source.output = smu.OFF


@SMU2450.provoking(-286)
def errors_of_the_2450(meter: Any, bench: OpenBench) -> None:
    """No error after a reset; a wrong line is counted in the event log and read with its text."""
    meter.reset()
    meter.expect_esr("0")
    meter.write("nonsense(1)")
    code, texts = meter.get_errors()
    same("event register", code & 0b111000 != 0, True)
    same("event", texts[0].split("\t")[0], "-286")


@SMU2636B.case
def channels_of_the_2636b(meter: Any, bench: OpenBench) -> None:
    """V/R on both channels, and the current at its limit."""
    accuracy = meter_accuracy("keithley_2636b")
    for number, name in enumerate("ab", 1):
        smu = meter.commands.smu[name]
        smu.source.func, smu.source.rangev, smu.source.limiti = smu.OUTPUT_DCVOLTS, 2, 1e-3
        smu.measure.rangei, smu.measure.nplc, smu.source.levelv = 1e-3, 1, 0.5 * number
        smu.source.output = smu.OUTPUT_ON
        close_to(f"current of {name}", float(smu.measure.i()), 0.5 * number / RESISTANCE,
                 accuracy.current_bound(0.5 * number, RESISTANCE))
        smu.source.limiti, smu.source.rangev, smu.source.levelv = 2e-4, 20, 10
        close_to(f"limited current of {name}", float(smu.measure.i()), 2e-4, 1e-6)
        smu.source.output = smu.OUTPUT_OFF
    meter.ieee_cmds.opc()
    same("relays", bench.outputs_on(), [])
    meter.expect_esr("0")


@SMU2636B.case
def script_of_the_2636b(meter: Any, bench: OpenBench) -> None:
    """A script that the driver loads runs, and prints."""
    meter.load_script("acceptance", script_body="print('measured ' .. 3)")
    meter.run_script("acceptance")
    same("printed", meter.read().strip(), "measured 3")


# --------------------------------------------------------------------------------- generator, oscilloscope


def _functions() -> Any:
    from tm_devices.helpers.enums import SignalGeneratorFunctionsAFG

    return SignalGeneratorFunctionsAFG


@AFG3KC.case
def pulse_of_the_afg(generator: Any, bench: OpenBench) -> None:
    """Width and levels of a pulse at the resistor are what was set."""
    generator.generate_function(frequency=50e3, function=_functions().PULSE, amplitude=1.0, offset=0.5,
                                channel="SOURCE1", termination="HIGHZ", duty_cycle=20.0)
    times, volts = bench.waveform(60e-6)
    close_to("width", width_at_half(times, volts, 0.0, 1.0), 4e-6, 10e-9)
    close_to("high level", float(np.median(volts[volts > 0.5])), 1.0, 0.02)
    close_to("low level", float(np.median(volts[volts < 0.5])), 0.0, 0.02)


@AFG3KC.case
def burst_of_the_afg(generator: Any, bench: OpenBench) -> None:
    """A burst waits for its trigger and has then its three periods."""
    generator.setup_burst(frequency=10.0, function=_functions().SQUARE, amplitude=1.0, offset=0.5, burst_count=3,
                          channel="SOURCE1", termination="HIGHZ")
    _, volts = bench.waveform(0.5)
    same("before the trigger", bool(volts.max() < 0.1), True)
    generator.generate_burst()
    _, volts = bench.waveform(0.5)   # much longer than the trigger's message takes
    high = volts > 0.5
    same("periods that end", int(np.count_nonzero(high[:-1] & ~high[1:])), 3)
    same("errors", generator.query("SYSTEM:ERROR?").split(",")[0], "0")


@MSO5.case
def curve_of_the_mso(scope: Any, bench: OpenBench) -> None:
    """The record has the levels and the width of the pulses."""
    pulses(bench)
    commands = scope.commands
    commands.ch[1].scale.write(0.2)
    commands.ch[1].position.write(-2)
    commands.horizontal.scale.write(20e-6)
    commands.trigger.a.edge.source.write("CH1")
    scope.write("TRIGger:A:LEVel:CH1 0.5;:ACQuire:STOPAfter SEQuence;STATE RUN")
    same("complete", scope.query("*OPC?"), "1")
    commands.data.start.write(1)
    commands.data.stop.write(1_000_000)   # more than the record has: all of it
    codes = np.asarray(scope.curve_query(1), float)
    outgoing = commands.wfmoutpre
    volts = (codes - float(outgoing.yoff.query())) * float(outgoing.ymult.query()) + float(outgoing.yzero.query())
    times = np.arange(len(volts)) * float(outgoing.xincr.query())
    found = levels_are_true(volts, bench, screen(bench, 0.4, scale=0.2))   # position: -2 divisions
    close_to("width", width_at_half(times, volts, found.low, found.high), 20e-6, 50e-9)
    scope.expect_esr(0)


@MSO5.provoking(-113)
def channels_and_settings_of_the_mso(scope: Any, bench: OpenBench) -> None:
    """The driver finds four analog channels without an error; a setting reads back; an error has its text."""
    same("channels", [channel.probe.probetype for channel in scope.channel.values()], ["ANALOG"] * 4)
    scope.set_and_check("CH1:SCALE", 0.5)
    scope.expect_esr(0)
    scope.write("NONSENSE 1")
    code, texts = scope.get_errors()
    same("event register", code, 32)
    assert texts[0].startswith("113,"), texts


@RTO.case
def waveforms_of_the_rto(scope: Any, bench: OpenBench) -> None:
    """The record has the levels and the width of the pulses, as a block and as text."""
    from RsInstrument import BinFloatFormat

    pulses(bench)
    for message in ("CHAN1:STAT ON", "CHAN1:RANG 4", "CHAN1:OFFS 0", "TIM:RANG 1e-4", "TRIG1:MODE NORM",
                    "TRIG1:TYPE EDGE", "TRIG1:SOUR CHAN1", "TRIG1:LEV1 0.5", "FORM REAL,32"):
        scope.write_str_with_opc(message)
    scope.write_str_with_opc("RUNS", 10_000)
    scope.bin_float_numbers_format = BinFloatFormat.Single_4bytes
    volts = np.array(scope.query_bin_or_ascii_float_list("CHAN1:WAV1:DATA?"))
    begin, end, *_ = (float(part) for part in scope.query_str("CHAN1:WAV1:DATA:HEAD?").split(","))
    times = np.linspace(begin, end, len(volts))
    found = levels_are_true(volts, bench, screen(bench, 0.0, full_scale=4.0))
    close_to("width", width_at_half(times, volts, found.low, found.high), 20e-6, 50e-9)
    scope.write_str("FORM ASC")
    texts = np.array(scope.query_bin_or_ascii_float_list("CHAN1:WAV1:DATA?"))
    close_to("text and block", float(np.abs(texts - volts).max()), 0.0, 1e-4)


@RTO.provoking(-113)
def errors_of_the_rto(scope: Any, bench: OpenBench) -> None:
    """The class knows the model and raises what the error queue holds."""
    same("model", scope.instrument_model_name, "RTO")
    try:
        scope.write_str("NONSENSE 1")
    except Exception as error:  # noqa: BLE001  a class of the package, which is not imported here
        assert "-113" in str(error), error
    else:
        raise AssertionError("an unknown header raised nothing")
    same("queue", scope.query_all_errors(), None)


def pulses(bench: OpenBench) -> None:
    """Let the generator beside the oscilloscope send 5000 pulses of 20 us in a second, from 0 V to 1 V."""
    bench.send("*RST", ":OUTP1:LOAD INF", ":FUNC PULS", ":FREQ 5e3", ":FUNC:PULS:WIDT 20e-6", ":VOLT:HIGH 1",
               ":VOLT:LOW 0", ":OUTP1 ON")


# ------------------------------------------------------------------------------- temperature controller


@MODEL_336.case
def closed_loop_of_the_336(controller: Any, bench: OpenBench) -> None:
    """The chuck reaches the set-point of the loop, and the heater has power there."""
    controller.set_heater_pid(1, 60, 15, 0)
    controller.set_control_setpoint(1, 310.0)
    controller.set_heater_range(1, controller.HeaterRange.HIGH)
    bench.held(lambda: bench.world.bench.clock.wait(1200.0))
    close_to("temperature", controller.get_all_kelvin_reading()[0], 310.0, 0.1)
    same("heated", controller.get_heater_output(1) > 0.0, True)
    controller.all_heaters_off()
    same("range", int(controller.get_heater_range(1)), 0)


@MODEL_336.case
def settings_of_the_336(controller: Any, bench: OpenBench) -> None:
    """Settings read back, and a reading without a sensor is not valid."""
    same("model", controller.model_number, "MODEL336")
    controller.set_setpoint_ramp_parameter(1, True, 10.0)
    same("ramp", controller.get_setpoint_ramp_parameter(1), {"ramp_enable": True, "rate_value": 10.0})
    same("resistance", int(controller.get_heater_setup(1)["heater_resistance"]), 1)
    same("sensor B", controller.get_input_reading_status("B").sensor_units_overrange, True)
    close_to("Celsius", controller.get_celsius_reading("A"), 22.85, 0.1)


@MODEL_336.case
def alarm_and_extremes_of_the_336(controller: Any, bench: OpenBench) -> None:
    """An alarm and its relay follow the temperature, the extremes are those of the course, and zones read back."""
    from lakeshore.model_336 import AlarmSettings, Model336ControlLoopZoneSettings

    controller.reset_min_max_data()
    controller.set_alarm_parameters("A", True, AlarmSettings(305.0, 0.0, 1.0, True, False, True))
    controller.set_relay_alarms(1, "A", controller.RelayControlAlarm.HIGH_ALARM)
    same("relay before", controller.get_relay_status(1), False)
    zone = Model336ControlLoopZoneSettings(
        400.0, 60.0, 15.0, 0.0, 0.0, controller.HeaterRange.HIGH, controller.InputChannel.CHANNEL_A, 100.0)
    controller.set_control_loop_zone_table(1, 1, zone)
    same("zone", vars(controller.get_control_loop_zone_table(1, 1)), vars(zone))
    controller.set_heater_output_mode(1, controller.HeaterOutputMode.ZONE, controller.InputChannel.CHANNEL_A)
    controller.set_control_setpoint(1, 310.0)
    controller.set_heater_range(1, controller.HeaterRange.LOW)
    bench.held(lambda: bench.world.bench.clock.wait(1200.0))
    same("alarm", controller.get_alarm_status("A"), {"high_state_enabled": True, "low_state_enabled": False})
    same("event", controller.get_operation_event().alarm, True)
    controller.all_heaters_off()
    bench.held(lambda: bench.world.bench.clock.wait(3600.0))
    same("latched relay", controller.get_relay_status(1), True)
    controller.reset_alarm_status()
    same("relay after", controller.get_relay_status(1), False)
    found = controller.get_min_max_data("A")
    close_to("minimum", found["minimum"], 296.0, 0.1)
    same("maximum", 309.9 < found["maximum"] < 330.0, True)


@MODEL_336.case
def sensors_of_the_336(controller: Any, bench: OpenBench) -> None:
    """A diode DT-670 at 296 K by the points of its curve at 279 K and 298.5 K, and a curve that is written and read."""
    close_to("diode", controller.get_sensor_reading("A"), 0.563128 + 2.5 * (0.607845 - 0.563128) / 19.5, 1.2e-4)
    same("no sensor", controller.get_sensor_reading("B"), 0.0)
    same("curve", controller.get_curve_header(controller.get_input_curve("A")).curve_name.strip(), "DT-670")
    controller.set_curve_data_point(21, 1, 0.10191, 470.0)
    same("point", controller.get_curve_data_point(21, 1), (0.10191, 470.0))
    controller.set_filter("A", True, 10, 2)
    same("filter", controller.get_filter("A"), {"filter_enable": True, "data_points": 10, "reset_threshold": 2})
