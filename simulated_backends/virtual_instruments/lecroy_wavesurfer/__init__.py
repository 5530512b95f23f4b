"""The virtual Teledyne LeCroy WaveSurfer 3000z and 4000HD."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(name, f"{_MODULE}:Virtual{model}")
    for name, model in (("lecroy_wavesurfer3054z", "WaveSurfer3054z"), ("lecroy_wavesurfer4054hd", "WaveSurfer4054HD"))
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "math, and cursors",
    "the filters of the trigger path",
    "triggers on runts, slopes, intervals and dropouts, which never come",
    "of the automation (VBS): operators and loops of scripts, and what does not concern acquisitions, inputs, time "
    "base, edge triggers and measurements",
    "PAVA? of CYCL, CMEAN, MEDIAN, PNTS, FIRST and LAST; DATE?, *CAL?",
    "measurements between two sources, on a part of the record, at levels of one's own, and histograms",
    "in AUTO, statistics over all acquisitions: only those that a program reads are counted",
    "pictures of the screen as JPEG and TIFF",
)
