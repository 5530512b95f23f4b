"""WAVEDESC, the descriptor of a waveform: 346 bytes in front of the data.

Source: template LECROY_2_3 (reply to ``TMPL?``, MAUI remote control manual, "Waveform template"). Siglent's SCPI
oscilloscopes use the same block for ``:WAVeform:PREamble?``, with some other contents (programming guide EN11, page
":WAVeform:PREamble"): volts per division at 156, codes per division at 164, bits of the code at 172, time base index at
324, probe at 328.
"""

import struct
from collections.abc import Mapping
from datetime import datetime, timedelta

LENGTH = 346
START = datetime(2026, 1, 1, 12)  #: what the calendar of an instrument shows when the bench is switched on
STAMP = "dBBBBHH"  #: seconds, minute, hour, day, month, year, unused
#: name -> (offset, format of struct, without byte order)
FIELDS: Mapping[str, tuple[int, str]] = {
    "descriptor_name": (0, "16s"), "template_name": (16, "16s"), "comm_type": (32, "h"), "comm_order": (34, "h"),
    "wave_descriptor": (36, "i"), "user_text": (40, "i"), "res_desc1": (44, "i"), "trigtime_array": (48, "i"),
    "ris_time_array": (52, "i"), "res_array1": (56, "i"), "wave_array_1": (60, "i"), "wave_array_2": (64, "i"),
    "res_array2": (68, "i"), "res_array3": (72, "i"), "instrument_name": (76, "16s"), "instrument_number": (92, "i"),
    "trace_label": (96, "16s"), "reserved1": (112, "h"), "reserved2": (114, "h"),
    "wave_array_count": (116, "i"), "points_per_screen": (120, "i"), "first_valid_point": (124, "i"),
    "last_valid_point": (128, "i"), "first_point": (132, "i"), "sparsing_factor": (136, "i"),
    "segment_index": (140, "i"), "subarray_count": (144, "i"), "sweeps_per_acquisition": (148, "i"),
    "points_per_pair": (152, "h"), "pair_offset": (154, "h"),
    "vertical_gain": (156, "f"), "vertical_offset": (160, "f"), "max_value": (164, "f"), "min_value": (168, "f"),
    "nominal_bits": (172, "h"), "nominal_subarray_count": (174, "h"), "horizontal_interval": (176, "f"),
    "horizontal_offset": (180, "d"), "pixel_offset": (188, "d"), "vertical_unit": (196, "48s"),
    "horizontal_unit": (244, "48s"), "horizontal_uncertainty": (292, "f"), "trigger_time": (296, "16s"),
    "acquisition_duration": (312, "f"), "record_type": (316, "h"), "processing_done": (318, "h"),
    "reserved5": (320, "h"), "ris_sweeps": (322, "h"),
    "timebase": (324, "h"), "vertical_coupling": (326, "h"), "probe_attenuation": (328, "f"),
    "fixed_vertical_gain": (332, "h"), "bandwidth_limit": (334, "h"), "vertical_vernier": (336, "f"),
    "acquired_vertical_offset": (340, "f"), "wave_source": (344, "h"),
}


def descriptor(values: Mapping[str, object], little: bool = True) -> bytes:
    """Return the block.

    Parameters
    ----------
    values : contents by the names of :data:`FIELDS`; text may be ``bytes``. What is not named is zero
    little : the low byte of a number comes first
    """
    block = bytearray(LENGTH)
    complete = {"descriptor_name": b"WAVEDESC", "wave_descriptor": LENGTH, "comm_order": int(little), **values}
    for name, value in complete.items():
        offset, form = FIELDS[name]
        struct.pack_into(("<" if little else ">") + form, block, offset, value)
    return bytes(block)


def time_stamp(seconds: float, little: bool = True) -> bytes:
    """Return a time [s] of the bench as a date of the block."""
    minutes, rest = divmod(START.second + seconds, 60.0)
    date = START + timedelta(minutes=minutes)
    return struct.pack(
        ("<" if little else ">") + STAMP, rest, date.minute, date.hour, date.day, date.month, date.year, 0)


def steps_index(value: float, first: float = 1e-12) -> int:
    """Return the place of a 1-2-5 value in the list that begins with ``first`` (template: 0 is 1 ps/div, 1 uV/div)."""
    index, here = 0, first
    while here < value * 0.99 and index < 100:
        index += 1
        here = first * 10 ** (index // 3) * (1, 2, 5)[index % 3]
    return index
