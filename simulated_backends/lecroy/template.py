"""The template of a waveform: names, places and kinds of what its blocks hold, and its text (``TMPL?``).

Source: template LECROY_2_3 in the X-Stream remote control manual WM-RCM-E Rev D, appendix II, pages 279 to 289. The
text has the lines of this template in its form, without the comments.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tsbench.simulated_backends.lecroy.descriptor import FIELDS

_STEPS = ("1", "2", "5", "10", "20", "50", "100", "200", "500")


def _steps(units: Sequence[str], count: int) -> Mapping[int, str]:
    """Return 1-2-5 values for one division."""
    return {index: f"{_STEPS[index % 9]}_{units[index // 9]}/div" for index in range(count)}


def _numbered(*words: str) -> Mapping[int, str]:
    return dict(enumerate(words))


@dataclass(frozen=True)
class TemplateVariable:
    """One variable of the descriptor.

    Parameters
    ----------
    name : in the template
    field : key of :data:`~tsbench.simulated_backends.lecroy.descriptor.FIELDS`
    kind : word of the template: string, enum, word, long, float, double, unit_definition, time_stamp
    words : of an enumeration, by its numbers
    """

    name: str
    field: str
    kind: str
    words: Mapping[int, str]


#: name -> numbers and words of an enumeration
_ENUMERATIONS: Mapping[str, Mapping[int, str]] = {
    "COMM_TYPE": _numbered("byte", "word"),
    "COMM_ORDER": _numbered("HIFIRST", "LOFIRST"),
    "RECORD_TYPE": _numbered("single_sweep", "interleaved", "histogram", "graph", "filter_coefficient", "complex",
                             "extrema", "sequence_obsolete", "centered_RIS", "peak_detect"),
    "PROCESSING_DONE": _numbered("no_processing", "fir_filter", "interpolated", "sparsed", "autoscaled", "no_result",
                                 "rolling", "cumulative"),
    "TIMEBASE": {**_steps(("ps", "ns", "us", "ms", "s", "ks"), 48), 100: "EXTERNAL"},
    "VERT_COUPLING": _numbered("DC_50_Ohms", "ground", "DC_1MOhm", "ground", "AC,_1MOhm"),
    "FIXED_VERT_GAIN": _steps(("uV", "mV", "V", "kV"), 28),
    "BANDWIDTH_LIMIT": _numbered("off", "on"),
    "WAVE_SOURCE": {**_numbered("CHANNEL_1", "CHANNEL_2", "CHANNEL_3", "CHANNEL_4"), 9: "UNKNOWN"},
}
#: field -> name, where the name is not that of the field in capitals
_OTHERS: Mapping[str, str] = {
    "points_per_screen": "PNTS_PER_SCREEN", "first_valid_point": "FIRST_VALID_PNT",
    "last_valid_point": "LAST_VALID_PNT", "sweeps_per_acquisition": "SWEEPS_PER_ACQ",
    "nominal_subarray_count": "NOM_SUBARRAY_COUNT", "horizontal_interval": "HORIZ_INTERVAL",
    "horizontal_offset": "HORIZ_OFFSET", "vertical_unit": "VERTUNIT", "horizontal_unit": "HORUNIT",
    "horizontal_uncertainty": "HORIZ_UNCERTAINTY", "acquisition_duration": "ACQ_DURATION",
    "vertical_coupling": "VERT_COUPLING", "probe_attenuation": "PROBE_ATT",
    "fixed_vertical_gain": "FIXED_VERT_GAIN", "acquired_vertical_offset": "ACQ_VERT_OFFSET",
}
#: form of struct -> kind
_KINDS = {"16s": "string", "48s": "unit_definition", "h": "word", "i": "long", "f": "float", "d": "double"}


def _variable(field: str) -> TemplateVariable:
    name = _OTHERS.get(field, field.upper())
    kind = "time_stamp" if name == "TRIGGER_TIME" else "enum" if name in _ENUMERATIONS else _KINDS[FIELDS[field][1]]
    return TemplateVariable(name, field, kind, _ENUMERATIONS.get(name, {}))


#: by their names, in the order of the block
VARIABLES: Mapping[str, TemplateVariable] = {
    one.name: one for one in map(_variable, sorted(FIELDS, key=lambda field: FIELDS[field][0]))}
#: the other blocks and arrays -> places [bytes], names and kinds of what each element has
_PARTS: Mapping[str, tuple[tuple[int, str, str], ...]] = {
    "USERTEXT: BLOCK": ((0, "TEXT", "text"),),
    "TRIGTIME: ARRAY": ((0, "TRIGGER_TIME", "double"), (8, "TRIGGER_OFFSET", "double")),
    "RISTIME: ARRAY": ((0, "RIS_OFFSET", "double"),),
    "DATA_ARRAY_1: ARRAY": ((0, "MEASUREMENT", "data"),),
    "DATA_ARRAY_2: ARRAY": ((0, "MEASUREMENT", "data"),),
    "SIMPLE: ARRAY": ((0, "MEASUREMENT", "data"),),
    "DUAL: ARRAY": ((0, "MEASUREMENT_1", "data"), (0, "MEASUREMENT_2", "data")),
}


def template_lines() -> Iterator[str]:
    """Yield the lines of the template."""
    yield "/00"
    yield "000000              LECROY_2_3:  TEMPLATE"
    yield f"{'':20}8 66 111"
    yield "WAVEDESC: BLOCK"
    for one in VARIABLES.values():
        yield _line(FIELDS[one.field][0], one.name, one.kind)
        for number, word in one.words.items():
            yield f"{'':15}_{number:<7}{word}"
        if one.words:
            yield f"{'':15}endenum"
    yield _end("ENDBLOCK")
    for title, elements in _PARTS.items():
        yield title
        for offset, name, kind in elements:
            yield _line(offset, name, kind)
        yield _end(f"END{title.rpartition(' ')[2]}")
    yield "/00"
    yield "000000              ENDTEMPLATE"


def _line(offset: int, name: str, kind: str) -> str:
    return f"<{offset:3}>{'':10}{name}: {kind}"


def _end(word: str) -> str:
    return f"/00{'':13}{word}"
