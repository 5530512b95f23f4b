"""What the language asks of the instrument that it runs in, and the parts that share one instrument."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from tsbench.simulated_backends.scpi.exchange import MessageExchange
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.headers import CommandTree, ProgramUnit
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.services.clock import BenchClock
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.tsp.interpreter import Interpreter


class TspHost(Protocol):
    """An instrument with TSP."""

    name: str  #: as in the world file
    serial: str
    manufacturer: ClassVar[str]
    firmware: ClassVar[str]
    tree: ClassVar[CommandTree]
    error_detail: ClassVar[bool]
    trouble: list[str]
    clock: BenchClock
    bench: BenchServices
    exchange: MessageExchange
    status: StatusModel
    operations: Operations

    @property
    def model_name(self) -> str:
        """The model as ``localnode.model`` says it: "2602B"."""
        ...

    @property
    def line_frequency(self) -> float:
        """[Hz]"""
        ...

    def written(self, unit: ProgramUnit, result: Any) -> bytes:
        """Return the reply of one query as the instrument writes it."""
        ...

    def reset(self) -> Handler | None:
        """Do what ``reset()`` does to the instrument."""

    def script_stopped(self) -> None:
        """A script was aborted: end what it had begun."""


@dataclass
class TspParts:
    """Instrument and interpreter, as the libraries get them.

    Parameters
    ----------
    instrument : TspHost
    interpreter : Interpreter
    objects : what Lua tables stand for, by their identities
    """

    instrument: TspHost
    interpreter: Interpreter
    objects: dict[int, Any] = field(default_factory=dict)
    last_identity: int = 0

    def identify(self, value: object) -> int:
        """Register an object that a Lua table stands for, and return its identity."""
        self.last_identity += 1
        self.objects[self.last_identity] = value
        return self.last_identity

    def object(self, table: Any) -> Any:
        """Return what a Lua table stands for; None if it is no table of the instrument."""
        identity = self.interpreter.host.identity(table)
        return None if identity is None else self.objects.get(int(identity))

    def forget_unreachable(self) -> None:
        """Drop the objects whose tables no script can reach any more."""
        alive = self.interpreter.host.alive()
        kept = {int(alive[index]) for index in range(1, len(alive) + 1)}
        self.objects = {identity: value for identity, value in self.objects.items() if identity in kept}
