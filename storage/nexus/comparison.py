"""Compares a run file that was just written with the run that was to be in it."""

from dataclasses import replace
from pathlib import Path

import h5py

from tsbench.errors import UnreadableFile
from tsbench.records import Run
from tsbench.storage import codec, record_data
from tsbench.storage.nexus.chunks import differing_row
from tsbench.storage.nexus.hdf5_guard import reason
from tsbench.storage.nexus.reader import read_open_file
from tsbench.storage.nexus.schema import block_name
from tsbench.storage.nexus.stored_samples import no_codes
from tsbench.storage.nexus.waveforms import in_blocks


def difference(path: Path, run: Run) -> str:
    """Return what of a run file is not as in ``run``, in a few words; "" where all is.

    The codes are compared chunk by chunk, never in the memory as a whole; all else by the digest of the run.

    Parameters
    ----------
    path : Path
    run : Run
    """
    try:
        with h5py.File(path, "r") as file:  # this program has just written it: there is nothing to guard against
            entry = file["entry"]
            for number, indices in enumerate(in_blocks(run.waveforms)):
                name = f"waveforms/{block_name(number)}/signal"
                parts = [codec.little_endian(run.waveforms[index].codes) for index in indices]
                if (row := differing_row(entry[name], parts)) is not None:
                    return f"row {row} of entry/{name}"
            stored = read_open_file(path, file, codes=no_codes)
    except UnreadableFile as error:
        return str(error).removeprefix(f"{path}: ")
    except Exception as error:  # noqa: BLE001  a damaged file raises whatever it likes
        return reason(error)
    same = record_data.run_digest(stored) == record_data.run_digest(_without_codes(run))
    return "" if same else "its description, points, events or results"


def _without_codes(run: Run) -> Run:
    return replace(run, waveforms=tuple(replace(one, codes=one.codes[:, :0]) for one in run.waveforms))
