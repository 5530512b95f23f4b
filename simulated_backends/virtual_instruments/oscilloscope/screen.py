"""The screen of a simulated scope as a PNG: graticule and traces."""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 800, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 780, 30, 450
_COLOURS = {1: (255, 255, 0), 2: (0, 255, 0), 3: (64, 128, 255), 4: (255, 64, 128)}


def draw_screen(traces: Mapping[int, npt.NDArray[np.float64]]) -> bytes:
    """Return a PNG of traces given in screen heights from the middle (-0.5..0.5)."""
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    for division in range(11):
        image[_TOP:_BOTTOM, _LEFT + (_RIGHT - _LEFT) * division // 10] = 60
    for division in range(9):
        image[_TOP + (_BOTTOM - _TOP) * division // 8, _LEFT:_RIGHT] = 60
    for channel, trace in traces.items():
        if len(trace) == 0:
            continue
        columns = np.linspace(_LEFT, _RIGHT, len(trace)).astype(int)
        rows = np.clip((_TOP + _BOTTOM) / 2 - trace * (_BOTTOM - _TOP), _TOP, _BOTTOM).astype(int)
        for column, before, now in zip(columns, np.concatenate([rows[:1], rows[:-1]]), rows, strict=True):
            image[min(before, now):max(before, now) + 1, column] = _COLOURS.get(channel, (255, 255, 255))
    return encode_png(image)


def encode_png(image: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGB image, shape (height, width, 3), as a PNG file."""
    height, width = image.shape[:2]
    rows = b"".join(b"\0" + image[row].tobytes() for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 6))
            + chunk(b"IEND", b""))
