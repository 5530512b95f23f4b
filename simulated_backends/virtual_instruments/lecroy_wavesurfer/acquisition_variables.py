"""The automation below ``app.Acquisition``: run control, inputs, time base and trigger.

Source: Automation Control Variable Reference in the MAUI remote control manual (app.Acquisition, app.Acquisition.Cn,
app.Acquisition.Horizontal, app.Acquisition.Trigger). ``Acquire`` returns 1 if a trigger came, and 0 if the time ran out
(LeCroyDSO 0.4, the maker's package on PyPI, ``LeCroyDSO.acquire``). That it returns 0 after a forced trigger too is a
remark in a driver by other authors; the manual does not say it, and it was not compared with an instrument.
"""

from collections.abc import Callable, Mapping, Sequence

from tsbench.simulated_backends.lecroy.script import Value, as_boolean, as_number
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.scope import WaveSurferScope
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.variables import Methods, Variable, Variables
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan

#: remote word -> word of the automation
_MODES = {"AUTO": "Auto", "NORM": "Normal", "SINGLE": "Single", "STOP": "Stopped"}
_COUPLINGS = {"D50": "DC50", "D1M": "DC1M", "A1M": "AC1M", "GND": "Gnd"}
_TRIGGER_TYPES = {
    "EDGE": "Edge", "GLIT": "Glitch", "INTV": "Interval", "RUNT": "Runt", "SLEW": "SlewRate", "DROP": "Dropout"}
_SLOPES = {"POS": "Positive", "NEG": "Negative", "WINDOW": "Either"}
_TRIGGER_COUPLINGS = {word: word for word in ("DC", "AC", "LFREJ", "HFREJ")}
_LIMITS: Mapping[float | None, str] = {None: "Full", 20e6: "20MHz", 200e6: "200MHz"}
_STEP = 5e-3  #: [s] between two looks for a trigger


def word_for(value: Value, words: Mapping[str, str]) -> str:
    """Return the key of an enumeration's value, whatever its case.

    Raises
    ------
    ValueError
        There is none.
    """
    for key, word in words.items():
        if word.lower() == str(value).strip().lower():
            return key
    raise ValueError(f"not one of {', '.join(words.values())}: {value!r}")


# --------------------------------------------------------------------------------------------------------- run control


def _mode(scope: WaveSurferScope, number: int) -> str:
    return _MODES[scope.waveform_commands.mode()]


def _set_mode(scope: WaveSurferScope, number: int, value: Value) -> Handler | None:
    begun: Handler | None = scope.waveform_commands.set_mode(word_for(value, _MODES))
    return begun


def _acquire(scope: WaveSurferScope, number: int, arguments: Sequence[Value]) -> Handler:
    """``Acquire(0.5, true)``: acquire once within a time [s]; then trigger, if the second argument says so."""
    if not 1 <= len(arguments) <= 2:
        raise ValueError("Acquire has one or two arguments")
    seconds, force = as_number(arguments[0]), len(arguments) == 2 and as_boolean(arguments[1])
    control = scope.control
    yield from _set_mode(scope, 0, "Single") or ()
    deadline = scope.clock.now + seconds
    while (acquisition := control.acquisition) is not None:
        finish = acquisition.finish
        if finish is None and scope.clock.now >= deadline:
            break
        yield (min(_STEP, max(deadline - scope.clock.now, 0.0)) if finish is None
               else max(finish - scope.clock.now, 0.0)) + 1e-9
        control.look()
    if acquisition is None:
        return 1
    if not force:
        yield from control.stop()
        return 0
    control.force()
    yield from scope.waveform_commands.wait()
    return 0


# -------------------------------------------------------------------------------------------------------------- inputs


