"""One instrument of a bench: opened, identified, described, made safe over a connection that fails."""

import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, WrongInstrument, cause
from tsbench.instruments.driver import Driver, DriverDeclaration, unknown_option, wrong_switch
from tsbench.instruments.interfaces import InstrumentBase, OutputState
from tsbench.instruments.links.liveness import Liveness
from tsbench.instruments.registry import driver_class, driver_of, entry, fits
from tsbench.plugins import in_words
from tsbench.records import Identity
from tsbench.station.bench.bench_tables import InstrumentTable
from tsbench.station.bench.driver_calls import accuracy_of, calling, settings_of, states_of
from tsbench.station.bench.setting_units import with_units

_LOG = logging.getLogger(__name__)
_TRIES = 3  #: at making one instrument safe, opening its connection again in between
#: [s] for one message of the first try to switch off: a silent instrument holds up no other for long
_FIRST_TIMEOUT = 0.3
_RETRY_TIMEOUT = 1.0  #: [s] for one reply after the first try; the last try has the time that the bench file allows
_THIS_COMPUTER = re.compile(r"::(127\.\d+\.\d+\.\d+|localhost)::", re.IGNORECASE)


@dataclass(frozen=True)
class NamedInstrument:
    """An instrument of a bench file before it is opened."""

    name: str
    table: InstrumentTable
    library: str

    @property
    def kind(self) -> str:
        """Return the kind of instrument, as its driver declares it."""
        return entry(self.table.driver).kind


