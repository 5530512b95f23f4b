"""The screen of a simulated scope as a PNG: graticule and traces."""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 800, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 780, 30, 450
_COLOURS = {1: (255, 255, 0), 2: (0, 255, 0), 3: (64, 128, 255), 4: (255, 64, 128)}


def draw_screen(
    traces: Mapping[int, npt.NDArray[np.float64]], form: str = "PNG", grey: bool = False, light: bool = False,
) -> bytes:
    """Return a picture of traces given in screen heights from the middle (-0.5..0.5).

    Parameters
    ----------
    traces : by number of the channel
    form : "PNG", "BMP" (24 bits), "BMP16" (16 bits: 5 for red, 6 for green, 5 for blue) or "BMP8" (8 bits, 3 for red,
        3 for green, 2 for blue)
    grey : no colours
    light : on a white ground
    """
    image = _paint(traces)
    if light:
        image[np.all(image == 0, axis=2)] = 255
    if grey:
        image = np.repeat(np.mean(image, axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    if form == "BMP16":
        return encode_bmp16(image)
    return encode_png(image) if form == "PNG" else encode_bmp(image, form == "BMP8")


def _paint(traces: Mapping[int, npt.NDArray[np.float64]]) -> npt.NDArray[np.uint8]:
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    for division in range(11):
        image[_TOP:_BOTTOM, _LEFT + (_RIGHT - _LEFT) * division // 10] = 60
    for division in range(9):
        image[_TOP + (_BOTTOM - _TOP) * division // 8, _LEFT:_RIGHT] = 60
    for channel, trace in traces.items():
        if len(trace) == 0:
            continue
        columns = np.linspace(_LEFT, _RIGHT, len(trace)).astype(int)
        heights = np.nan_to_num(trace, nan=-1.0) * (_BOTTOM - _TOP)   # what was not filled is at the lower edge
        rows = np.clip((_TOP + _BOTTOM) / 2 - heights, _TOP, _BOTTOM).astype(int)
        for column, before, now in zip(columns, np.concatenate([rows[:1], rows[:-1]]), rows, strict=True):
            image[min(before, now):max(before, now) + 1, column] = _COLOURS.get(channel, (255, 255, 255))
    return image


def encode_png(image: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGB image, shape (height, width, 3), as a PNG file."""
    height, width = image.shape[:2]
    rows = b"".join(b"\0" + image[row].tobytes() for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 6))
            + chunk(b"IEND", b""))


def encode_bmp(image: npt.NDArray[np.uint8], palette: bool = False) -> bytes:
    """Return an RGB image as a bitmap: with 24 bits a point, or with 8 bits and a palette of 256 colours."""
    height, width = image.shape[:2]
    if palette:
        red, green, blue = image[:, :, 0], image[:, :, 1], image[:, :, 2]
        rows: npt.NDArray[np.uint8] = np.asarray((red & 0xE0) | ((green & 0xE0) >> 3) | (blue >> 6), dtype=np.uint8)
        bits = 8
        codes = np.arange(256)
        colours = np.stack([(codes & 3) * 85, ((codes >> 2) & 7) * 255 // 7, (codes >> 5) * 255 // 7, codes * 0], 1)
        table = colours.astype(np.uint8).tobytes()
    else:
        rows, bits, table = np.asarray(image[:, :, ::-1]), 24, b""
    padded = np.zeros((height, (width * bits // 8 + 3) // 4 * 4), dtype=np.uint8)
    padded[:, :width * bits // 8] = rows.reshape(height, -1)
    body = padded[::-1].tobytes()   # from the bottom up
    start = 54 + len(table)
    return (struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(body), 2835, 2835, len(table) // 4, 0)
            + table + body)


def encode_bmp16(image: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGB image as a bitmap with 16 bits a point and the masks of its colours."""
    height, width = image.shape[:2]
    red, green, blue = (image[:, :, place].astype(np.uint16) for place in range(3))
    points = (red >> 3 << 11) | (green >> 2 << 5) | blue >> 3
    padded = np.zeros((height, (width + 1) // 2 * 2), dtype="<u2")
    padded[:, :width] = points
    body, start = padded[::-1].tobytes(), 66
    return (struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3, len(body), 2835, 2835, 0, 0)
            + struct.pack("<III", 0xF800, 0x07E0, 0x001F) + body)
