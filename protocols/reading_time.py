"""How long a source meter takes for a reading, as plans predict it."""

#: times the aperture (NPLC / line frequency) that a reading takes in a plan: the aperture itself, and as long for the
#: auto-zero (chosen). What it takes at most is ``instruments.guard.source_meter.APERTURES_OF_READING``
APERTURES = 2