@dataclass
class Connection:
    """An open instrument; it has a driver as soon as it has been identified."""

    name: str
    table: InstrumentTable
    library: str
    transport: Any
    identified_driver: Driver | None = None  #: None until the instrument has been identified
    problem: str = field(default="", init=False)  #: why the last ``make_safe`` failed
    _switched_off: bool = field(default=False, init=False)  #: whether the quick try could send all it has to
    found_on: list[str] = field(default_factory=list, init=False)  #: outputs that were on before the reset
    #: outputs that may have been on: their instrument does not report it
    unknown_before_reset: list[str] = field(default_factory=list, init=False)
    notes: list[str] = field(default_factory=list, init=False)  #: what had to be put right, one line each

    @property
    def declaration(self) -> DriverDeclaration:
        """Return the declaration of its driver."""
        return entry(self.table.driver)

    @property
    def kind(self) -> str:
        """Return the kind of instrument, as its driver declares it."""
        return self.declaration.kind

    @property
    def driver(self) -> Driver:
        """Return its driver; CommunicationError before it has been identified."""
        if self.identified_driver is None:
            raise CommunicationError(f"{self.name} ({self.table.resource}): the instrument is not identified yet. "
                                     "Open the bench again")
        return self.identified_driver

    @property
    def in_doubt(self) -> bool:
        """Whether a message had no reply lately, so that the instrument may be silent still."""
        return bool(self.transport.patience.doubts)

    @property
    def label(self) -> str:
        """Return the instrument as messages call it; its name and address where the driver does not say it."""
        try:
            return str(self.driver.label)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001  a message must not fail
            return f"{self.name} ({self.table.resource})"

    def identify(self, wait: Callable[[float], None]) -> None:
        """Ask for the identity and build the driver; WrongInstrument if it is another model."""
        from tsbench.instruments.links.transport import TransportAdapter

        identity = self._identity()
        build = driver_class(self.table.driver)
        if wrong := wrong_switch(build, self.table.options):
            raise ConfigurationError(f"instruments.{self.name}.options: {wrong}")
        with calling(self.label, "__init__"):
            try:
                driver: Driver = build(
                    TransportAdapter(self.transport), self.name, identity=identity, resource=self.table.resource,
                    wait=wait, **self.table.options,
                )
            except TypeError as error:
                unknown = unknown_option(build, self.table.options, error)
                reason = f"driver '{self.table.driver}' {unknown}" if unknown else error
                raise ConfigurationError(f"instruments.{self.name}.options: {reason}") from None
        try:
            with calling(self.label, "output_names or terminal"):
                self.declaration.require_complete(driver)
                driver.on_repeat = self.note
        except ConfigurationError as error:
            raise ConfigurationError(f"driver '{self.table.driver}': {error}") from None
        self.identified_driver = driver
        _LOG.info("%s: %s", self.label, identity)

    def note(self, line: str) -> None:
        """Keep one line about what had to be put right."""
        _LOG.warning("%s", line)
        self.notes.append(line)

    def _identity(self) -> Identity:
        from tsbench.instruments.languages.language import parse_identity

        self.transport.clear()
        reply = self.transport.query("*IDN?")
        expected = f"{self.table.driver} ({self.declaration.models})"
        try:
            identity = parse_identity(reply)
        except ValueError:
            raise WrongInstrument(
                f"{self.name} ({self.table.resource}) answers '{reply[:60]}' to *IDN?, but the bench file says "
                f"{expected}. Correct the resource in [instruments.{self.name}]"
            ) from None
        if not fits(self.table.driver, identity):
            right = driver_of(identity)
            advice = f'Set driver = "{right}"' if right else (
                "tsbench has no driver for this instrument. Correct the resource")
            raise WrongInstrument(
                f"{self.name} ({self.table.resource}) is a {identity.manufacturer} {identity.model}, but the bench "
                f"file says {expected}. {advice} in [instruments.{self.name}]"
            )
        return identity

    def terminal(self, channel: str) -> InstrumentBase:
        """Return the driver of one output ("1", or "" for the whole instrument or its first output)."""
        with calling(self.label, "terminal"):
            return self.driver.terminal(channel)

    def look_what_is_on(self) -> None:
        """Note the outputs that are on before the reset; raises nothing."""
        try:
            states = states_of(self.driver, self.label)
            self.found_on = [state.output for state in states if state.enabled and state.known]
            self.unknown_before_reset = [state.output for state in states if not state.known]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  it is reset next, whatever it said
            _LOG.info("%s: it could not be asked for its outputs before the reset: %s", self.label, in_words(error))
            quietly(self.transport.clear)

    def reset(self) -> None:
        """Bring the instrument to a known state: outputs off, defaults, empty queues."""
        with calling(self.label, "reset"):
            self.driver.reset()

    def describe(self, channels: Mapping[str, str]) -> dict[str, Any]:
        """Return identity, address, roles, set-up and accuracy as the run header keeps them.

        Parameters
        ----------
        channels : the channel of the instrument in each of its roles
        """
        identity: Identity = self.driver.identity
        return {
            "driver": self.table.driver, "model": identity.model, "serial": identity.serial,
            "firmware": identity.firmware, "manufacturer": identity.manufacturer,
            "resource": self.table.resource, "visa_library": self.library,
            "roles": list(channels), "simulated": identity.simulated,
            "channels": {role: channel for role, channel in channels.items() if channel},
            "settings": with_units(settings_of(self.driver, self.label)),
            "accuracy": accuracy_of(self.driver, self.label),
        }

    def make_safe(self) -> list[OutputState]:
        """Clear, switch off, read back; raises nothing. Both steps one after the other."""
        self.switch_off()
        return self.read_back()

    def switch_off(self, reopen: bool = False) -> None:
        """Clear and switch off at once, without a query and with short timeouts; raises nothing.

        ``read_back`` finds out whether it helped, and goes on where it did not.
        """
        self.problem, self._switched_off = "", False
        if self.identified_driver is None:
            return
        try:
            with self.transport.timeout_at_most(_FIRST_TIMEOUT):
                if reopen:
                    self.transport.reopen()
                self._clear_and_switch_off()
            self._switched_off = True
        except KeyboardInterrupt:
            self.problem = (
                f"{self.label}: the operator pressed Ctrl-C while its outputs were being switched off")
        except BaseException as error:  # noqa: BLE001  the next instrument must be reached whatever happens here
            self.problem = in_words(error)

    def read_back(self) -> list[OutputState]:
        """Read every output back after ``switch_off``; raises nothing.

        A connection that fails is opened again and the instrument cleared and switched off once more. Outputs that
        cannot be read back count as enabled, and ``problem`` says why.
        """
        if self.identified_driver is None:
            return []
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                with self.transport.timeout_at_most(self.table.timeout if last else _RETRY_TIMEOUT):
                    if not self._switched_off:
                        self.transport.reopen()
                        self._clear_and_switch_off()
                    states = states_of(self.driver, self.label)
                left_on = [state.output for state in states if state.enabled]
                unread = set(self._output_names()) - {state.output for state in states}
                if not left_on and not unread:
                    if self.problem:
                        self.note(f"{self.label}: its outputs are off now, but an earlier attempt to switch "
                                  f"them off failed ({cause(self.problem)})")
                    self.problem = ""
                    return states
                self.problem = (
                    f"{self.label}: these outputs are still on: {', '.join(left_on)}. Switch them off at the "
                    "panel of the instrument"
                ) if left_on else (
                    f"{self.label}: the driver did not read back these outputs: {', '.join(sorted(unread))}. "
                    "Check the panel of the instrument"
                )
            except KeyboardInterrupt:
                self.problem = (
                    f"{self.label}: the operator pressed Ctrl-C while its outputs were being switched off")
            except BaseException as error:  # noqa: BLE001  the next instrument must be reached whatever happens here
                self.problem = in_words(error)
            self._switched_off = False
        return self.unknown_outputs()

    def unknown_outputs(self) -> list[OutputState]:
        """Return every output as on: what could not be read back counts so."""
        names = [self.name]
        if self.identified_driver is not None:
            with contextlib.suppress(InstrumentError):
                names = self._output_names()
        return [OutputState(name, True) for name in names]

    def _output_names(self) -> list[str]:
        with calling(self.label, "output_names"):
            return list(self.driver.output_names)

    @contextlib.contextmanager
    def reporting_to(self, liveness: Liveness) -> Iterator[None]:
        """Tell ``liveness`` of every message meanwhile."""
        usual = self.transport.liveness
        self.transport.liveness = liveness
        try:
            yield
        finally:
            self.transport.liveness = usual

    def _clear_and_switch_off(self) -> None:
        try:
            with calling(self.label, "clear"):
                self.driver.clear()
        except InstrumentError as error:  # off matters more than clear; who is gone fails below
            self.note(f"{self.label}: the device clear failed ({cause(error)}). tsbench switches the "
                      "outputs off without a device clear. Check its connection")
        try:
            self.driver.safe_state()
        except (CommunicationError, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  a defect of the driver: each output has a switch of its own
            self.note(f"{self.label}: the driver method safe_state failed ({in_words(error)}). "
                      "tsbench switches the outputs off one by one")
            self._switch_off_one_by_one()

    def _switch_off_one_by_one(self) -> None:
        """Use the switch of each output. One that fails does not keep the others on; it raises at the end."""
        failed: InstrumentError | None = None
        for output in self._output_names():
            try:
                terminal: Any = self.terminal(output.partition(".")[2])   # what has an output has its switch
                with calling(self.label, "set_output"):
                    terminal.set_output(False)
            except CommunicationError:
                raise
            except InstrumentError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def lost_power(self) -> bool:
        """Whether the instrument was switched off and on since it was reset; over a new connection where need be.

        While an output is on, no new connection is tried: the output would stay on meanwhile.

        Raises
        ------
        CommunicationError
            It does not answer.
        """
        if self.identified_driver is None:
            return False
        try:
            with calling(self.label, "lost_power"):
                return self.driver.lost_power()
        except CommunicationError as error:
            if self.transport.patience.hurried:
                raise
            self.transport.reopen()
            self.note(f"{self.label}: {cause(error)}. tsbench opened a new connection to "
                      f"check whether the instrument had been switched off and on")
            with calling(self.label, "clear"):
                self.driver.clear()
            with calling(self.label, "lost_power"):
                return self.driver.lost_power()


def outlives_process(manager: Any) -> bool:
    """Whether the instruments of a VISA library go on without this process, within reach of others.

    Not where the library says that they live in it.
    """
    return not getattr(manager.visalib, "ends_with_process", False)


def connect(manager: Any, name: str, table: InstrumentTable, library: str) -> Connection:
    """Open an instrument's resource; ConfigurationError that lists what is there if it is missing."""
    from tsbench.instruments.links.transport import Transport
    from tsbench.instruments.links.visa_library import list_resources
    from tsbench.resource_names import canonical_name

    try:
        transport = Transport(
            manager, table.resource, name, table.timeout, exclusive=outlives_process(manager),
            link=table.link.over(entry(table.driver).link))
    except CommunicationError as error:
        found = list_resources(manager)
        if canonical_name(table.resource) in (canonical_name(each) for each in found):
            raise ConfigurationError(
                f"instrument '{name}' at {table.resource} is there, but the VISA library cannot open it "
                f"({cause(error)})") from error
        there = ", ".join(found)
        raise ConfigurationError(
            f"the VISA library does not find instrument '{name}' at {table.resource}. It finds "
            f"{f'only {there}' if there else 'no instrument'}. {_advice(table.resource)}, or correct its resource in "
            "the bench file"
        ) from error
    return Connection(name, table, library, transport)


def _advice(resource: str) -> str:
    """Return what to check where nothing answers; at an address of this computer, it is a served simulated bench."""
    if _THIS_COMPUTER.search(resource):
        return ("The address is on this computer. Start the simulated bench with 'tsbench serve WORLD.toml --port "
                "PORT' and leave it running")
    return "Check that the instrument is switched on"


def quietly(act: Callable[[], object]) -> None:
    """Do something on the way out whose failure changes nothing."""
    with contextlib.suppress(Exception):
        act()
