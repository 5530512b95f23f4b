"""Languages of one line: a word, then arguments, as temperature controllers and probers understand them.

::

    class Readings(LineTable["Controller"]):
        @line_command("KRDG?")
        def _kelvin(self, letter: str) -> str: ...

    class Controller(LineInstrument):
        line_tables = (Readings,)

An instrument says how its errors are answered (:meth:`LineInstrument.refused`), which differs from maker to maker.
"""

from collections.abc import Callable
from types import GeneratorType, MethodType
from typing import Any, ClassVar, Generic, TypeVar

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.scpi.executing import LONGEST_TEXT, Handler, report_trouble
from tsbench.simulated_backends.scpi.parameters import text_of
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement, VirtualInstrument

I = TypeVar("I")  # noqa: E741
T = TypeVar("T")


class LineError(Exception):
    """A line cannot be carried out; ``code`` is the maker's number."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def argument(read: Callable[[str], T], text: str, code: int, said: str = "{}") -> T:
    """Return an argument that ``read`` understands; LineError with ``code`` where it raises ValueError.

    ``said`` is the message of the error. The argument takes the place of ``{}``.
    """
    try:
        return read(text)
    except ValueError:
        raise LineError(code, said.format(text)) from None


def line_command(*words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method as the command of these words, in any case; it gets the arguments as texts."""

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.__dict__["__line_words__"] = words
        return method

    return mark


class LineTable(Generic[I]):
    """The commands of one subsystem.

    Parameters
    ----------
    instrument : holds the table
    """

    def __init__(self, instrument: I) -> None:
        self.instrument = instrument


class LineInstrument(VirtualInstrument):
    """Executes lines. A subclass says how a line is cut and what is replied."""

    line_tables: ClassVar[tuple[type[LineTable[Any]], ...]] = ()

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self._methods: dict[str, MethodType] = {}   # by word in lower case
        for kind in self.line_tables:
            table = kind(self)
            for name in dir(kind):
                words = getattr(getattr(kind, name), "__line_words__", ())
                self._methods.update(dict.fromkeys((word.lower() for word in words), getattr(table, name)))

    def cut(self, line: str) -> tuple[str, list[str]]:
        """Return the word of a line and its arguments."""
        raise NotImplementedError

    def refused(self, error: LineError) -> str | None:
        """Return the reply to a line that cannot be carried out; None: there is none."""
        raise NotImplementedError

    def replied(self, word: str, result: str | None) -> str | None:
        """Return the reply to a line that was carried out; None: there is none."""
        return result

    def unknown(self, word: str) -> LineError:
        """Return the error of an unknown word."""
        raise NotImplementedError

    def wrong_arguments(self, word: str) -> LineError:
        """Return the error of too many or too few arguments."""
        raise NotImplementedError

    def obey(self, line: str) -> Handler:
        """Carry out one line; return its reply or None."""
        word, arguments = self.cut(line)
        try:
            method = self._methods.get(word.lower())
            if method is None:
                raise self.unknown(word)
            most = method.__code__.co_argcount - 1
            if not most - len(method.__defaults__ or ()) <= len(arguments) <= most:
                raise self.wrong_arguments(word)
            result = method(*arguments)
            if isinstance(result, GeneratorType):
                result = yield from result
        except LineError as error:
            return self.refused(error)
        except TsbenchError as error:
            return self.refused(LineError(1, f"System error; {error}"[:LONGEST_TEXT]))
        finally:
            if self.trouble:
                report_trouble(self)
        return self.replied(word, result)

    def execute(self, message: bytes) -> Handler:
        """Execute one message."""
        reply = yield from self.obey(text_of(message))
        return None if reply is None else reply.encode("latin-1")
