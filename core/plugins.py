"""Registries of protocols, drivers, virtual instruments and devices, which are found by entry points.

An entry point of a group (``tsbench.protocols``, ``tsbench.drivers``, ...) names an object, its declaration.
The declaration is one plug-in (a protocol class, a driver declaration), for some groups a sequence of plug-ins, or
:class:`Folders`, a package of which each folder has a declaration. The protocols and drivers of tsbench are plug-ins,
too. A plug-in that can be used, with the distribution that it comes from, is an :class:`Offer`. tsbench leaves out what
it cannot use, and logs one line with the reason.
"""

import contextlib
import dis
import functools
import importlib
import logging
import os
import pkgutil
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import Generic, TypeVar

from tsbench.errors import ConfigurationError, TsbenchError, nearest, sentences

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
OURS = "tsbench"  #: the distribution whose plug-ins go first
#: what an entry point may name: "module", "module:object", with extras behind (entry points specification of PyPA)
_VALUE = re.compile(r"\w+(\.\w+)*\s*(:\s*\w+(\.\w+)*\s*)?(\[.*\]\s*)?")


_IMPORTED: ContextVar[str] = ContextVar("imported", default="a plug-in")  #: what this thread imports


class _Shared:
    """What the whole process shares, and the import of a module may change: output, working folder, text of warnings.

    While any thread imports, what is printed goes to standard error, and a warning is one line. After the last of the
    imports that overlap, both are as before the first; two ``contextlib.redirect_stdout`` would leave the output at
    standard error for good. The working folder stays, because the paths of the command line begin there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._output, self._format, self._folder = sys.stdout, warnings.formatwarning, ""

    def enter(self) -> None:
        """Keep what there is now."""
        with self._lock:
            if not self._inside:
                self._output, sys.stdout = sys.stdout, sys.stderr
                self._format, warnings.formatwarning = warnings.formatwarning, _warning_line
                self._folder = _working_folder()
            self._inside += 1

    def leave(self, what: str) -> None:
        """Bring back what there was, and say in one line that the import of ``what`` went to another folder."""
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.stdout, warnings.formatwarning = self._output, self._format
            changed = _working_folder()
            if not self._folder or changed == self._folder:
                return
            with contextlib.suppress(OSError):
                os.chdir(self._folder)
                _LOG.warning("the import of %s changed the working folder to %s. tsbench changed it back to %s",
                             what, changed, self._folder)


_SHARED = _Shared()


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # the folder was deleted
        return ""


def _warning_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None,
) -> str:
    """Return one line where the standard library has two or more; it takes these arguments."""
    return (f"tsbench: {_IMPORTED.get()} gives a warning when it is imported: {_one_line(message)} "
            f"({category.__name__} in {filename}, line {lineno})\n")


def _one_line(text: object) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())


class ImportInterrupted(KeyboardInterrupt):
    """An interruption while a plug-in was imported; the message names the plug-in."""


def _was_raised(error: BaseException) -> bool:
    """Whether a ``raise`` statement of a module raised an error; a signal interrupts any other instruction.

    Functions may raise a KeyboardInterrupt again that was a signal, as compilers do that clean up first.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    code = place.tb_frame.f_code if place is not None else None
    return (place is not None and code is not None and code.co_name == "<module>"
            and dis.opname[code.co_code[place.tb_lasti]] == "RAISE_VARARGS")


@contextlib.contextmanager
def importing(what: str) -> Iterator[None]:
    """Import modules of other authors; what they print goes to standard error, because ``--json`` owns the output.

    A module that changes the working folder changes it only until its import is over. A warning is one line.

    Parameters
    ----------
    what : what is imported, as messages call it: "protocol 'iv' of lab-plugins 1.0"

    Raises
    ------
    ImportInterrupted
        Ctrl-C was pressed meanwhile, or the module itself raised KeyboardInterrupt: the message says which.
    """
    _SHARED.enter()
    imported = _IMPORTED.set(what)
    try:
        yield
    except ImportInterrupted:
        raise
    except KeyboardInterrupt as error:
        blame = (" by the module itself, which raised KeyboardInterrupt. Uninstall the plug-in or write to its author"
                 if _was_raised(error) else "")
        raise ImportInterrupted(f"interrupted while {what} was imported{blame}") from error
    finally:
        _IMPORTED.reset(imported)
        _SHARED.leave(what)


