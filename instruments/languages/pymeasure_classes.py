"""PyMeasure's base classes for drivers, with the types that it lacks.

A class derived from one without types passes for anything, so that no checker could hold a driver to its contract.
"""

from typing import TYPE_CHECKING, Any

from pymeasure.instruments import Channel, Instrument

if TYPE_CHECKING:

    class TypedInstrument:
        """What the drivers use of :class:`pymeasure.instruments.Instrument`."""

        adapter: Any
        name: str

        def __init__(self, adapter: Any, name: str, includeSCPI: bool = True) -> None: ...
        def write(self, command: str, **kwargs: object) -> None: ...
        def ask(self, command: str, query_delay: float | None = None) -> str: ...
        def read_bytes(self, count: int) -> bytes: ...
        def write_bytes(self, content: bytes) -> None: ...

    class TypedChannel:
        """What the drivers use of :class:`pymeasure.instruments.Channel`."""

        def __init__(self, parent: Any, id: int) -> None: ...
        def write(self, command: str) -> None: ...
        def ask(self, command: str) -> str: ...

else:
    TypedInstrument, TypedChannel = Instrument, Channel
