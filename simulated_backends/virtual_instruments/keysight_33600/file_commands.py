"""``MMEMory`` of the 33500B/33600A: files and folders, stored set-ups, waveforms and lists, and their transfer."""

from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Block, Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals, definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Base33600, Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.file_system import (
    FileSystem,
    arb_text,
    parse_arb,
    parse_sequence,
    sequence_text,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.state_commands import StoredState
from tsbench.simulated_backends.virtual_instruments.keysight_33600.waveform_store import FOLDER

DISK_SIZE = 64 * 1024 * 1024  #: bytes of the internal drive (not compared with a data sheet)
_ENDINGS = {"ALL": "", "DATA": ".ARB", "STAT": ".STA", "LIST": ".LST"}
_QUOTED = Text(bare=True)


class FileCommands(Table33600):
    """What the ``MMEMory`` subsystem does.

    Parameters
    ----------
    generator : Base33600
    """

    def __init__(self, generator: Base33600) -> None:
        super().__init__(generator)
        self.files = FileSystem()
        self._states: dict[str, StoredState] = {}   #: what the state files stand for
        self._download_name = ""
        for name, codes in self.store.built_in.items():
            self.files.files[name] = arb_text(codes, 40e3, 0.05, -0.05, len(codes) // 2, "SequenceStep")

    # ------------------------------------------------------------------------------------ files and folders

    @command("MMEMory:CATalog[:{ALL|DATA|STATe|LIST}]?", Optional(_QUOTED))
    def catalogue(self, kind: str, folder: str | None = None) -> str:
        """``MMEM:CAT?``: bytes used, bytes free, then each "name,type,size"."""
        place = self.files.require_folder(folder or self.files.current)
        folders, names = self.files.content(place)
        used = sum(len(content) for content in self.files.files.values())
        entries = [f"{used:+d}", f"{DISK_SIZE - used:+d}"]
        if kind == "ALL":
            entries += [f'"{name},FOLD,0"' for name in folders]
        for name in names:
            if name.endswith(_ENDINGS[kind]):
                word = {".ARB": "ARB", ".STA": "STAT", ".LST": "LIST"}.get(name[-4:], "")
                entries.append(f'"{name},{word},{len(self.files.files[f"{place}{chr(92)}{name}"])}"')
        return ",".join(entries)

    @command("MMEMory:CDIRectory", _QUOTED)
    def change_folder(self, folder: str) -> None:
        """``MMEM:CDIR "INT:/FOLDER"``."""
        self.files.current = self.files.require_folder(folder)

    @command("MMEMory:CDIRectory?")
    def present_folder(self) -> str:
        """``MMEM:CDIR?``."""
        name = self.files.current
        return f'"{name}{chr(92)}"' if name.endswith(":") else f'"{name}"'

    @command("MMEMory:MDIRectory", _QUOTED)
    def make_folder(self, folder: str) -> None:
        """``MMEM:MDIR``."""
        self.files.make_folder(folder)

    @command("MMEMory:RDIRectory", _QUOTED)
    def remove_folder(self, folder: str) -> None:
        """``MMEM:RDIR``."""
        self.files.remove_folder(folder)

    @command("MMEMory:{COPY|MOVE}", _QUOTED, _QUOTED)
    def copy_file(self, which: str, source: str, target: str) -> None:
        """``MMEM:COPY`` and ``MMEM:MOVE``; the target may be a folder."""
        content, full = self.files.read(source), self.files.full_name(target)
        if full in self.files.folders:
            full = f"{full}\\{self.files.full_name(source).rpartition(chr(92))[2]}"
        self.files.write(full, content)
        if (state := self._states.get(self.files.full_name(source))) is not None:
            self._states[self.files.full_name(full)] = state
        if which == "MOVE":
            self.files.remove(source)

    @command("MMEMory:DELete", _QUOTED)
    def delete_file(self, name: str) -> None:
        """``MMEM:DEL``; ``*.sta`` deletes all of a kind."""
        self.files.remove(name)

    @command("MMEMory:DOWNload:FNAMe", _QUOTED)
    def set_download_name(self, name: str) -> None:
        """``MMEM:DOWN:FNAM``: the file that DOWNload:DATA writes."""
        self._download_name = name

    @command("MMEMory:DOWNload:FNAMe?")
    def get_download_name(self) -> str:
        """``MMEM:DOWN:FNAM?``."""
        return f'"{self._download_name}"'

    @command("MMEMory:DOWNload:DATA", Block())
    def download(self, content: bytes) -> None:
        """``MMEM:DOWN:DATA #...``: from the computer into a file."""
        if not self._download_name:
            raise ScpiError(-221, text="Settings conflict; no download file name has been specified")
        self.files.write(self._download_name, content)

    @command("MMEMory:UPLoad?", _QUOTED)
    def upload(self, name: str) -> bytes:
        """``MMEM:UPL? "name"``: a file as a block."""
        return definite_block(self.files.read(name))

    # ------------------------------------------------------------------------------ set-ups, waveforms, lists

    @command("MMEMory:STORe:STATe", _QUOTED)
    def store_state(self, name: str) -> None:
        """``MMEM:STOR:STAT "name"``: the ending .sta is added."""
        full = self._with_ending(name, ".STA")
        self.files.write(full, b"State file\r\n")
        self._states[self.files.full_name(full)] = StoredState.of(self.generator)

    @command("MMEMory:LOAD:STATe", _QUOTED)
    def load_state(self, name: str) -> Handler:
        """``MMEM:LOAD:STAT``."""
        full = self.files.full_name(self._with_ending(name, ".STA"))
        self.files.read(full)
        if full not in self._states:
            raise ScpiError(-250, text="Mass storage error; file format is not valid")
        yield from self.generator.state_commands.restore(self._states[full])

    @staticmethod
    def _with_ending(name: str, ending: str) -> str:
        return name if capitals(name).endswith(ending) else name + ending

    @command("MMEMory:STORe:DATA<1-2>", _QUOTED)
    def store_waveform(self, channel: int, name: str) -> None:
        """``MMEM:STOR:DATA1 "INT:/X.ARB"``: the loaded waveform, or sequence, of that name."""
        base = self.files.full_name(name).rpartition("\\")[2].rpartition(".")[0]
        full = self.files.full_name(name)
        steps = self.store.channels[channel].sequences.get(base)
        if steps is not None:
            self.files.write(name, sequence_text(base, steps))
            return
        codes = self.store.arb(channel, base)
        if codes is None:
            codes = self.store.arb(channel, full)
        if codes is None:
            raise ScpiError(785, text="Specified arb waveform does not exist")
        commands, levels = self.generator.function_commands, self.shared.levels[channel]
        point = int(min(self.generator.sweep_commands.marker_point[channel], len(codes)))
        self.files.write(name, arb_text(codes, commands.sample_rate[channel], levels.high, levels.low, point,
                                        commands.filtering[channel].capitalize()))

    @command("MMEMory:LOAD:DATA<1-2>", _QUOTED)
    def load_waveform(self, channel: int, name: str) -> None:
        """``MMEM:LOAD:DATA1 "INT:/X.ARB"``: into the volatile memory, under its full name."""
        full = self.files.full_name(name)
        content = self.files.read(name)
        memory = self.generator.memory_commands
        if full.endswith((".SEQ", ".BSEQ")):
            memory.add_sequence(channel, full, parse_sequence(content))
            return
        if full.startswith(FOLDER):
            memory.add(channel, full, self.store.built_in[full])
            return
        memory.add(channel, full, parse_arb(content).codes)

    @command("MMEMory:STORe:LIST<1-2>", _QUOTED)
    def store_list(self, channel: int, name: str) -> None:
        """``MMEM:STOR:LIST``: the frequencies, one a line."""
        values = self.shared.list_frequencies[channel]
        self.files.write(self._with_ending(name, ".LST"), "".join(f"{value!r}\r\n" for value in values).encode())

    @command("MMEMory:LOAD:LIST<1-2>", _QUOTED)
    def load_list(self, channel: int, name: str) -> None:
        """``MMEM:LOAD:LIST``."""
        text = self.files.read(self._with_ending(name, ".LST")).decode("latin-1")
        try:
            values: list[Any] = [float(part) for part in text.replace(",", "\n").split()]
        except ValueError:
            raise ScpiError(-250, text="Mass storage error; file format is not valid") from None
        if not values or not np.all(np.isfinite(values)):
            raise ScpiError(-250, text="Mass storage error; file format is not valid")
        self.generator.sweep_commands.set_list(channel, *values)
