"""The files of one export of a run: whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tsbench.errors import ConfigurationError, StorageError
from tsbench.records import Run
from tsbench.storage import disk

_PART = ".part"


class ExportedFiles:
    """The files of one export: each is written under another name first, and all are renamed at the end.

    Parameters
    ----------
    out : Path
        Folder; made where it is missing.
    run : Run
        Its identifier begins the names of the files; ".simulated" follows where the data are simulated.
    """

    def __init__(self, out: Path, run: Run) -> None:
        self._out = out
        self._stem = f"{run.header.run_id}{'.simulated' if run.header.simulated else ''}"
        self.paths: list[Path] = []

    @contextmanager
    def all_or_none(self) -> Iterator[None]:
        """Rename the files at the end; remove them where something failed before.

        Raises
        ------
        ConfigurationError
            A library is missing.
        StorageError
            The files cannot be written, or one does not fit in the format.
        """
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            yield
            for path in self.paths:
                disk.replace(path.with_name(path.name + _PART), path)
        except ImportError as error:
            raise ConfigurationError(f"this format needs the library {error.name}. Install it with: pip install "
                                     "tsbench[export]") from None
        except StorageError as error:
            raise StorageError(f"{self._stem}: {error}") from None
        except OSError as error:
            raise disk.storage_error(error, self.paths[-1] if self.paths else self._out, "the export",
                                     kept=False) from error
        finally:
            for path in self.paths:
                with suppress(OSError):  # the folder itself is not there
                    disk.remove(path.with_name(path.name + _PART), missing_ok=True)

    def write(self, ending: str, act: Callable[[Path], object]) -> None:
        """Let ``act`` write the file that will have this ending."""
        path = self._out / f"{self._stem}.{ending}"
        self.paths.append(path)
        act(path.with_name(path.name + _PART))
