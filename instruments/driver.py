"""The interface of every driver, and its declaration in the driver's folder.

A driver is one class on a connection. What it measures stands in the capabilities of
:mod:`tsbench.instruments.interfaces`; each of its outputs, or the driver itself, has one of them.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.interfaces import (
    DecadeBox,
    InstrumentBase,
    Oscilloscope,
    Prober,
    PulseGenerator,
    PulseMeasure,
    SourceMeter,
    SwitchMatrix,
    TemperatureController,
)
from tsbench.instruments.links.link_settings import USUAL_LINK, LinkSettings
from tsbench.plugins import importing
from tsbench.records import Identity

#: [s] between two checks for a restart during a run, and while a scope is armed: a restart ends the run so soon that
#: outputs are off within 2 s
LOOK_EVERY = 0.5

#: kind of instrument -> the capability that each of its outputs, or the instrument itself, must have
KINDS: Mapping[str, type] = {
    "source meter": SourceMeter, "pulse generator": PulseGenerator, "pulse measure unit": PulseMeasure,
    "oscilloscope": Oscilloscope, "switch matrix": SwitchMatrix, "prober": Prober,
    "temperature controller": TemperatureController, "decade box": DecadeBox,
}
SOURCES = ("source meter", "pulse measure unit", "pulse generator")  #: kinds that drive the device
_GIVEN = ("self", "adapter", "name", "identity", "resource", "wait")  #: what a bench gives to every driver it builds


@runtime_checkable
class Driver(InstrumentBase, Protocol):
    """What a bench asks of the instrument behind one connection, as a whole, whatever it measures."""

    title: str  #: as people call it: "Keithley 2450"
    on_repeat: Callable[[str], None]  #: called with one line for every query that was sent again

    @property
    def label(self) -> str:
        """Return the name as messages show it: ``source_meter (Keithley 2450, USB0::…)``."""

    @property
    def output_names(self) -> Sequence[str]:
        """Return the names of all outputs, as ``output_states`` calls them, without asking the instrument."""

    def terminal(self, channel: str) -> InstrumentBase:
        """Return the object that has the capability of the driver's kind, for example SourceMeter.

        It is the output called ``channel`` ("": the first), or the whole instrument.

        Raises
        ------
        ConfigurationError
            There is no such output.
        """

    def reset(self) -> None:
        """Known state: outputs off, defaults, empty queues."""

    def lost_power(self) -> bool:
        """Whether it was switched off and on since ``reset``."""

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy by quantity and range, as the run file keeps it.

        The extraction computes intervals from these keys (``protocols/extracting/facts.py``). It takes a missing key as
        an accuracy of 0, so that the interval is too narrow.

        Returns
        -------
        dict
            Of a source meter, one entry for each quantity and range: ``"measure_voltage:20"``, ``"source_voltage:20"``,
            ``"measure_current:0.001"``, ``"source_current:0.001"``. The number is the full scale [V or A], so that no
            two keys are the same. Each value is a dictionary of ``full_scale`` [V or A], ``gain`` (relative),
            ``offset`` [V or A] and ``noise`` [V or A, rms at 1 NPLC], see
            :class:`~tsbench.instruments.interfaces.Accuracy`. The error of a reading is at most ± (gain |reading| +
            offset). Of an oscilloscope or a generator, ``"timebase": {"relative": 1e-6}``. Of a generator, also such
            dictionaries of a constant level (``"level"``) and of the top of a pulse from 0 V (``"pulse"``; without it,
            ``"level"`` counts).
        """


@dataclass(frozen=True)
class TerminalDeclaration:
    """Terminals of a box that has several sorts of them.

    Parameters
    ----------
    channels : their names, as a bench file writes them behind the instrument's name and a dot
    kinds : keys of :data:`KINDS`, what each of them can be
    terminal : ``"package.module:Class"`` of one of them
    """

    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    terminal: str


@dataclass(frozen=True)
class CrosspointNames:
    """How a switch matrix calls its crosspoints.

    Parameters
    ----------
    pattern : regular expression with the groups ``slot``, ``row`` and ``column``. The rows run through all slots
    words : which crosspoints there can be, in words, for messages
    """

    pattern: str
    words: str

    def lines(self, name: str) -> tuple[str, str] | None:
        """Return the row and the column that a crosspoint connects, in words; None: there is no such crosspoint."""
        found = re.fullmatch(self.pattern, name.strip().upper())
        return None if found is None else (f"row {found['row']}", f"column {found['column']} of slot {found['slot']}")


