"""Clock and positioner of a bench whose VISA library brings none: wall time, and a person."""

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from tsbench.errors import ConfigurationError, LimitError, nearest
from tsbench.instruments import Positioner, Range
from tsbench.instruments.links.liveness import UNWATCHED, Liveness
from tsbench.quantities import short_quantity

Ask = Callable[[str], str]  #: shows a question and returns the answer
HOW_TO_ANSWER = "Then press Enter (to end, type q and press Enter): "  #: on a terminal
_LONGEST_SLEEP = 0.1  #: [s] between two signs of progress


class WallClock:
    """A :class:`~tsbench.instruments.Clock`: seconds of this computer."""

    def __init__(self) -> None:
        self.liveness: Liveness = UNWATCHED  #: hears of progress while the clock waits

    def now(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            self.liveness.beat()
            time.sleep(min(rest, _LONGEST_SLEEP))


class OperatorPrompt:
    """A :class:`~tsbench.instruments.Positioner` that asks a person to connect a device.

    Parameters
    ----------
    devices : sequence of str
        Identifiers from the bench file.
    connected : str, optional
        The device that the bench file says is connected: the operator is not asked for it.
    ask : callable
        Shows a question and returns the answer.
    require_off : callable
        Raises unless all outputs are off; takes what would change.
    """

    def __init__(
        self, devices: Sequence[str], connected: str | None = None, ask: Ask | None = None,
        require_off: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._require_off = require_off
        self._devices = tuple(devices)
        self._connected = connected
        self._ask = ask

    def devices(self) -> Sequence[str]:
        return self._devices

    def connected(self) -> str | None:
        return self._connected

    def connect(self, device: str, again: bool = False) -> None:
        """Ask for ``device`` and wait for the answer; ConfigurationError where there is no terminal to ask at.

        ``again``: a person is asked to connect the device anew; nobody is, where there is no terminal.
        """
        if device not in self._devices:
            raise ConfigurationError(f"device '{device}' is not on the bench{nearest(device, self._devices)}")
        anew = again and device == self._connected
        if device == self._connected and not again:
            return
        self._require_off("the connection to the device")
        ask = self._ask
        if ask is None:
            if not sys.stdin or not sys.stdin.isatty():
                if anew:
                    return
                raise ConfigurationError(
                    f"device '{device}' must be connected by hand, but tsbench has no terminal to ask you. Connect "
                    f"the device and write connected = \"{device}\" in the bench file"
                )
            ask = _ask_on_terminal
        answer = ask(
            f"The outputs are off. Connect device {device}{' again' if anew else ''}.")
        if _declined(answer):
            raise ConfigurationError(f"device '{device}' was not connected, because you chose to end")
        self._connected = device


class StandInOperator:
    """The operator of a simulated bench: as :class:`OperatorPrompt`, it moves nothing while an output is on.

    Parameters
    ----------
    hand : moves the devices of the simulation
    require_off : raises unless all outputs are off; takes what would change
    """

    def __init__(self, hand: Positioner, require_off: Callable[[str], None]) -> None:
        self._hand, self._require_off = hand, require_off

    def devices(self) -> Sequence[str]:
        """Return the devices of the simulation."""
        return self._hand.devices()

    def connected(self) -> str | None:
        """Return the device that is connected."""
        return self._hand.connected()

    def connect(self, device: str, again: bool = False) -> None:
        """Connect ``device``; InstrumentError if that moves something while an output is on."""
        if device in self._hand.devices() and (again or device != self._hand.connected()):
            self._require_off("the connection to the device")
        self._hand.connect(device, again)


class OperatorBox:
    """A part of the fixture that a person changes: set, confirmed on the terminal, and remembered.

    Parameters
    ----------
    quantity : str
        In words, for the question: "load resistance".
    unit : str
    ask : callable
        Shows a question and returns the answer.
    """

    def __init__(self, quantity: str, unit: str, ask: Ask | None = None) -> None:
        self._quantity, self._ask = quantity, ask
        self.bounds = Range(0.0, math.inf, unit)
        self._value: float | None = None

    def value(self) -> float | None:
        """Return what was confirmed last; None: nothing yet."""
        return self._value

    def set_value(self, value: float) -> float:
        """Ask for ``value`` and wait for the answer; ConfigurationError where there is no terminal to ask at.

        Parameters
        ----------
        value : [Ohm or F]
        """
        said = f"{self._quantity} {short_quantity(value, self.bounds.unit)}"
        ask = self._ask
        if ask is None:
            if not sys.stdin or not sys.stdin.isatty():
                raise ConfigurationError(
                    f"{said} must be set by hand, but tsbench has no terminal to ask you. Run tsbench in a terminal, "
                    "or write the value into the netlist")
            ask = _ask_on_terminal
        answer = ask(f"The outputs are off. Set the {said}.")
        if _declined(answer):
            raise ConfigurationError(f"{said} was not set, because you chose to end")
        self._value = value
        return value


class OperatorRouting:
    """A :class:`~tsbench.instruments.Routing` that asks a person, who confirms it.

    Parameters
    ----------
    states : state -> in words, what is connected in it
    state : the one that is set as the bench is opened; None: not known
    ask : shows a question and returns the answer
    """

    def __init__(
        self, states: Mapping[str, str], state: str | None = None, ask: Ask | None = None,
    ) -> None:
        self._states, self._state, self._ask = states, state, ask

    def states(self) -> Sequence[str]:
        """Return the names of the states."""
        return list(self._states)

    def state(self) -> str | None:
        """Return the state that was confirmed last; None: not known."""
        return self._state

    def select(self, state: str) -> None:
        """Ask for a state and wait for the answer; ConfigurationError where there is no terminal to ask at."""
        if state not in self._states:
            raise LimitError(f"[fixture.routing] has no state '{state}'{nearest(state, self._states)}")
        if state == self._state:
            return
        self._state = None
        said = f"state '{state}' of the wiring ({self._states[state]})"
        if self._ask is None and not (sys.stdin and sys.stdin.isatty()):
            raise ConfigurationError(
                f"{said} must be set by hand, but tsbench has no terminal to ask you. Set it and write state = "
                f"\"{state}\" in [fixture.routing] of the bench file")
        ask = self._ask or _ask_on_terminal
        if _declined(ask(f"The outputs are off. Set the {said}.")):
            raise ConfigurationError(f"{said} was not set, because you chose to end")
        self._state = state


def _ask_on_terminal(question: str) -> str:
    """Ask on standard error (standard output may be read by a program); a closed terminal gives up."""
    sys.stderr.write(f"{question} {HOW_TO_ANSWER}")
    sys.stderr.flush()
    return sys.stdin.readline() or "q"


def _declined(answer: str) -> bool:
    """Return whether a person chose to end."""
    return answer.strip().lower() in {"q", "quit", "n", "no"}
