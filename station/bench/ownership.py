"""Who owns an instrument: one process of this machine at a time, by a lock of the operating system.

Each instrument has a lock file, named after what it is and not after the bench file that names it, in one folder
for all users. Its owner holds it while its bench is open and writes into it who it is; the lock ends with the
process, however that ends. A second process is refused before it has sent anything.
"""

import contextlib
import getpass
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from tsbench.errors import ConfigurationError, InstrumentInUse
from tsbench.file_lock import FileBusy, FileLock, is_held
from tsbench.records import Identity
from tsbench.resource_names import LOOPBACK, canonical_name

FOLDER = "TSBENCH_LOCKS"  #: environment variable: another folder for the locks, the same one for all users

_FOR_ALL = 0o1777
_LOOK = 0.05  #: [s] between two tries
_SETTLING = 1.0  #: [s] a record may take to be written, and a look at a lock to be over
_SWITCHING_OFF = 45.0  #: [s] a watchdog may take to make the instruments of a dead process safe


@dataclass(frozen=True)
class Owner:
    """The record of an owner."""

    process: int
    user: str
    command: str
    since: str  #: local time
    bench: str  #: path of its bench file, or the command that has none ("discover")
    run: str = ""  #: its present run
    address: str = ""  #: file that says where its run can be followed and stopped
    switching_off: bool = False  #: a watchdog, which leaves as soon as all outputs are off

    @property
    def line(self) -> str:
        """Who it is, in half a line."""
        run = f", run {self.run}" if self.run else ""
        return f"process {self.process} of {self.user} ('{self.command}'{run}) since {self.since}"


def this_process(bench: Path | str, switching_off: bool = False) -> Owner:
    """Return the record of this process."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "an unknown user"
    words = [Path(word).name if number == 0 else word for number, word in enumerate(sys.argv)] or ["python"]
    command = " ".join(["tsbench" if words[0] == "__main__.py" else words[0], *words[1:]])
    since = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return Owner(os.getpid(), user, command[:120], since, str(bench), switching_off=switching_off)


def lock_folder() -> Path:
    """Return the one folder for the locks of all users of this machine, made where it is missing.

    Raises
    ------
    ConfigurationError
        It cannot be made.
    """
    named = os.environ.get(FOLDER)
    folder = Path(named) if named else _machine_folder() / "tsbench"
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            if not named:
                folder.chmod(_FOR_ALL)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: tsbench cannot write the lock files of the instruments into this folder ({error.strerror}). "
            f"Set {FOLDER} to a folder that all users of this machine can write to"
        ) from None
    return folder


def _machine_folder() -> Path:
    """Return a folder in which every user may make files, the same one for all."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA") or tempfile.gettempdir())
    for text in ("/run/lock", "/tmp"):  # the first is emptied only when the machine starts
        folder = Path(text)
        with contextlib.suppress(OSError):
            if folder.stat().st_mode & stat.S_IWOTH:
                return folder
    return Path(tempfile.gettempdir())


class Ownership:
    """The locks that a bench holds: of all its instruments or of none.

    The constructor takes the locks. If a watchdog switches off the instruments of a process that has died, it waits for
    this watchdog. It waits for no other owner.

    Parameters
    ----------
    resources : mapping of str to str
        Name on the bench -> VISA resource name.
    owner : Owner
        The record of this process.

    Raises
    ------
    InstrumentInUse
        Another process has one of them; nothing was sent to any.
    ConfigurationError
        Two names are one instrument, or there is no folder for the locks.
    """

    def __init__(self, resources: Mapping[str, str], owner: Owner) -> None:
        self.owner = owner
        self.keys: dict[str, str] = {}  #: name on the bench -> name of its lock
        self._locks: list[FileLock] = []
        for name, resource in resources.items():
            key = _known_as(canonical_name(resource))
            _require_new(key, self.keys, name, resource)
            self.keys[name] = key
        subjects = {name: f"{name} ({resource})" for name, resource in resources.items()}
        began = time.monotonic()
        while not self._take_all(subjects, time.monotonic() - began < _SWITCHING_OFF):
            time.sleep(_LOOK)

    def _take_all(self, subjects: Mapping[str, str], patient: bool) -> bool:
        """Take all locks or none; False where a watchdog has one, which will not be long, and we are patient."""
        try:
            for name in sorted(self.keys, key=self.keys.__getitem__):  # in one order, so that no two get half each
                self._locks.append(take(self.keys[name], subjects[name], self.owner))
        except BaseException as error:
            self.release()
            if patient and isinstance(error, InstrumentInUse) and error.owner.get("switching_off"):
                return False
            raise
        return True

    def identified(self, name: str, resource: str, identity: Identity) -> None:
        """Own what has answered by its serial number too: the same instrument on another interface.

        A simulator on this computer can report any serial number, so tsbench does not lock it by serial number.

        Raises
        ------
        InstrumentInUse
            Another process owns it by another address; only a device clear and ``*IDN?`` were sent to it.
        """
        here = self.keys.get(name, f"lan {LOOPBACK}").startswith(f"lan {LOOPBACK}")
        if here or not identity.serial.strip("0 "):
            return
        key = f"serial number {identity.manufacturer} {identity.model} {identity.serial}".casefold()
        subject = f"{name} ({resource}, serial number {identity.serial})"
        self._locks.append(take(key, subject, self.owner, sent="Only a device clear and *IDN? were sent to it"))

    def tell(self, run: str = "", address: Path | None = None) -> None:
        """Write into the lock files which run goes on and where it can be followed; without ``run``, that none does."""
        self.owner = replace(self.owner, run=run, address=str(address.absolute()) if address is not None else "")
        for lock in self._locks:
            with contextlib.suppress(OSError):  # who owns it stands there already
                lock.write(_text(self.owner))

    def release(self) -> None:
        """Release every instrument. Safe to call twice."""
        while self._locks:
            self._locks.pop().release()


