"""Base class of the guards of sources, and the discharge of their cables before another device is connected."""

import contextlib
import copy
import math
from collections.abc import Callable, Iterator, Sequence

from tsbench.errors import LimitError, TsbenchError
from tsbench.instruments.guard.coupling import HeldLevels
from tsbench.instruments.guard.guarded import Guarded
from tsbench.instruments.guard.limits import GuardContext, WirePath, WorstCase
from tsbench.instruments.interfaces import HasSenseLeads, InstrumentBase

_WHY = ("before another device is connected, all sources hold 0 V for a moment, which takes the charge off the cables")
NOTHING = WorstCase(0.0, 0.0, 0.0)
_SHORTEST = 10e-3  #: [s] of a discharge: what an output needs to go on
_TIME_CONSTANTS = 10.0
_LEAST_CAPACITANCE = 10e-9  #: [F] assumed of cables where the netlist states less: 100 m of coaxial cable


class GuardedSource(Guarded):
    """A source, whose output may leave a charge on its cable: a relay that opens does not discharge what is behind it.

    ``charged``: whether a level was set since the cable was discharged; None: not known, as when a bench is opened. A
    level of 0 V before the output goes off proves nothing: with a small compliance, the cable needs time.
    """

    def __init__(self, driver: InstrumentBase, context: GuardContext) -> None:
        super().__init__(driver, context)
        self.charged: bool | None = None
        self.made_safe = False   #: whether the instrument was made safe since a level was set: its level is 0 then
        self._held = HeldLevels()

    @property
    def path(self) -> WirePath:
        """Return the path to the device, with what a capacitor in series may hold now."""
        return self._held.seen(self.context)

    @contextlib.contextmanager
    def _unless_refused(self, take_back: Callable[[], None]) -> Iterator[None]:
        """Levels that are noted meanwhile count from then on, but not if the driver refuses them before a message.

        ``take_back``: notes again what was set before.
        """
        held, charged, made_safe = copy.copy(self._held), self.charged, self.made_safe
        beside = dict(self.context.outputs.beside)
        try:
            yield
        except LimitError:
            self._held, self.charged, self.made_safe = held, charged, made_safe
            take_back()
            self.context.outputs.beside = beside
            raise

    def discharge_time(self, capacitance: float, resistance: float = 0.0) -> float:
        """Return how long 0 V must stand at the terminals [s], with a capacitance [F] of cables and fixture.

        ``resistance``: [Ohm] in front of the capacitance, where it is more than that of the path that limits count.
        """
        if math.isfinite(self.context.path.resistance):
            resistance = max(resistance, self.context.path.thevenin_resistance)
        return _SHORTEST + max(capacitance, _LEAST_CAPACITANCE) * (
            _TIME_CONSTANTS * resistance + self.context.rating / self._discharging_current())

    @contextlib.contextmanager
    def at_zero(self) -> Iterator[None]:
        """0 V stand at the terminals meanwhile; then the output is off.

        It is not asked whether a route leads to the device, for the cable in front of the route has a charge too.
        """
        self.charged = True
        with _sense_leads_open(self._driver):
            self.context.outputs.add(self.context.terminal, NOTHING, self.is_on)
            try:
                self._switch_zero_on()
                yield
            finally:
                self.set_output(False)

    def discharged(self, forget: bool) -> None:
        """Set again what was set before 0 V; a source meter that was made safe since keeps the level 0.

        ``forget``: capacitors in series have no charge any more.
        """
        self.charged = False
        if forget:
            self._held = HeldLevels()
            self.context.outputs.beside.clear()
        self.restore()

    def set_output(self, enabled: bool) -> None:
        """Switch the output."""
        raise NotImplementedError

    def _discharging_current(self) -> float:
        """Return the largest current [A] that the source drives against the charge; inf where nothing limits it."""
        return math.inf

    def _switch_zero_on(self) -> None:
        """Switch 0 V on."""
        raise NotImplementedError

    def restore(self, off: bool = True) -> None:
        """Set again what was set before 0 V. After an error, the source must be configured before it goes on.

        ``off``: whether the output is off; False: nothing is sent, and the source must be configured, too.
        """
        raise NotImplementedError

    def _ensure_sense_leads(self) -> None:
        """Let the instrument sense where it shall, if a message about that has failed."""
        if isinstance(self._driver, HasSenseLeads):
            self._driver.sense_leads.ensure()


def _sense_leads_open(driver: InstrumentBase) -> contextlib.AbstractContextManager[None]:
    """Sense in two wires meanwhile, as sense leads are open behind open relays.

    An instrument with open sense leads raises its voltage (2400 Series user's manual, "4-wire remote sensing").
    """
    return driver.sense_leads.left_open() if isinstance(driver, HasSenseLeads) else contextlib.nullcontext()


def discharge(
    sources: Sequence[GuardedSource], wait: Callable[[float], None], capacitance: float, resistance: float = 0.0, *,
    conducting: Callable[[], contextlib.AbstractContextManager[None]] | None = None, reaches: bool = True,
) -> None:
    """Let all sources of a bench hold 0 V together for a while: a capacitor between two of them needs both.

    The settings are those of before then; but a source meter has the level 0 after a list of levels, and after it was
    made safe. The device before may still be connected, so that what is behind relays loses its charge too.

    Parameters
    ----------
    sources : with a role, no gates
    wait : lets some time [s] pass
    capacitance : [F] of cables and fixture, as far as it is known
    resistance : [Ohm] the largest between a source and the device
    conducting : lets transistors between sources and device conduct meanwhile. The charge in front of them is taken off
        before, for it would flow through the device; None: none of them is open
    reaches : whether a route leads from the sources to the device

    Raises
    ------
    TsbenchError
        Of the kind that a source has raised. Then nothing else may be connected.
    """
    if not sources:
        return
    switched: list[GuardedSource] = []
    try:
        with contextlib.ExitStack() as together:
            for source in sources:
                switched.append(source)
                together.enter_context(source.at_zero())
            longest = max(source.discharge_time(capacitance, resistance) for source in sources)
            wait(longest)
            if conducting is not None:
                with conducting():
                    wait(longest)
    except BaseException as error:
        on = [source.context.subject for source in switched if not _given_back(source)]
        if isinstance(error, TsbenchError):
            more = f". The output of {' and '.join(on)} may still be on, with 0 V. Switch it off" if on else ""
            raise type(error)(f"{_WHY}, but this failed: {error}{more}") from error
        raise
    forget = reaches and discharges_capacitors(sources)
    with contextlib.ExitStack() as all_of_them:   # the others too, where one of them fails
        for source in sources:
            all_of_them.callback(source.discharged, forget)


def _given_back(source: GuardedSource) -> bool:
    """Set again what was set before 0 V, after an error: a charge may be left, but no source keeps these settings.

    False: the output may be on. Then 0 V stay, and the source must be configured before its output goes on again.
    """
    try:
        if on := source.is_on():
            source.set_output(False)   # its message may have been lost
            on = source.is_on()
    except TsbenchError:
        on = True   # as far as it is known
    with contextlib.suppress(TsbenchError):
        source.restore(not on)
    return not on


def discharges_capacitors(sources: Sequence[GuardedSource]) -> bool:
    """Whether a discharge reaches both ends of a capacitor in series: a source reaches the device without it."""
    paths = [source.context.path for source in sources]
    return any(math.isfinite(path.resistance) and not path.coupled for path in paths)