def _set_scale(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.input_commands.set_scale(number, as_number(value))


def _set_offset(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.input_commands.set_offset(number, as_number(value))


def _set_view(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.input_commands.set_shown(number, as_boolean(value))


def _coupling(scope: WaveSurferScope, number: int) -> str:
    return _COUPLINGS[scope.input_commands.coupling(number)]


def _set_coupling(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.input_commands.set_coupling(number, word_for(value, _COUPLINGS))


def _limit(scope: WaveSurferScope, number: int) -> str:
    return _LIMITS[scope.panel.channels[number].limit]


def _set_limit(scope: WaveSurferScope, number: int, value: Value) -> None:
    word = str(value).strip().lower()
    limit = next((hertz for hertz, name in _LIMITS.items() if name.lower() == word), -1.0)
    if limit == -1.0:
        raise ValueError(f"no bandwidth limit: {value!r}")
    scope.panel.channels[number].limit = limit


def _set_probe(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.input_commands.set_attenuation(number, as_number(value))


def _of_record(read: Callable[[AcquisitionPlan], float | int]) -> Variable:
    """Return a property of the record of an input."""

    def found(scope: WaveSurferScope, number: int) -> Handler:
        acquisition = yield from scope.waveform_commands.acquired(number)
        return read(acquisition.plan)

    return Variable(found)


# ----------------------------------------------------------------------------------------------------------- time base


def _set_time_scale(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.waveform_commands.set_time_scale(as_number(value))


def _set_place(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.setting_commands.set_place(as_number(value))


def _set_memory(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.setting_commands.set_memory(as_number(value))


def _sample_mode(scope: WaveSurferScope, number: int) -> str:
    return "Sequence" if scope.panel.segments > 1 else "RealTime"


def _set_sample_mode(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.setting_commands.set_sequence(
        word_for(value, {"OFF": "RealTime", "ON": "Sequence"}) == "ON")


def _set_segments(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.setting_commands.set_sequence(scope.panel.segments > 1, round(as_number(value)))


def _maximize(scope: WaveSurferScope, number: int) -> str:
    return "SetMaximumMemory" if scope.panel.fixed_rate is None else "FixedSampleRate"


def _set_maximize(scope: WaveSurferScope, number: int, value: Value) -> None:
    fixed = word_for(value, {"max": "SetMaximumMemory", "fixed": "FixedSampleRate"}) == "fixed"
    scope.panel.fixed_rate = scope.panel.sampling().rate if fixed else None


def _set_rate(scope: WaveSurferScope, number: int, value: Value) -> None:
    rate = as_number(value)
    if scope.panel.fixed_rate is None or rate <= 0:
        raise ScpiError(-221)
    scope.panel.fixed_rate = min(rate, scope.data_sheet.max_sample_rate)


# ------------------------------------------------------------------------------------------------------------- trigger


def _source(scope: WaveSurferScope, number: int) -> str:
    return {"EXT": "Ext", "LINE": "Line"}.get(scope.panel.trigger.source, scope.panel.trigger.source)


def _set_source(scope: WaveSurferScope, number: int, value: Value) -> None:
    names = {source: source for source in scope.trigger_commands.sources if source[0] == "C"}
    scope.trigger_commands.select_source(word_for(value, {**names, "EX": "Ext", "LINE": "Line"}))


def _set_type(scope: WaveSurferScope, number: int, value: Value) -> None:
    if word_for(value, _TRIGGER_TYPES) != "EDGE":
        raise ScpiError(-224)
    if scope.trigger_commands.kind != "EDGE":
        scope.trigger_commands.select("EDGE")


def _set_level(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.trigger_commands.set_level(number, as_number(value))


def _set_slope(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.trigger_commands.set_slope(number, word_for(value, _SLOPES))


def _set_trigger_coupling(scope: WaveSurferScope, number: int, value: Value) -> None:
    scope.trigger_commands.set_trigger_coupling(number, word_for(value, _TRIGGER_COUPLINGS))


def _of_channel(scope: WaveSurferScope) -> int:
    """Return the channel that triggers; 0: another source does."""
    source = scope.panel.trigger.source
    return int(source[1:]) if source.startswith("C") else 0


def _edge_level(scope: WaveSurferScope, number: int) -> float:
    channel = _of_channel(scope)
    return scope.panel.channels[channel].level if channel else scope.panel.trigger.external_level


def _set_edge_level(scope: WaveSurferScope, number: int, value: Value) -> None:
    channel = _of_channel(scope)
    if channel:
        _set_level(scope, channel, value)
    else:
        scope.trigger_commands.set_external_level(as_number(value))


def _edge_slope(scope: WaveSurferScope, number: int) -> str:
    channel = _of_channel(scope)
    return _SLOPES[scope.trigger_commands.slope(channel) if channel else scope.panel.trigger.slope]


def _set_edge_slope(scope: WaveSurferScope, number: int, value: Value) -> None:
    channel = _of_channel(scope)
    if channel:
        _set_slope(scope, channel, value)
    else:
        scope.trigger_commands.set_external_slope(word_for(value, {"POS": "Positive", "NEG": "Negative"}))


def _edge_coupling(scope: WaveSurferScope, number: int) -> str:
    channel = _of_channel(scope)
    return scope.trigger_commands.trigger_coupling(channel) if channel else "DC"


def _set_edge_coupling(scope: WaveSurferScope, number: int, value: Value) -> None:
    if channel := _of_channel(scope):
        _set_trigger_coupling(scope, channel, value)


_LEVEL = Variable(lambda scope, number: scope.panel.channels[number].level, _set_level)
_COUPLING = Variable(lambda scope, number: scope.trigger_commands.trigger_coupling(number), _set_trigger_coupling)
_RATE = Variable(lambda scope, number: scope.panel.sampling().rate)
_CHANNELS: Variables = {
    "view": Variable(lambda scope, number: scope.panel.channels[number].shown, _set_view),
    "verscale": Variable(lambda scope, number: scope.panel.channels[number].scale, _set_scale),
    "veroffset": Variable(lambda scope, number: 0.0 - scope.panel.channels[number].middle, _set_offset),
    "coupling": Variable(_coupling, _set_coupling),
    "bandwidthlimit": Variable(_limit, _set_limit),
    "probeattenuation": Variable(lambda scope, number: scope.panel.channels[number].probe, _set_probe),
    "out.result.samples": _of_record(lambda plan: plan.sampling.points),
    "out.result.sweeps": _of_record(lambda plan: plan.records if plan.averaged else 1),
    "out.result.horizontalperstep": _of_record(lambda plan: plan.sampling.interval),
    "out.result.horizontaloffset": _of_record(lambda plan: plan.first_sample),
    "out.result.horizontalunits": Variable(lambda scope, number: "S"),
    "out.result.verticalunits": Variable(lambda scope, number: "V"),
}
_HORIZONTAL: Variables = {
    "horscale": Variable(lambda scope, number: scope.panel.time_scale, _set_time_scale),
    "horoffset": Variable(lambda scope, number: 0.0 - scope.panel.position, _set_place),
    "maxsamples": Variable(lambda scope, number: scope.panel.memory, _set_memory),
    "samplemode": Variable(_sample_mode, _set_sample_mode),
    "numsegments": Variable(lambda scope, number: scope.setting_commands.segments_wanted, _set_segments),
    "maximize": Variable(_maximize, _set_maximize),
    "samplerate": Variable(_RATE.read, _set_rate),
    "samplingrate": _RATE,
    "numpoints": Variable(lambda scope, number: scope.panel.sampling().points),
    "timeperpoint": Variable(lambda scope, number: scope.panel.sampling().interval),
}
_TRIGGER: Variables = {
    "type": Variable(lambda scope, number: _TRIGGER_TYPES[scope.trigger_commands.kind], _set_type),
    "source": Variable(_source, _set_source),
    "c#.level": _LEVEL, "c#level": _LEVEL,
    "c#.slope": Variable(lambda scope, number: _SLOPES[scope.trigger_commands.slope(number)], _set_slope),
    "c#.coupling": _COUPLING, "c#coupling": _COUPLING,
    "ext.level": Variable(lambda scope, number: scope.panel.trigger.external_level, lambda scope, number, value:
                          scope.trigger_commands.set_external_level(as_number(value))),
    "edge.source": Variable(_source, _set_source),
    "edge.level": Variable(_edge_level, _set_edge_level),
    "edge.slope": Variable(_edge_slope, _set_edge_slope),
    "edge.coupling": Variable(_edge_coupling, _set_edge_coupling),
}
VARIABLES: Variables = {
    "acquisition.triggermode": Variable(_mode, _set_mode),
    **{f"acquisition.c#.{name}": variable for name, variable in _CHANNELS.items()},
    **{f"acquisition.horizontal.{name}": variable for name, variable in _HORIZONTAL.items()},
    **{f"acquisition.trigger.{name}": variable for name, variable in _TRIGGER.items()},
}
METHODS: Methods = {
    "acquisition.acquire": _acquire,
    "acquisition.c#.findscale": lambda scope, number, arguments: scope.setting_commands.find(number),
}
