"""How long a source meter takes for a reading, as plans predict it."""

#: times the aperture (NPLC / line frequency) that a reading takes: the aperture itself, and as long for the auto-zero
#: (Keithley 2450 reference manual, "Autozero"; a meter that zeroes less often is faster than its plan)
APERTURES = 2
