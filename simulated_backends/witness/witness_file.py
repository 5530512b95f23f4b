"""The witness's file: one JSON line for each fact, written at once.

Each line is one unbuffered write to a file opened for appending, so that everything up to the last instant
survives the death of the process. ``tsbench.simulated_backends.witness.log`` reads it. Kinds of records
(times in s of bench time, SI units; ``w`` is the session, since several benches may write to one file):

``start``      world file, seed, devices with their static folds, instruments
``output``     a relay: instrument, channel, on; ``wall``: the computer's time [s since 1970]
``device``     which device is connected, and in which ``place`` where the bench has several
``changed``    the connected device has changed its state: state (good, stuck or worn), cycles so far
``on``         switching on: t (steepest rise of the device current; of a stochastic device, whose current has no
               slope, where it first passes half of what it reaches within 50 us), polarity, threshold (highest terminal
               voltage before it), current there, t_half (last upward crossing of half way from where the voltage
               stood to that), slope [A/s], energy since the last switching off
``off``        switching off: t, hold (lowest terminal voltage before it on the way down, from where the limit of a
               source meter has let go), current, duration, charge and energy since switching on, highest current and
               power
``relaxed``    a filament has dissolved: t (conductance below that of off), t_edge (last time before at which the
               current fell through half of the event's highest), g_edge (conductance there), duration between t_edge
               and t, and ``levels``: [conductance S, time from which it stayed below, current there]; only for devices
               whose states set the conductance
``repeat``     ``count`` periods of ``period`` s that were skipped, from t on; ``events`` of the first of them (periods
               without an event are skipped without a record)
``left_out``   what happened from t to ``until`` was not computed, for this ``reason``: nothing is known of it
``overshoot``  the device current was above a source meter's compliance: t, duration, peak, charge above it,
               limit
``maxima``     highest voltage, current and power so far, per device
``exposure``   what one device saw from ``since`` to t, where the bench has several places: highest voltage, current and
               power, energy. Written when relays change, when another device comes into the place, and at the end
``relays``     relays of a switching instrument have changed: which are ``closed``
``hot``        a relay, a chuck or a probe moved (``what``) while ``outputs`` were on
``temperature``  of the chuck [K], when it has changed by 2 K
``acquired``   an oscilloscope has taken a record: instrument, samples from t to ``until``, instant of its (first)
               ``trigger``, ``records``: how many segments. Not of an oscilloscope that runs free
``fault``      a planned fault happened: fault (its kind), hit (instrument) and number of the message, details
``end``        the bench was switched off; ``outputs`` as they were
"""

import json
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError

_BEGINNING = re.compile(rb'\{"w":"[0-9a-f]{8}","kind":"')


def _opened(path: Path) -> int:
    """Open a file to append to: a new one, an empty one, or one that begins as a witness's; ConfigurationError else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        if path.exists():
            if not path.is_file():
                raise ConfigurationError(f"the witness cannot write to {path}, because it is not a regular file")
            with path.open("rb") as file:
                head = file.read(64)
            if head and not _BEGINNING.match(head):
                raise ConfigurationError(
                    f"the witness cannot write to {path}, because this file has other content. Write the name of "
                    "another file in the world file, section [witness], key 'file'"
                )
        return os.open(path, flags, 0o644)
    except OSError as error:
        raise ConfigurationError(f"the witness cannot write to {path} ({error.strerror or error})") from None


class WitnessFile:
    """Appends records."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.session = uuid.uuid4().hex[:8]
        self._descriptor: int | None = None
        if path is not None:
            self._descriptor = _opened(path)

    def write(self, record: Mapping[str, Any]) -> None:
        """Write one record, now."""
        if self._descriptor is not None:
            line = json.dumps({"w": self.session, **record}, separators=(",", ":"), default=float)
            os.write(self._descriptor, line.encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
