"""The record of every device on disk: one append-only file each, in a folder that several tools may share."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tsbench.errors import ConfigurationError, StorageError, nearest
from tsbench.file_lock import FileBusy, FileLock, NoFileLocks
from tsbench.station.device_record.dose import Dose
from tsbench.station.device_record.life import STATES, DeviceLife, life_of
from tsbench.storage import disk
from tsbench.storage.record_file import RecordFile, read_records
from tsbench.storage.run_id import timestamp

SUFFIX = ".tsd"
_PATIENCE = 10.0  #: [s] another process may hold the file of a device: it writes one record, which takes milliseconds
_LOOK = 0.01  #: [s] between two tries


class DeviceRecords:
    """The lives of devices in a folder.

    A dose is charged before the first stress (the planned worst case), and settled after the run (what was measured).
    What is charged and never settled stays charged.

    Parameters
    ----------
    folder : Path
        Made when the first record is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lives: dict[str, tuple[DeviceLife, int]] = {}

    def path(self, device: str) -> Path:
        """Return the file of a device; two devices never share one, whatever characters their names have."""
        return self.folder / f"{quote(device, safe=' +@')}{SUFFIX}"

    def devices(self) -> list[str]:
        """Return the devices that have a record."""
        return sorted(unquote(path.name.removesuffix(SUFFIX)) for path in self.folder.glob(f"*{SUFFIX}"))

    def life(self, device: str) -> DeviceLife:
        """Return the life of a device, with what other processes have written.

        Raises
        ------
        UnreadableFile
            Its file is damaged, or of another kind.
        """
        life, offset = self._lives.get(device, (DeviceLife(), 0))
        records, offset = read_records(self.path(device), offset)
        self._lives[device] = life_of(records, life), offset
        return self._lives[device][0]

    def charge(self, device: str, identifier: str, dose: Dose, **facts: Any) -> None:
        """Charge the planned worst case of a run; a charge of the same identifier is made once only.

        Raises
        ------
        StorageError
            It is not on the disk: then nothing may be sent to the device.
        """
        with self._writing(device) as file:
            if identifier not in self.life(device).known:
                file.append("charge", {"id": identifier, "dose": dose, "time": timestamp(), **facts})

    def settle(self, device: str, identifier: str, dose: Dose, **facts: Any) -> None:
        """Put what was measured in the place of what was charged; without an open charge it does nothing."""
        with self._writing(device) as file:
            if identifier in self.life(device).open:
                file.append("settle", {"id": identifier, "dose": dose, "time": timestamp(), **facts})

    def set_state(self, device: str, state: str, reason: str) -> None:
        """Note another state of a device, and why.

        Raises
        ------
        ConfigurationError
            There is no such state. Whether a device of this name is on a bench is not known here.
        """
        if state not in STATES:
            close = nearest(state.lower(), STATES)
            raise ConfigurationError(f"a device has no state '{state}'{close}" if close.startswith(". Did") else
                                     f"a device has no state '{state}'. The states are {', '.join(STATES)}")
        with self._writing(device) as file:
            file.append("state", {"state": state, "reason": reason, "time": timestamp()})

    def note(self, device: str, text: str) -> None:
        """Keep a note of a person on a device.

        Raises
        ------
        ConfigurationError
            There is no text.
        """
        if not text.strip():
            raise ConfigurationError("write the note first")
        with self._writing(device) as file:
            file.append("note", {"text": text.strip(), "time": timestamp()})

    def history(self, device: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return every record of a device, the oldest first."""
        return read_records(self.path(device))[0]

    @contextlib.contextmanager
    def _writing(self, device: str) -> Iterator[RecordFile]:
        path = self.path(device)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = _lock(path.with_suffix(".lock"))
        except OSError as error:
            raise disk.storage_error(error, path, f"the record of {device}", kept=False) from error
        with lock, RecordFile(path) as file:
            yield file


def _lock(path: Path) -> FileLock:
    began = time.monotonic()
    while True:
        try:
            return FileLock(path, f"process {os.getpid()}\n")
        except FileBusy as busy:
            if time.monotonic() - began > _PATIENCE:
                raise StorageError(f"{path}: the record of this device is held by "
                                   f"{busy.record.strip() or 'another process'}. Wait until it ends") from None
            time.sleep(_LOOK)
        except NoFileLocks as error:
            raise StorageError(f"{path}: the file system does not support locks ({error.strerror}). Choose a local "
                               "folder for the device record") from None
