"""The automation of the application and of its measurements: ``app`` and ``app.Measure``.

Sources: Automation Control Variable Reference in the MAUI remote control manual (app, app.Measure, app.Measure.Pn) and
its part "Timing and Synchronization" (WaitUntilIdle returns 1, or 0 if the time has run out). The reply ``No Data
Available`` is that of a WavePro 735Zi.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from tsbench.simulated_backends.lecroy.script import Value, as_boolean, as_number
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.acquisition_variables import word_for
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.parameters import BY_ENGINE, ParameterSlot
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.scope import WaveSurferScope
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.variables import Methods, Variable, Variables

NO_DATA = "No Data Available"
_NULL = "Null"
_STEP = 1e-3  #: [s] between two looks whether an acquisition has ended


# -------------------------------------------------------------------------------------------------------- measurements


def _slot(scope: WaveSurferScope, number: int) -> ParameterSlot:
    return scope.measure_commands.slot(number)


def _set_shown(scope: WaveSurferScope, number: int, value: Value) -> None:
    _slot(scope, number).shown = as_boolean(value)


def _engine(scope: WaveSurferScope, number: int) -> str:
    kind = _slot(scope, number).kind
    return _NULL if kind is None else kind.engine


def _set_engine(scope: WaveSurferScope, number: int, value: Value) -> None:
    name = str(value).strip().lower()
    if name not in BY_ENGINE and name != _NULL.lower():
        raise ValueError(f"no measurement: {value!r}")
    _slot(scope, number).set(BY_ENGINE.get(name))


def _set_source(scope: WaveSurferScope, number: int, value: Value) -> None:
    slot = _slot(scope, number)
    slot.set(slot.kind, scope.measure_commands.source(str(value)))


def _set_second_source(scope: WaveSurferScope, number: int, value: Value) -> None:
    """Take a second source, which no measurement of the twin has."""
    if str(value).strip().lower() != "none":
        scope.measure_commands.source(str(value))


def _result(read: Callable[[ParameterSlot], float | int]) -> Variable:
    """Return a variable with a number of a measurement, of the record that there is now."""

    def found(scope: WaveSurferScope, number: int) -> Handler:
        yield from scope.measure_commands.look()
        value = read(_slot(scope, number))
        return value if math.isfinite(value) else NO_DATA

    return Variable(found)


def _described(words: tuple[Value, Value]) -> Variable:
    """Return a variable that tells whether a measurement has a value."""

    def found(scope: WaveSurferScope, number: int) -> Handler:
        yield from scope.measure_commands.look()
        return words[math.isfinite(_slot(scope, number).value)]

    return Variable(found)


def _attribute(name: str) -> Variable:
    """Return a switch that the measurements have."""

    def store(scope: WaveSurferScope, number: int, value: Value) -> None:
        setattr(scope.measure_commands, name, as_boolean(value))

    return Variable(lambda scope, number: getattr(scope.measure_commands, name), store)


def _set_measure_mode(scope: WaveSurferScope, number: int, value: Value) -> None:
    word_for(value, {"CUST": "MyMeasure"})


_VIEW = Variable(lambda scope, number: _slot(scope, number).shown, _set_shown)
_MEASURE: Variables = {
    "showmeasure": _attribute("shown"),
    "statson": _attribute("with_statistics"),
    "histoon": _attribute("with_icons"),
    "measuremode": Variable(lambda scope, number: "MyMeasure", _set_measure_mode),
    "viewp#": _VIEW,
    "p#.view": _VIEW,
    "p#.paramengine": Variable(_engine, _set_engine),
    "p#.source1": Variable(lambda scope, number: f"C{_slot(scope, number).source}", _set_source),
    "p#.source2": Variable(lambda scope, number: "None", _set_second_source),
    "p#.out.result.value": _result(lambda slot: slot.value),
    "p#.out.result.status": _described((1, 0)),
    "p#.out.result.statusdescription": _described((NO_DATA, "Valid")),
    "p#.last.result.value": _result(lambda slot: slot.statistics.last),
    "p#.mean.result.value": _result(lambda slot: slot.statistics.mean),
    "p#.min.result.value": _result(lambda slot: slot.statistics.lowest),
    "p#.max.result.value": _result(lambda slot: slot.statistics.highest),
    "p#.sdev.result.value": _result(lambda slot: slot.statistics.deviation),
    "p#.num.result.value": _result(lambda slot: slot.statistics.count),
}


# --------------------------------------------------------------------------------------------------------- application


def _identity(part: int | None) -> Variable:
    def read(scope: WaveSurferScope, number: int) -> str:
        return scope.identification if part is None else scope.identification.split(",")[part]

    return Variable(read)


def _executables(scope: WaveSurferScope, number: int) -> str:
    slots = scope.measure_commands.slots
    return ",".join([*(f"C{one}" for one in scope.panel.channels), *(f"P{one}" for one in slots)])


def _wait_until_idle(scope: WaveSurferScope, number: int, arguments: Sequence[Value]) -> Handler:
    """``WaitUntilIdle(5)``: wait until an acquisition has ended, but no longer than a time [s]."""
    if len(arguments) != 1:
        raise ValueError("WaitUntilIdle has one argument")
    deadline = scope.clock.now + as_number(arguments[0])
    control = scope.control
    control.look()
    while control.running and not control.continuous:
        left = deadline - scope.clock.now
        if left <= 0:
            return 0
        yield min(_STEP, left) + 1e-9
        control.look()
    return 1


def _sleep(scope: WaveSurferScope, number: int, arguments: Sequence[Value]) -> Handler:
    """``Sleep(100)``: wait a time [ms]."""
    if len(arguments) != 1 or as_number(arguments[0]) < 0:
        raise ValueError("Sleep has one argument")
    yield as_number(arguments[0]) * 1e-3


def _without_arguments(action: Callable[[WaveSurferScope], Any]) -> Callable[
    [WaveSurferScope, int, Sequence[Value]], Any
]:
    return lambda scope, number, arguments: action(scope)


_DEFAULT = _without_arguments(lambda scope: scope.reset())
_CLEAR = _without_arguments(lambda scope: scope.measure_commands.clear_sweeps())
VARIABLES: Variables = {
    "instrumentid": _identity(None), "instrumentmodel": _identity(1), "serialnumber": _identity(2),
    "firmwareversion": _identity(3),
    "instrumentmaxbandwidth": Variable(lambda scope, number: f"{scope.data_sheet.bandwidth / 1e6:g}MHz"),
    "execsnameall": Variable(_executables),
    **{f"measure.{name}": variable for name, variable in _MEASURE.items()},
}
METHODS: Methods = {
    "settodefaultsetup": _DEFAULT, "saverecall.setup.dorecalldefaultpanel": _DEFAULT,
    "autosetup": _without_arguments(lambda scope: scope.waveform_commands.set_up()),
    "clearsweeps": _CLEAR, "measure.clearsweeps": _CLEAR, "acquisition.clearsweeps": _CLEAR,
    "measure.clearall": _without_arguments(lambda scope: scope.measure_commands.clear_all()),
    "waituntilidle": _wait_until_idle, "sleep": _sleep,
}
