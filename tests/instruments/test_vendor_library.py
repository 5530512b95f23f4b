"""A vendor's shared library: arguments and pointers as C wants them, status and values as Python does."""

import ctypes
from types import SimpleNamespace

import pytest

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError
from tsbench.instruments.keysight_b1500a.waveform_sheet import PROTOTYPES
from tsbench.instruments.keysight_b1500a.waveform_unit import WaveformUnit
from tsbench.instruments.links.vendor_library import SharedLibrary, open_vendor_library

_INT, _NUMBER = ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_double)


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_double, ctypes.c_double)
def _add_vector(name: bytes, step: float, volts: float) -> int:
    return 0 if (name, step, volts) == (b"train", 1e-6, -2.5) else -1


@ctypes.CFUNCTYPE(ctypes.c_int, _INT, _NUMBER, _NUMBER)
def _status(code: "ctypes._Pointer[ctypes.c_int]", elapsed: "ctypes._Pointer[ctypes.c_double]",
            total: "ctypes._Pointer[ctypes.c_double]") -> int:
    code[0], elapsed[0], total[0] = 10002, 0.5, 2.0
    return 0


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, _INT, _NUMBER, _NUMBER)
def _values(channel: int, offset: int, size: "ctypes._Pointer[ctypes.c_int]",
            times: "ctypes._Pointer[ctypes.c_double]", values: "ctypes._Pointer[ctypes.c_double]") -> int:
    assert (channel, offset, size[0]) == (201, 7, 5)
    for place in range(2):
        times[place], values[place] = place * 1e-6, place * 1e-3
    size[0] = 2
    return 0


@ctypes.CFUNCTYPE(ctypes.c_int, _INT)
def _size(size: "ctypes._Pointer[ctypes.c_int]") -> int:
    size[0] = 4
    return 0


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_char), _INT)
def _summary(text: "ctypes._Pointer[ctypes.c_char]", size: "ctypes._Pointer[ctypes.c_int]") -> int:
    for place, letter in enumerate(b"over"):
        text[place] = bytes([letter])
    size[0] = 4
    return 0


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p)
def _open(address: bytes) -> int:
    return 0 if address == b"GPIB0::17::INSTR" else -5


def library() -> SharedLibrary:
    return SharedLibrary(SimpleNamespace(
        WGFMU_addVector=_add_vector, WGFMU_getStatus=_status, WGFMU_getMeasureValues=_values, WGFMU_openSession=_open,
        WGFMU_getErrorSummarySize=_size, WGFMU_getErrorSummary=_summary), PROTOTYPES)


def test_inputs_and_outputs() -> None:
    found = library()
    assert found.WGFMU_addVector("train", 1e-6, -2.5) == 0
    assert found.WGFMU_getStatus() == (0, 10002, 0.5, 2.0)
    assert found.WGFMU_getMeasureValues(201, 7, 5) == (0, 2, [0.0, 1e-6], [0.0, 1e-3])
    assert found.WGFMU_getErrorSummary(4) == (0, "over", 4)
    with pytest.raises(AttributeError, match="calls no function WGFMU_other"):
        found.WGFMU_other()


def test_a_status_is_an_error_with_the_text_of_the_library() -> None:
    prepared: list[int] = []
    unit = WaveformUnit(library(), "GPIB0::17::INSTR", "box", lambda: prepared.append(1))
    assert unit.call("getStatus") == (10002, 0.5, 2.0)
    unit.call("addVector", "train", 1e-6, -2.5)
    assert prepared == [1]
    with pytest.raises(InstrumentError, match=r"box: WGFMU_addVector fails with status -1 \(over\)"):
        unit.call("addVector", "train", 1.0, 0.0)
    with pytest.raises(CommunicationError, match=r"WGFMU_openSession fails with status -5"):
        WaveformUnit(library(), "GPIB0::18::INSTR", "box", lambda: None).call("getStatus")


def test_no_such_file() -> None:
    with pytest.raises(ConfigurationError, match="cannot load the library no_such_wgfmu"):
        open_vendor_library("wgfmu", "no_such_wgfmu.dll", SimpleNamespace(), PROTOTYPES)