def require_different(resources: Mapping[str, tuple[str, str]]) -> None:
    """Refuse two names of one instrument that lives in this process, where no lock shows it.

    Parameters
    ----------
    resources : mapping of str to tuple
        Name on the bench -> the VISA library and the resource name in it. The network is not asked for a host.

    Raises
    ------
    ConfigurationError
    """
    keys: dict[str, tuple[str, str]] = {}
    for name, (library, resource) in resources.items():
        key = (library, canonical_name(resource, str.casefold))
        _require_new(key, keys, name, resource)
        keys[name] = key


def _require_new(key: object, keys: Mapping[str, object], name: str, resource: str) -> None:
    """Raise ConfigurationError if another name on the bench has this key."""
    for other, known in keys.items():
        if key == known:
            raise ConfigurationError(
                f"instruments '{other}' and '{name}' have the same address ({resource}). Keep one of them")


def take(key: str, subject: str, owner: Owner, sent: str = "Nothing was sent to it") -> FileLock:
    """Take the lock of one instrument.

    Parameters
    ----------
    key : str
        The name of its lock: its canonical VISA resource name, or its serial number.
    subject : str
        The instrument, as a message names it.
    owner : Owner
    sent : str
        What this process has sent to the instrument, as a sentence of the message.

    Raises
    ------
    InstrumentInUse, ConfigurationError
        As for :class:`Ownership`.
    """
    path = lock_path(key)
    began = time.monotonic()
    while True:
        try:
            return FileLock(path, _text(owner), mode=0o666)
        except FileBusy as busy:
            found = _owner(busy.record)
            if found is not None or time.monotonic() - began >= _SETTLING:
                raise _in_use(subject, found, path, sent) from None
            time.sleep(_LOOK)
        except OSError as error:
            raise ConfigurationError(
                f"{path}: tsbench cannot write this lock file of {subject} ({error.strerror}). Set {FOLDER} to a "
                "folder that all users of this machine can write to"
            ) from None


def _in_use(subject: str, owner: Owner | None, lock: Path, sent: str) -> InstrumentInUse:
    who = owner.line if owner is not None else "another process"
    advice = ". 'tsbench gui' can show and stop its run" if owner is not None and owner.address else ""
    return InstrumentInUse(
        f"{subject} is in use by {who}. {sent}. Wait until this process ends{advice}",
        {"lock": str(lock), **({} if owner is None else asdict(owner))},
    )


def one_instrument(names: Iterable[str]) -> list[FileLock]:
    """Declare that these VISA resource names lead to one instrument, as long as the returned locks are held.

    A server that offers one instrument at several addresses of this machine calls it: the addresses do not show it.
    """
    first, *others = (canonical_name(name) for name in names)
    return [FileLock(lock_path(other, ".same"), first, mode=0o666) for other in others]


def _known_as(key: str) -> str:
    """Return the name by which an instrument is locked that has several addresses."""
    path = lock_path(key, ".same")
    if not is_held(path):
        return key
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8").strip() or key
    return key


def lock_path(key: str, suffix: str = ".lock") -> Path:
    """Return the path of a lock file, or of a file beside it; ``key`` names what is locked."""
    words = "".join(character if character.isalnum() else "_" for character in key)[:60]
    return lock_folder() / f"{words}-{hashlib.sha256(key.encode()).hexdigest()[:12]}{suffix}"


def _text(owner: Owner) -> str:
    return json.dumps(asdict(owner))


def _owner(record: str) -> Owner | None:
    """Return who has written a record; None where it is not whole, or its process is no more."""
    try:
        found = Owner(**json.loads(record))
    except (ValueError, TypeError):
        return None
    return found if _lives(found.process) else None


def _lives(process: int) -> bool:
    if sys.platform == "win32":
        return True  # a signal 0 would end it there; the lock itself is the proof
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
