"""The bench: from ``bench.toml`` to open, identified, guarded instruments by role; safe however it ends."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError, nearest, sentences
from tsbench.instruments import Oscilloscope, PulseGenerator, ScopeChannel, SourceMeter
from tsbench.instruments.guard.limits import DeviceGuard, Post
from tsbench.instruments.guard.limits import Path as WirePath
from tsbench.records import DeviceDescription, DeviceLimits, Fixture
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connected_instruments import ConnectedInstruments
from tsbench.station.bench.wiring import Wiring


class Bench(ConnectedInstruments):
    """Open instruments by role, guarded; a :class:`~tsbench.instruments.Station`. Use it with ``with``."""

    def __init__(self, file: BenchFile, device: DeviceDescription) -> None:
        super().__init__(file)
        self.device = device
        self._guards: dict[str, Any] = {}
        self._wiring = Wiring(file, self._driver_of)
        self.fixture = Fixture(file.table.fixture.netlist, dict(file.table.fixture.terminals), file.sensing())

    @classmethod
    def open(cls, path: str | Path, device: str | None = None) -> "Bench":
        """Open every instrument of a bench file, reset it (outputs off) and connect ``device``.

        Parameters
        ----------
        path : str or Path
            The bench file.
        device : str, optional
            Identifier in ``[devices]``. None: no device is connected; the limits common to all devices hold.

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
        bench = cls(file, file.device(device) if device is not None else no_device)
        try:
            bench._open()
            if device is not None and bench.positioner.connected() != device:
                bench.positioner.connect(device)
        except BaseException:
            bench.close()
            raise
        return bench

    def planning_for(self, device: str) -> "Bench":
        """Return this bench as it would be with another device: for plans; nothing is sent, nothing moves.

        Raises
        ------
        ConfigurationError
            The device is not on the bench.
        """
        view = Bench(self.file, self.file.device(device))
        view._connections = self._connections
        view.clock, view.positioner, view.fixture = self.clock, self.positioner, self.fixture
        return view

    def _open(self) -> None:
        super()._open()
        self.fixture = self._wiring.fixture()
        for role, terminal in self.file.table.roles.items():
            self._guard(terminal, role)

    def close(self) -> None:
        """Make safe, then close every connection and library."""
        super().close()
        self._guards = {}

    # -------------------------------------------------------------------------------------------- guards

    def _driver_of(self, terminal: str) -> Any:
        name, _, channel = terminal.partition(".")
        return self._connections[name].terminal(channel)

    def _guard(self, terminal: str, role: str) -> Any:
        """Return the one guard of a terminal, making it at first use; a scope is guarded as a whole."""
        from tsbench.instruments.guard.kinds import GUARDS

        kind = self._wiring.kind(terminal)
        if kind == "oscilloscope":
            terminal = terminal.partition(".")[0]
        if terminal not in self._guards:
            driver = self._driver_of(terminal)
            connection = self._connections[terminal.partition(".")[0]]
            subject = f"{role} ({connection.driver.title}, {connection.table.resource})"
            device = DeviceGuard(self.device.limits, self.device.identifier or "this bench's devices")
            path = WirePath() if kind == "oscilloscope" else self._wiring.path(terminal)
            post = Post(subject, path, device, terminal, self._outputs)
            self._guards[terminal] = GUARDS[kind](driver, post)
        return self._guards[terminal]

    # ------------------------------------------------------------------------------------------- station

    def has(self, role: str) -> bool:
        """Whether the bench file gives this role to an instrument."""
        return role in self.file.table.roles

    def _role(self, role: str, kind: str) -> Any:
        roles = self.file.table.roles
        if role not in roles:
            raise ConfigurationError(
                f"{self.file.path}: no instrument has the role '{role}'{nearest(role, roles)}"
            )
        found = self._wiring.kind(roles[role])
        if found != kind:
            raise ConfigurationError(
                f"{self.file.path}: role '{role}' must be a {kind}, but '{roles[role]}' is a {found}"
            )
        return self._guard(roles[role], role)

    def source_meter(self, role: str = "drive") -> SourceMeter:
        """Return the source meter with this role, guarded."""
        found: SourceMeter = self._role(role, "source meter")
        return found

    def pulse_generator(self, role: str = "pulser") -> PulseGenerator:
        """Return the generator output with this role, guarded."""
        found: PulseGenerator = self._role(role, "pulse generator")
        return found

    def oscilloscope(self, role: str = "scope") -> Oscilloscope:
        """Return the scope with this role."""
        found: Oscilloscope = self._role(role, "oscilloscope")
        return found

    def scope_channel(self, terminal: str) -> ScopeChannel:
        """Return scope and channel of a terminal such as ``"scope.1"`` (instrument or role, number)."""
        name, _, channel = terminal.partition(".")
        tables, roles = self.file.table.instruments, self.file.table.roles
        instrument = name if name in tables else roles.get(name, "").partition(".")[0]
        if not channel.isdigit() or not instrument or self._wiring.kind(instrument) != "oscilloscope":
            raise ConfigurationError(
                f"{self.file.path}: '{terminal}' is not the channel of an oscilloscope. Write for example 'scope.1'"
            )
        return ScopeChannel(self._guard(instrument, name), int(channel))

    def wire_path(self, role: str) -> WirePath:
        """Return the wiring between the instrument of ``role`` and the device, as its guard takes it."""
        return self._wiring.path(self.file.table.roles[role])

    def facts(self) -> dict[str, Any]:
        """Return what makes a run repeatable: the bench file's text, the device's place, what the VISA library is."""
        device = self.file.table.devices.get(self.device.identifier)
        found = {name: getattr(device, name, None) for name in ("temperature", "die")}
        text = self.file.text
        libraries = {name: getattr(manager.visalib, "facts", None) for name, manager in self._managers.items()}
        return {
            "bench_file": {
                "name": self.file.path.name, "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()},
            **{name: value for name, value in found.items() if value is not None},
            **({"simulation": known} if (known := {k: dict(v) for k, v in libraries.items() if v}) else {}),
        }


def instruments(path: str | Path) -> list[dict[str, Any]]:
    """Open the bench and return what is on it, as ``tsbench instruments --bench FILE --json`` prints."""
    with Bench.open(path) as bench:
        return [
            {
                "name": name,
                "role": ", ".join(found["roles"]),
                "driver": found["driver"],
                "model": found["model"],
                "resource": found["resource"],
                "visa_library": found["visa_library"],
                "simulated": found["simulated"],
            }
            for name, found in bench.describe().items()
        ]


def check(path: str | Path, device: str | None = None) -> Mapping[str, Any]:
    """Connect, identify, reset, read outputs back; what ``tsbench check`` reports.

    Raises
    ------
    TsbenchError
        As :meth:`Bench.open`.
    """
    with Bench.open(path, device) as bench:
        states = bench.make_safe()
        if bench.problems:
            raise TsbenchError(sentences(*bench.problems))
        return {
            "bench": bench.file.name, "instruments": bench.describe(),
            "outputs": {state.output: state.enabled for state in states},
            "path_resistance": dict(bench.fixture.path_resistance),
            "parallel_capacitance": bench.fixture.parallel_capacitance,
        }
