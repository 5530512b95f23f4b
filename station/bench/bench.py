"""The bench: from ``bench.toml`` to open, identified, guarded instruments by role; safe however it ends."""

import copy
import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tsbench.errors import CommunicationError, sentences
from tsbench.instruments import (
    Clock,
    Oscilloscope,
    OutputState,
    Positioner,
    PulseGenerator,
    PulseMeasure,
    ScopeChannel,
    SourceMeter,
)
from tsbench.instruments.fixture import with_value
from tsbench.instruments.guard.limits import WirePath
from tsbench.instruments.links.liveness import Liveness
from tsbench.records import DeviceDescription, DeviceLimits, Fixture
from tsbench.station.bench.accepting import Accepted
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connected_instruments import ConnectedInstruments
from tsbench.station.bench.guards import Guards, limits_beside
from tsbench.station.bench.operator import Ask
from tsbench.station.bench.positioners import FollowedPositioner
from tsbench.station.bench.preparation import Preparation
from tsbench.station.bench.routing import Routes, routes_of
from tsbench.station.bench.surroundings import (
    ChuckTemperature,
    FixtureControls,
    chuck_temperature,
    fixture_control,
)
from tsbench.station.bench.wiring import Wiring


class Bench:
    """Guarded instruments by role; a :class:`~tsbench.instruments.Station`. Use :meth:`open` with ``with``.

    The constructor alone opens no instrument: a plan needs only the files. The end of ``with`` makes every instrument
    safe and closes it.

    Parameters
    ----------
    file : BenchFile
    device : DeviceDescription
        Its limits hold.
    ask : callable, optional
        Asks the operator a question and returns the answer; None: the terminal of this process does.
    """

    def __init__(self, file: BenchFile, device: DeviceDescription, ask: Ask | None = None) -> None:
        self.file = file
        self.device = device
        self.instruments = ConnectedInstruments(file, ask)
        self.rating = file.rating  #: [V] that fixture and cable are made for, as far as the bench file says it
        self.problems = self.instruments.problems  #: what went wrong while making safe, one line each
        self.clock: Clock = self.instruments.clock
        self.hearing = self.instruments.waits.hearing  #: context in which a stop is heard where a driver waits
        self.positioner: Positioner = self.instruments.positioner
        self.temperature: ChuckTemperature | None = None  #: of the chuck, where the bench file names its controller
        self.accepted: Accepted | None = None  #: what a person lets the present run set, see ``accepting``
        self.fixture_control: FixtureControls | None = None  #: where the bench file names decade boxes or gates
        self.wiring = Wiring(file, self.instruments.driver_of)
        self.fixture = Fixture(file.table.fixture.netlist, dict(file.table.fixture.terminals), file.sensing())
        self.routes: Routes | None = None  #: to the device, where the bench file has routes
        #: brings the fixture into the state in which instruments of some roles measure
        self.preparation = Preparation(
            lambda: self.routes, lambda: self.fixture.sensing, lambda: self.fixture_control, self.scope_channel,
            self.instruments.require_outputs_off, self.wiring)
        self.guards = Guards(
            file, self.instruments, self.wiring, device, self.preparation.unreachable,
            lambda: self.fixture_control)

    @classmethod
    def open(
        cls, path: str | Path, device: str | None = None, look: bool = False, ask: Ask | None = None,
    ) -> "Bench":
        """Open every instrument of a bench file, reset it (outputs off) and connect ``device``.

        Parameters
        ----------
        path : str or Path
            The bench file.
        device : str, optional
            Identifier in ``[devices]``. None: the one that is connected stays, and its limits hold. Where it is not
            known, the strictest limits of all devices hold.
        look : bool
            Whether to note which outputs are on, before the reset switches them off.
        ask : callable, optional
            Asks the operator a question and returns the answer; None: the terminal of this process does.

        Raises
        ------
        ConfigurationError
            The file is wrong, an instrument is missing, the device is not on the bench.
        WrongInstrument
            Another model answers than the file says.
        CommunicationError
            An instrument does not answer.
        InstrumentInUse
            Another process owns an instrument; the message says what was sent to it.
        """
        file = BenchFile.load(path)
        no_device = DeviceDescription("", limits=DeviceLimits(**file.table.device.limits.model_dump()))
        bench = cls(file, file.device(device) if device is not None else no_device, ask)
        try:
            bench.instruments.open(look)
            bench.clock = bench.instruments.clock

            def follow(device: str, certain: bool) -> None:
                found = file.device(device)
                limits = found.limits if certain else bench.device.limits.with_stricter(found.limits)
                bench.device = found if certain else dataclasses.replace(bench.device, limits=limits)
                bench.guards.follow(bench.device)

            bench.positioner = FollowedPositioner(bench.instruments.positioner, follow)
            bench.fixture = bench.wiring.fixture()
            bench.guards.make_all()
            bench.instruments.discharge = lambda unknown: bench.guards.discharge(unknown, bench.routes)

            def rewire() -> None:
                control = bench.fixture_control
                bench.fixture = dataclasses.replace(
                    bench.wiring.fixture(), control=control.values() if control is not None else {})
                bench.guards.rewire()

            bench.temperature = chuck_temperature(
                file, bench.instruments.driver_of, bench.clock, bench.instruments.heat)
            bench.fixture_control = fixture_control(
                file, bench.instruments.driver_of, bench.source_meter, bench.instruments.require_outputs_off, rewire,
                ask)
            if bench.fixture_control is not None:
                rewire()
            if (routing := file.table.fixture.routing) is not None:
                with file.naming_the_file():
                    bench.routes = routes_of(routing, file.table.roles, bench.instruments)
            bench.preparation.prepare(())
            if device is None:
                bench.device = dataclasses.replace(no_device, limits=limits_beside(file, bench.positioner.connected()))
                bench.guards.follow(bench.device)
            elif bench.positioner.connected() != device:
                bench.positioner.connect(device)
        except BaseException:
            bench.close()
            raise
        return bench

    def planning_for(self, device: str, values: Mapping[str, float] | None = None) -> "Bench":
        """Return this bench as it would be with another device: for plans; nothing is sent, nothing moves.

        Parameters
        ----------
        device : "" for the one that is connected
        values : of the fixture [Ohm or F], which differ then; quantity -> value

        Raises
        ------
        ConfigurationError
            The device is not on the bench.
        """
        file = copy.copy(self.file)
        for quantity, value in (values or {}).items():
            assert file.netlist is not None   # it has the element of each quantity that can be set
            file.netlist = with_value(file.netlist, file.table.fixture.control[quantity].element, value)   # type: ignore
        view = Bench(file, file.device(device) if device else self.device)
        view.instruments.connections = self.instruments.connections
        view.clock, view.positioner, view.fixture = self.clock, self.positioner, self.fixture
        if values:
            view.fixture = dataclasses.replace(view.wiring.fixture(), control={**self.fixture.control, **values})
        before = self.guards.before or self.guards
        if view.device.identifier == self.device.identifier or not self.guards.forgets_levels:
            view.guards.before = before
        view.routes, view.temperature, view.fixture_control = self.routes, self.temperature, self.fixture_control
        return view

    def close(self) -> None:
        """Make safe, then close every connection and library."""
        self.instruments.close()
        self.guards.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None,
    ) -> None:
        self.close()
        if error is None and self.problems:  # an output that may be on is never passed over in silence
            raise CommunicationError(sentences(*self.problems))

    # ------------------------------------------------------------------------------------------- station

    def has(self, role: str) -> bool:
        """Whether the bench file gives this role to an instrument."""
        return role in self.file.table.roles

    def source_meter(self, role: str = "drive") -> SourceMeter:
        """Return the source meter with this role, guarded."""
        found: SourceMeter = self.guards.of_role(role, "source meter")
        return found

    def pulse_generator(self, role: str = "pulser") -> PulseGenerator:
        """Return the generator output with this role, guarded."""
        found: PulseGenerator = self.guards.of_role(role, "pulse generator")
        return found

    def pulse_measure(self, role: str = "pulser") -> PulseMeasure:
        """Return the terminal with this role that pulses and samples, guarded."""
        found: PulseMeasure = self.guards.of_role(role, "pulse measure unit")
        return found

    def oscilloscope(self, role: str = "scope") -> Oscilloscope:
        """Return the scope with this role."""
        found: Oscilloscope = self.guards.of_role(role, "oscilloscope")
        return found

    def scope_channel(self, terminal: str) -> ScopeChannel:
        """Return scope and channel of a terminal such as ``"scope.1"`` (instrument or role, number)."""
        return self.guards.scope_channel(terminal)

    def wire_path(self, role: str) -> WirePath:
        """Return the wiring between the instrument of ``role`` and the device, as its guard takes it."""
        return self.guards.path(self.file.table.roles[role])

    # ----------------------------------------------------------------------------------- the instruments

    @property
    def path(self) -> Path:
        """Return the bench file."""
        return self.file.path.absolute()

    @property
    def simulated(self) -> bool:
        """Whether every instrument identifies itself as simulated."""
        return self.instruments.simulated

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return name -> identity, address, roles, set-up, accuracy, as the run header keeps them."""
        return self.instruments.describe()

    def facts(self) -> dict[str, Any]:
        """Return what makes a run repeatable: the text of the bench file, temperature and die, the VISA libraries.

        The temperature is that of the controller of the chuck, if the bench has one. If the bench file states another
        one, it is there too (``temperature_stated``).
        """
        device = self.file.table.devices.get(self.device.identifier)
        found = {name: getattr(device, name, None) for name in ("temperature", "die")}
        if self.temperature is not None:   # what is measured goes before what the bench file says
            stated, measured = found["temperature"], self.temperature.temperature()
            found["temperature"] = measured
            if stated is not None and not self.temperature.is_near(stated, measured):
                found["temperature_stated"] = stated
        text = self.file.text
        managers = self.instruments.managers
        libraries = {name: getattr(manager.visalib, "facts", None) for name, manager in managers.items()}
        return {
            "bench_file": {
                "name": self.file.path.name, "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()},
            **{name: value for name, value in found.items() if value is not None},
            **({"simulation": known} if (known := {k: dict(v) for k, v in libraries.items() if v}) else {}),
        }

    def restarted(self) -> list[str]:
        """Return the instruments, as messages call them, that were switched off and on since they were reset."""
        return self.instruments.restarted()

    def take_notes(self) -> list[str]:
        """Return what had to be put right since asked last (repeated queries), one line each."""
        return self.instruments.take_notes()

    # ------------------------------------------------------------------------------------ other processes

    def announce(self, run: str = "", address: Path | None = None) -> None:
        """Let other processes know which run this one has the instruments for; without one, that it is over.

        Parameters
        ----------
        run : str
        address : Path
            The file that says where the run can be followed and stopped.
        """
        self.instruments.announce(run, address)

    @property
    def outlives_process(self) -> bool:
        """Whether an output stays on when this process dies (not where the VISA library says otherwise)."""
        return self.instruments.outlives_process

    def watchdog_order(self) -> dict[str, Any]:
        """Return what another process needs to reach the instruments that outlive this one; plain data."""
        return self.instruments.watchdog_order()

    def report_to(self, liveness: Liveness) -> None:
        """Tell ``liveness`` of every message and every wait from now on."""
        self.instruments.report_to(liveness)

    # --------------------------------------------------------------------------------------------- safety

    def make_safe(self) -> list[OutputState]:
        """Clear every instrument, switch every output off and read it back; raises nothing.

        Returns
        -------
        list of OutputState
            An output that could not be read back counts as enabled; ``problems`` says why, one line each.
        """
        self.guards.made_safe()
        return self.instruments.make_safe()

    def reopen_and_make_safe(self) -> list[OutputState]:
        """Open all connections again, then make safe; raises nothing."""
        self.guards.made_safe()
        return self.instruments.make_safe(reopen=True)
