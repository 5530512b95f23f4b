"""Short and long headers of the LeCroy language.

Source: Teledyne LeCroy MAUI Oscilloscopes Remote Control and Automation Manual, list of commands by short name; Siglent
Digital Oscilloscopes Programming Guide PG01-E02D, which has the same names.
"""

from collections.abc import Mapping

from tsbench.simulated_backends.scpi.syntax import capitals

LONG: Mapping[str, str] = {
    "ACQW": "ACQUIRE_WAY", "ARM": "ARM_ACQUISITION", "ASET": "AUTO_SETUP", "ATTN": "ATTENUATION",
    "ALST": "ALL_STATUS", "AVGA": "AVERAGE_ACQUIRE", "BWL": "BANDWIDTH_LIMIT", "CFMT": "COMM_FORMAT",
    "CHDR": "COMM_HEADER", "CLSW": "CLEAR_SWEEPS", "CORD": "COMM_ORDER", "CPL": "COUPLING", "DEF": "DEFINE",
    "FRTR": "FORCE_TRIGGER", "GRDS": "GRID_DISPLAY", "HCSU": "HARDCOPY_SETUP", "HMAG": "HOR_MAGNIFY",
    "HPOS": "HOR_POSITION", "INSP": "INSPECT", "INTS": "INTENSITY", "INVS": "INVERT_SET", "MEAD": "MEASURE_DELAY",
    "MSIZ": "MEMORY_SIZE", "MTVD": "MATH_VERT_DIV", "MTVP": "MATH_VERT_POS", "OFST": "OFFSET", "PACL": "PARAMETER_CLR",
    "PACU": "PARAMETER_CUSTOM", "PADL": "PARAMETER_DELETE", "PARM": "PARAMETER", "PAST": "PARAMETER_STATISTICS",
    "PAVA": "PARAMETER_VALUE", "SANU": "SAMPLE_NUM", "SARA": "SAMPLE_RATE", "SAST": "SAMPLE_STATUS",
    "SCDP": "SCREEN_DUMP", "SEQ": "SEQUENCE", "TDIV": "TIME_DIV", "TMPL": "TEMPLATE",
    "TRA": "TRACE", "TRCP": "TRIG_COUPLING", "TRDL": "TRIG_DELAY", "TRLV": "TRIG_LEVEL", "TRLV2": "TRIG_LEVEL2",
    "TRMD": "TRIG_MODE", "TRSE": "TRIG_SELECT", "TRSL": "TRIG_SLOPE", "VDIV": "VOLT_DIV", "WF": "WAVEFORM",
    "WFSU": "WAVEFORM_SETUP",
}
_SHORT = {long: short for short, long in LONG.items()}


def short_header(header: str) -> str:
    """Return a header with its short name, in capitals and without question mark: ``c1:volt_div?`` -> ``C1:VDIV``."""
    path, _, name = capitals(header).rstrip("?").replace("EX/5:", "EX5:").lstrip(":").rpartition(":")
    name = _SHORT.get(name, name)
    return f"{path}:{name}" if path else name


def long_header(header: str) -> str:
    """Return a short header with its long name."""
    path, _, name = header.rpartition(":")
    name = LONG.get(name, name)
    return f"{path}:{name}" if path else name
