"""Ranges of a B1530A (WGFMU) with its RSU, the codes of the vendor's library, and its functions that tsbench calls.

Source: B1500A User's Guide edition 14, tables 4-17 and 4-22 (settling to +-0.6 %, recommended window, noise);
B1530A User's Guide, chapter 4; the vendor's header wgfmu.h (names, arguments and codes). Not compared with a data
sheet: the accuracies, the output resistance, the most segments and samples.
"""

from collections.abc import Mapping

from tsbench.instruments.interfaces import Accuracy, CurrentRange, PulseMeasureCapabilities, Range

FAST_IV, CURRENT, AVERAGED, RUNNING = 2001, 4001, 12000, 10002  #: codes of the library
STEP = 10e-9  #: [s] of all times
LONGEST_AVERAGE = 20e-3  #: [s] aperture of one sample
NO_NUMBER = 1e30  #: a reading beyond this is none
FORCE_CODES: Mapping[float, int] = {3.0: 3001, 5.0: 3002, 10.0: 3004}  #: by full scale [V]
NEGATIVE_CODE = 3003  #: -10 V to 0 V
CURRENT_CODES: Mapping[float, int] = {1e-6: 6001, 10e-6: 6002, 100e-6: 6003, 1e-3: 6004, 10e-3: 6005}
_GAIN, _OFFSET = 1e-3, 2e-3  #: of a current reading: relative, parts of the range
#: full scale [A]: least width, settling, least aperture [s], noise [A]
_CURRENTS: Mapping[float, tuple[float, float, float, float]] = {
    1e-6: (47e-6, 37e-6, 1.64e-6, 425e-12),
    10e-6: (6.8e-6, 5.8e-6, 1e-6, 2.5e-9),
    100e-6: (950e-9, 820e-9, 130e-9, 47e-9),
    1e-3: (240e-9, 200e-9, 40e-9, 280e-9),
    10e-3: (145e-9, 125e-9, 20e-9, 1.9e-6),
}
CAPABILITIES = PulseMeasureCapabilities(
    voltage_ranges=tuple(Range(-full, full, "V") for full in FORCE_CODES),
    voltage_accuracy=tuple(Accuracy(full, 1e-3, 3e-3) for full in FORCE_CODES),
    current_ranges=tuple(
        CurrentRange(Accuracy(full, _GAIN, _OFFSET * full, noise), width, settling, aperture)
        for full, (width, settling, aperture, noise) in _CURRENTS.items()),
    segment_duration=Range(STEP, 10995.0, "s"),
    maximum_segments=2046,
    sample_interval=Range(STEP, 1.34, "s"),
    maximum_samples=4_000_000,
    output_resistance=0.5,
    off_isolates=True,
)
#: arguments, as ``instruments.links.vendor_library`` writes them
PROTOTYPES: Mapping[str, str] = {
    "WGFMU_openSession": "s", "WGFMU_closeSession": "", "WGFMU_initialize": "", "WGFMU_clear": "",
    "WGFMU_setOperationMode": "ii", "WGFMU_setForceVoltageRange": "ii", "WGFMU_setMeasureMode": "ii",
    "WGFMU_setMeasureCurrentRange": "ii", "WGFMU_connect": "i", "WGFMU_disconnect": "i",
    "WGFMU_createPattern": "sd", "WGFMU_addVector": "sdd", "WGFMU_setMeasureEvent": "ssdiddi",
    "WGFMU_addSequence": "isd", "WGFMU_execute": "", "WGFMU_abort": "", "WGFMU_getStatus": "IDD",
    "WGFMU_getMeasureValueSize": "iII", "WGFMU_getMeasureValues": "iiNAA", "WGFMU_getErrorSummarySize": "I",
    "WGFMU_getErrorSummary": "TN",
}
