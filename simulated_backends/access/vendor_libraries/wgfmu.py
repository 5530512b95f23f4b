"""The WGFMU library of the B1530A for the virtual B1500A of a world: the vendor's function names, nothing else of it.

``library.WGFMU_openSession("GPIB0::17::INSTR")`` returns a status code. A function that writes to pointers returns the
status and what it writes: ``status, size, times, values = library.WGFMU_getMeasureValues(101, 0, 100)``. Called with
pointers of ctypes, it writes to them and returns the status alone (``pointers.py``), so that a script for the vendor's
library runs as it is.

Source: B1530A User's Guide, chapter 4; function names, arguments and codes as in the vendor's header wgfmu.h. Not
modelled (status -4): range events, trigger events, raw data, delays, reading of events.
"""

from collections.abc import Callable
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.access.vendor_libraries.patterns import LIBRARY_ERROR, VendorError
from tsbench.simulated_backends.access.vendor_libraries.pointers import by_value, split, write
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_channels import ChannelFunctions
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_patterns import PatternFunctions
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_session import SessionFunctions, SharedState
from tsbench.simulated_backends.access.vendor_libraries.wgfmu_setup import SetupFunctions
from tsbench.simulated_backends.world.world import World

CALL_TIME = 1e-3  #: [s] of one function that speaks to the instrument; not compared with a manual


class WgfmuLibrary:
    """One library, as a process loads it.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World) -> None:
        self._state = SharedState(world)
        world.on_lost(self._state.lose)
        parts = (SessionFunctions(self._state), PatternFunctions(self._state), SetupFunctions(self._state),
                 ChannelFunctions(self._state))
        self._functions: dict[str, tuple[Callable[..., Any], tuple[Any, ...], bool]] = {}
        for part in parts:
            for attribute in dir(type(part)):
                marked = getattr(getattr(type(part), attribute), "__vendor__", None)
                if marked is not None:
                    name, outputs, speaks = marked
                    self._functions[name] = (getattr(part, attribute), outputs, speaks)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._functions:
            raise AttributeError(f"the simulated WGFMU library has no function {name}")
        function, outputs, speaks = self._functions[name]

        least = getattr(function, "__code__").co_argcount - 1   # noqa: B009 - mypy knows no code of a callable

        def call(*arguments: Any) -> Any:
            if outputs:
                values, targets = split(arguments, least)
            else:
                values, targets = [by_value(argument) for argument in arguments], []
            answer = carried_out(*values)
            if not targets:
                return answer
            status, *found = answer
            write(found, targets)
            return status

        def carried_out(*arguments: Any) -> Any:
            with self._state.world.bench.lock:
                if speaks:
                    self._state.world.bench.begin_message()
                    self._state.world.bench.clock.wait(CALL_TIME)
                try:
                    found = function(*arguments)
                except VendorError as error:
                    return self._failed(error.code, str(error), outputs)
                except TsbenchError as error:
                    return self._failed(LIBRARY_ERROR, str(error), outputs)
            if not outputs:
                return 0
            return (0, *found) if isinstance(found, tuple) else (0, found)

        return call

    def _failed(self, code: int, text: str, outputs: tuple[Any, ...]) -> Any:
        self._state.errors.append(f"{code}: {text}")
        return (code, *outputs) if outputs else code
