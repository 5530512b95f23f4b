"""The descriptor of a LeCroy waveform: what turns its codes into volts and seconds (template LECROY_2_3)."""

import struct
from dataclasses import dataclass

LENGTH = 346  #: bytes


@dataclass(frozen=True)
class WaveDescriptor:
    """The parts of WAVEDESC that are needed."""

    points: int  #: of all segments that were sent
    segments: int
    gain: float  #: [V] of one code
    offset: float  #: [V] that are subtracted
    interval: float  #: [s]
    first: float  #: [s] of the first sample after the trigger

    @classmethod
    def parse(cls, block: bytes) -> "WaveDescriptor":
        """Build from the block, whose codes are words with the low byte first.

        Raises
        ------
        ValueError
            It is no such descriptor.
        """
        if len(block) < LENGTH or not block.startswith(b"WAVEDESC"):
            raise ValueError("the block is not a descriptor of a waveform")
        wide, little = struct.unpack_from("<hh", block, 32)
        if (wide, little) != (1, 1):
            raise ValueError("the codes of the waveform are not words with the low byte first")
        points, = struct.unpack_from("<i", block, 116)
        segments, = struct.unpack_from("<i", block, 144)
        gain, offset = struct.unpack_from("<ff", block, 156)
        interval, = struct.unpack_from("<f", block, 176)
        first, = struct.unpack_from("<d", block, 180)
        if points < 0 or segments < 1 or not gain > 0 or not interval > 0:
            raise ValueError("the descriptor of the waveform has impossible numbers")
        return cls(points, segments, gain, offset, interval, first)