@dataclass(frozen=True)
class Folders:
    """A package whose folders each declare a plug-in.

    Parameters
    ----------
    package : the import name of the package
    attribute : name of the variable in the folder's ``__init__.py`` that holds the declaration. A folder without this
        variable declares nothing
    """

    package: str
    attribute: str

    def modules(self) -> Iterator[str]:
        """Yield the import name of each folder, in the order of the alphabet."""
        here = importlib.import_module(self.package)
        yield from (f"{self.package}.{found.name}" for found in pkgutil.iter_modules(here.__path__) if found.ispkg)


@dataclass(frozen=True)
class Offer(Generic[T]):
    """A plug-in, and which installed distribution offers it ("tsbench 0.2.0")."""

    thing: T
    distribution: str


def entry_points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, of every distribution on the path.

    ``importlib.metadata.entry_points`` reads only the first distribution of each name. In the folder of the sources,
    this is the ``egg-info`` which an earlier installation left there, and it may lack what the present one declares.
    """
    found: dict[tuple[str, str], EntryPoint] = {}
    for distribution in distributions():
        for point in distribution.entry_points.select(group=group):
            found.setdefault((_name(point), point.name), point)
    return list(found.values())


class Registry(Generic[T]):
    """The plug-ins of one group by their names. The entry points are read at the first query.

    Parameters
    ----------
    group : of the entry points
    what : what messages call one of its plug-ins: "protocol"
    offered : turns a declaration into a mapping of name -> plug-in. It raises ConfigurationError, with the reason in
        one line, where the declaration cannot be used
    many : whether a sequence declares several plug-ins, each of which is taken or left out by itself
    """

    def __init__(
        self, group: str, what: str, offered: Callable[[object], Mapping[str, T]], many: bool = False,
    ) -> None:
        self.group, self.what = group, what
        self._offered = offered
        self._many = many
        self._found: dict[str, Offer[T]] | None = None
        self._problems: list[str] = []
        self._left_out: dict[tuple[str, str, str], list[str]] = {}   # distribution, module or name, reason -> names
        self._contested: dict[str, str] = {}   # names that two packages of others offer -> the second of them

    def offers(self) -> Mapping[str, Offer[T]]:
        """Return every plug-in that can be used, by its name: ours first, then those of others by distribution."""
        if self._found is None:
            self._found, self._problems, self._left_out, self._contested = {}, [], {}, {}
            points = sorted(entry_points(self.group), key=lambda p: (_name(p) != OURS, _from(p), p.name))
            for point in points:
                self._take(point, _from(point))
            for name, second in self._contested.items():   # which one is meant is not known: a wrong one would measure
                self._leave_out(name, self._found.pop(name).distribution, ConfigurationError(
                    f"{second} offers the same name. Uninstall one of the two packages"))
            self._say_what_was_left_out()
            if not any(_name(point) == OURS for point in points):   # a checkout that has changed since it was installed
                self._problems.append(
                    f"The installation of {OURS} registers no {self.what}. Install {OURS} again (in a checkout: "
                    f"rm -rf tsbench.egg-info; pip install -e .)")
        return self._found

    def things(self) -> Mapping[str, T]:
        """Return every plug-in that can be used, by its name, in the order of :meth:`offers`."""
        return {name: offer.thing for name, offer in self.offers().items()}

    def problems(self) -> tuple[str, ...]:
        """Return one line for each declaration that was left out: what, of which distribution, why.

        If tsbench's own declarations are missing, the last line says to install tsbench again.
        """
        self.offers()
        return tuple(self._problems)

    def names(self) -> tuple[str, ...]:
        """Return the names of all plug-ins."""
        return tuple(self.offers())

    def named(self, name: str) -> T:
        """Return the plug-in called ``name``.

        Raises
        ------
        ConfigurationError
            There is none; the message has the nearest name, and what was left out.
        """
        found = self.offers().get(name)
        if found is None:
            unknown = f"unknown {self.what} '{name}'{nearest(name, self.offers())}"
            raise ConfigurationError(sentences(unknown, *self._problems))
        return found.thing

    def forget(self) -> None:
        """Read the entry points anew at the next query."""
        self._found = None

    def _take(self, point: EntryPoint, distribution: str) -> None:
        try:
            if not _VALUE.fullmatch(point.value):
                raise ConfigurationError(
                    f"its entry point is '{point.name} = \"{point.value}\"'. Write it as "
                    f"{point.name} = \"module:object\"")
            with importing(f"{self.what} '{point.name}' of {distribution}"):
                declared = point.load()
                modules = list(declared.modules()) if isinstance(declared, Folders) else []
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever another author's module raises, also by sys.exit
            module = "" if isinstance(error, ConfigurationError) else point.module
            self._leave_out(point.name, distribution, error, module)
            return
        if not isinstance(declared, Folders):
            self._add(point.name, distribution, lambda: declared)
        for module in modules:
            self._add(module, distribution, lambda module=module: getattr(  # type: ignore[misc]
                importlib.import_module(module), declared.attribute, None))

    def _add(self, where: str, distribution: str, load: Callable[[], object]) -> None:
        try:
            with importing(f"{self.what} '{where}' of {distribution}"):
                declared = load()
                several = self._many and isinstance(declared, Sequence) and not isinstance(declared, str)
                things = list(declared) if several else [declared]  # type: ignore[call-overload]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - as above
            self._leave_out(where, distribution, error)
            return
        for thing in things:
            name = getattr(thing, "name", None)
            self._offer(name if several and isinstance(name, str) else where, distribution, thing)

    def _offer(self, where: str, distribution: str, declared: object) -> None:
        assert self._found is not None
        try:
            with importing(f"{self.what} '{where}' of {distribution}"):
                things = {} if declared is None else self._offered(declared)
            for name in things:
                if name in self._found:
                    owner = self._found[name].distribution
                    if owner != distribution and not owner.startswith(f"{OURS} "):
                        self._contested[name] = distribution
                    raise ConfigurationError(f"the name '{name}' already belongs to {owner}. Choose another name")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - as above
            self._leave_out(where, distribution, error)
        else:
            self._found |= {name: Offer(thing, distribution) for name, thing in things.items()}

    def _leave_out(self, where: str, distribution: str, error: BaseException, module: str = "") -> None:
        """Keep the reason; with ``module``, which was being imported, one reason holds for all that it declares."""
        key = distribution, f"module {module}" if module else where, _one_line(in_words(error))
        self._left_out.setdefault(key, []).append(where)

    def _say_what_was_left_out(self) -> None:
        for (distribution, _, said), (first, *more) in self._left_out.items():
            line = f"{self.what} '{first}' of {distribution} is left out: {said}"
            rest = f"{len(more)} more of this module {'is' if len(more) == 1 else 'are'} left out for the same reason"
            self._problems.append(sentences(line, rest) if more else line)
            _LOG.warning("%s", self._problems[-1])


def in_words(error: BaseException) -> str:
    """Return one line: the message of an error raised on purpose, else also its type and its place in a plug-in."""
    text = message_of(error)
    if isinstance(error, TsbenchError) and text:
        return text
    words = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place, fault = place_of(error), fault_of(error)
    words = f"{words} ({place})" if place else words
    return f"{fault} ({words})" if fault else words


class _Fault(str):
    """A note on an error: which method of which plug-in failed."""

    __slots__ = ()


def note_fault(error: BaseException, what: str) -> None:
    """Note on an error which method failed ("ramp: the method plan failed"), for those who show it in one line."""
    error.add_note(_Fault(what))


def fault_of(error: BaseException) -> str:
    """Return what ``note_fault`` noted; "" if nothing."""
    return next((str(note) for note in getattr(error, "__notes__", ()) if isinstance(note, _Fault)), "")


def message_of(error: BaseException) -> str:
    """Return the message of an error in one line. That of a KeyError, Python would escape."""
    key = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else None
    return " ".join((repr(" ".join(key.split())) if isinstance(key, str) else str(error)).split())


def place_of(error: BaseException) -> str:
    """Return file and line of the last step in code of another author ("lab_meter.py, line 7"), "" without one."""
    packages = functools.cache(_packages_of_plugins)   # it reads every distribution: only where a frame needs it
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        package, file = str(frame.f_globals.get("__name__")).partition(".")[0], Path(frame.f_code.co_filename)
        if package == OURS or package in sys.stdlib_module_names:
            continue
        if not {"site-packages", "dist-packages"} & set(file.parts) or package in packages():
            return f"{file.name}, line {line}"
    return ""


def _packages_of_plugins() -> set[str]:
    """Return the names of the packages and modules of every installed distribution that offers a plug-in."""
    found: set[str] = set()
    for distribution in distributions():
        points = [point for point in distribution.entry_points if point.group.startswith(f"{OURS}.")]
        found |= {point.value.partition(":")[0].partition(".")[0].strip() for point in points}
        found |= {Path(file.parts[0]).stem for file in distribution.files or ()} if points else set()
    return found


def _name(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"


def _from(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown distribution"