@dataclass(frozen=True)
class DriverDeclaration:
    """One driver: what it drives, and where its class is. The class is imported when it is first used.

    Parameters
    ----------
    name : as a bench file names it (``driver = "keithley_2450"``)
    kind : a key of :data:`KINDS`; of a box with ``terminals`` the most important one
    models : the models in words, for lists and messages
    model_pattern : regular expression for the model field of the reply to ``*IDN?``, any case
    driver : ``"package.module:Class"``, a :class:`Driver`
    terminal : ``"package.module:Class"`` of one output; empty where the driver itself has the capability
    channels : the names of its outputs, if they are not numbers: ``("a", "b")``
    terminals : of a box that has terminals of several sorts; ``terminal`` and ``channels`` are then not used
    link : how its messages travel, where that is not the usual way; a bench file may change it
    crosspoints : of a switch matrix, how it calls its crosspoints; None: a bench file is not checked for them
    """

    name: str
    kind: str
    models: str
    model_pattern: str
    driver: str
    terminal: str = ""
    channels: tuple[str, ...] = ()
    terminals: tuple[TerminalDeclaration, ...] = ()
    link: LinkSettings = USUAL_LINK
    crosspoints: CrosspointNames | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return all kinds that one of its terminals can be."""
        found = dict.fromkeys(kind for one in self.terminals for kind in one.kinds)
        return tuple(found) or (self.kind,)

    def kinds_of(self, channel: str) -> tuple[str, ...]:
        """Return what the terminal called ``channel`` ("": the first) can be; empty where there is none."""
        if self.terminals:
            if not channel:
                return self.terminals[0].kinds
            return next((one.kinds for one in self.terminals if channel in one.channels), ())
        known = not channel or (channel in self.channels if self.channels else channel.isdigit())
        return (self.kind,) if known else ()

    def channel_names(self) -> str:
        """Return the names of its channels in words, for messages."""
        names = [name for one in self.terminals for name in one.channels] or list(self.channels)
        return ", ".join(names) or "numbers"

    def drives(self, identity: Identity) -> bool:
        """Whether the model in a reply to ``*IDN?`` is one of its models."""
        return re.fullmatch(self.model_pattern, identity.model.strip(), re.IGNORECASE) is not None

    def load(self) -> Any:
        """Import and return the class of the driver.

        Raises
        ------
        ConfigurationError
            It cannot be imported, or lacks a method; one line that names the method.
        """
        driver = _imported(self.driver)
        _require_methods(driver, Driver)
        if not self.terminals:
            _require_methods(_imported(self.terminal) if self.terminal else driver, KINDS[self.kind])
        for one in self.terminals:
            for kind in one.kinds:
                _require_methods(_imported(one.terminal), KINDS[kind])
        return driver

    def require_complete(self, driver: Any) -> None:
        """Raise ConfigurationError where an open driver, or its first output, lacks a method or an attribute."""
        _require_members(driver, Driver)
        source = next((kind for kind in self.kinds if kind in SOURCES), None)
        if source is not None and not driver.output_names:   # an output that is not named is never read back
            raise ConfigurationError(
                f"class {type(driver).__name__}: output_names is empty. A {source} must name each of its outputs")
        for kind in self.kinds_of(""):
            _require_members(driver.terminal(""), KINDS[kind])


def unknown_option(driver: Any, options: Mapping[str, object], error: TypeError) -> str:
    """Return "has no option 'fourwire'. Did you mean 'four_wire'?"; "" if the error is not about one of the options.

    Parameters
    ----------
    driver : its class
    options : as the bench file gives them
    error : what building the driver with them raised
    """
    found = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if found is None or found[1] not in options:
        return ""
    known = [name for name in _arguments(driver) if name not in _GIVEN]
    hint = nearest(found[1], known) if known else ". This driver has no options. Remove this entry"
    return f"has no option '{found[1]}'{hint}"


def wrong_switch(driver: Any, options: Mapping[str, object]) -> str:
    """Return "option four_wire = 'false' must be true or false"; "" where each option of that kind is.

    A text counts as true in Python, so ``"false"`` would switch on what it says is off.

    Parameters
    ----------
    driver : its class
    options : as the bench file gives them
    """
    arguments = _arguments(driver)
    for name, value in options.items():
        if name in arguments and arguments[name].annotation in (bool, "bool") and not isinstance(value, bool):
            return f"option {name} = {value!r:.40} must be true or false"
    return ""


def _arguments(driver: Any) -> dict[str, inspect.Parameter]:
    """Return the arguments of a driver's ``__init__``, also those that it hands to the classes above it."""
    known: dict[str, inspect.Parameter] = {}
    for base in getattr(driver, "__mro__", ()):
        if "__init__" in vars(base):
            arguments = inspect.signature(base.__init__).parameters.values()
            known = {one.name: one for one in arguments
                     if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)} | known
            if all(one.kind is not one.VAR_KEYWORD for one in arguments):
                break   # it hands nothing on to its bases
    return known


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        with importing(place):
            return getattr(importlib.import_module(module), name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # another author's module may raise anything, also by sys.exit
        reason = " ".join(str(error).split())
        said = reason if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {reason}"
        raise ConfigurationError(f"cannot import {place} ({said})") from error


def _members(protocol: type) -> tuple[list[str], list[str]]:
    """Return the methods and the attributes (properties too) of a Protocol, those of its bases first."""
    methods: dict[str, None] = {}
    attributes: dict[str, None] = {}
    for base in reversed(protocol.__mro__):
        for name, value in vars(base).items():
            if not name.startswith("_"):
                (attributes if isinstance(value, property) else methods)[name] = None
        attributes |= dict.fromkeys(inspect.get_annotations(base))
    return list(methods), list(attributes)


def _require_methods(kind: type, protocol: type) -> None:
    """Raise ConfigurationError where a class lacks a method; attributes may be set when it is built."""
    for name in _members(protocol)[0]:
        if not hasattr(kind, name):
            raise ConfigurationError(
                f"class {kind.__name__} has no method '{name}', which {protocol.__name__} requires")


def _require_members(found: object, protocol: type) -> None:
    methods, attributes = _members(protocol)
    for what, names in (("method", methods), ("attribute", attributes)):
        for name in names:
            if not hasattr(found, name):
                raise ConfigurationError(
                    f"class {type(found).__name__} has no {what} '{name}', which {protocol.__name__} requires")
