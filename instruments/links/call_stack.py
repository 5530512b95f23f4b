"""Tells whether a thread waits for an instrument or the disk, or is held up by other code.

The watchdog allows a long wait only in the first case: an exchange ends at its timeout, and a write when the disk is
ready. Other code (a signal handler, a finaliser, a listener) may never end. The stack frames of the thread show which
of both it is.
"""

import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_PATHS = sysconfig.get_paths()
#: folders of Python and of installed packages: pyvisa, its backends, and what these use
_LIBRARIES = tuple({str(Path(_PATHS[name])) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_PACKAGES = ("site-packages", "dist-packages")  #: also those of the user and of the system


@dataclass(frozen=True)
class LongCall:
    """A call that may take long.

    Attributes
    ----------
    caller : str
        The module that makes the call.
    callees : tuple of str
        How the names of the modules begin that do the work, beside those of Python and of installed packages.
    """

    caller: str
    callees: tuple[str, ...]

    def contains(self, frame: FrameType | None) -> bool:
        """Whether each frame above the caller belongs to the callees, or to what these use.

        Parameters
        ----------
        frame : FrameType
            The innermost frame of the thread that makes the call.

        Returns
        -------
        bool
            False also where the caller has no frame.
        """
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name == self.caller:
                return True
            if not name.startswith(self.callees) and not _of_library(name, frame.f_code.co_filename):
                return False
            frame = frame.f_back
        return False


#: of a transport: names of other backends of pyvisa begin with "pyvisa_"
EXCHANGE = LongCall("tsbench.instruments.links.transport", ("pyvisa", "tsbench.simulated_backends"))


def _of_library(name: str, file: str) -> bool:
    """Whether a module is one of Python or of an installed package that is not tsbench."""
    if name.partition(".")[0] == "tsbench":
        return False
    return file.startswith(("<", *_LIBRARIES)) or any(part in _PACKAGES for part in Path(file).parts)
