"""Tektronix's internal format (.isf): the preamble of a waveform as text, ":CURVE #", and the codes.

Layout: Tektronix, "MSO4000 and DPO4000 Series Programmer Manual" (077-0510), WFMOutpre and CURVe: value =
(code - YOFF) * YMULT + YZERO at the time XZERO + XINCR * (sample - PT_OFF).
"""

import re
from pathlib import Path

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.number_rows import count_of, number_of
from tsbench.importers.waveforms import Trace, file_of, mapped, numbers_at, pairs_of

_CURVE = re.compile(rb":?CURVE?\s*#(\d)", re.IGNORECASE)
_LONGEST_PREAMBLE = 8192
#: short form -> long form of the names that are needed
_NAMES = {
    "BYT_N": "BYT_NR", "ENC": "ENCDG", "BN_F": "BN_FMT", "BYT_O": "BYT_OR", "NR_P": "NR_PT", "WFI": "WFID",
    "PT_F": "PT_FMT", "XIN": "XINCR", "XZE": "XZERO", "PT_O": "PT_OFF", "XUN": "XUNIT", "YMU": "YMULT", "YZE": "YZERO",
    "YOF": "YOFF", "YUN": "YUNIT",
}
#: numbers of the preamble -> what they are where it leaves them out; "": it must not
_NUMBERS = {"BYT_NR": "", "XINCR": "", "XZERO": "", "PT_OFF": "0", "YMULT": "", "YZERO": "", "YOFF": ""}


def is_isf(head: bytes) -> bool:
    """Return whether the file begins with the preamble of a waveform and has its curve."""
    start = head[:_LONGEST_PREAMBLE]
    return bool(re.match(rb"\s*:?(WFMP|WFMO|CURV|HEAD)", start, re.IGNORECASE)) and bool(_CURVE.search(start)) and \
        b"YMU" in start.upper()


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read an .isf file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    content, source = mapped(path), path.name
    start = bytes(content[:_LONGEST_PREAMBLE])
    found = _CURVE.search(start)
    if found is None:
        raise cut_off(source)
    facts = _facts(start[: found.start()].decode("latin-1"))
    digits = int(found[1])
    at = found.end() + digits
    length = start[found.end() : at]
    if not digits or not length.isdigit():
        raise cut_off(source)
    scale = {name: number_of(facts.get(name, default)) for name, default in _NUMBERS.items()}
    missing = [name for name, value in scale.items() if value is None]
    if missing:
        raise damaged(source, f"the preamble gives no valid {missing[0]}")
    known = {name: value for name, value in scale.items() if value is not None}
    width = int(known["BYT_NR"])
    if width not in (1, 2) or facts.get("ENCDG", "BIN").upper()[:3] not in ("BIN", "RIB", "SRI", "RPB", "SRP"):
        raise UnreadableFile(f"{source}: the curve has the encoding {facts.get('ENCDG', '?')[:12]} of {width} bytes, "
                             "but tsbench reads binary codes of 1 or 2 bytes. Save the record as CSV")
    signed = facts.get("BN_FMT", "RI").upper() != "RP"
    order = "<" if facts.get("BYT_OR", "MSB").upper() == "LSB" else ">"
    codes = numbers_at(content, f"{order}{'i' if signed else 'u'}{width}", at, int(length) // width, source)
    lowest, highest = (-(1 << 8 * width - 1), (1 << 8 * width - 1) - 1) if signed else (0, (1 << 8 * width) - 1)
    if width == 2 and codes.size and not (codes & 0xFF).any():
        highest -= 0xFF  # an 8-bit converter in 16 bits: the low byte is empty
    step, start_time = known["XINCR"], known["XZERO"] - known["XINCR"] * known["PT_OFF"]
    envelope = facts.get("PT_FMT", "Y").upper() == "ENV"
    if not envelope and (count_of(facts.get("NR_PT", "")) or 0) > codes.size:
        raise cut_off(source, f" (it declares {facts['NR_PT']} samples, but holds {codes.size})")
    label = facts.get("WFID", "")
    name = label.split(",")[0].strip().upper() or "CH1"
    trace = Trace(name, facts.get("YUNIT", ""), codes, start_time, step, known["YMULT"],
                  known["YZERO"] - known["YOFF"] * known["YMULT"], lowest, highest)
    return file_of("Tektronix", pairs_of(trace, 2.0 * step) if envelope else [trace], wanted, source,
                   settings={"waveform": label})


def _facts(preamble: str) -> dict[str, str]:
    """Return long name -> value, the quotes taken off."""
    facts: dict[str, str] = {}
    for part in re.findall(r'(?:[^;"]|"[^"]*")+', preamble):
        name, _, value = part.strip().partition(" ")
        short = name.rpartition(":")[2].upper()
        facts.setdefault(_NAMES.get(short, short), value.strip().strip('"'))
    return facts
