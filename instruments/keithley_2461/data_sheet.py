"""Ranges, operating boundaries and accuracies of the Keithley 2461: those of the 2460, which has the same DC ranges.

Sources: Tektronix's command help for the 2461 (``smu.source.range``) and the reference manual 2461-901-01 rev. A (p.
6-93, 6-94 and 8-166). The range of 10 A is for pulses. The driver does not use it. Not compared with a data sheet: the
accuracies.
"""

import dataclasses

from tsbench.instruments.keithley_2460.data_sheet import DATA_SHEET as OF_2460

#: a limit is above 10.6 % of a fixed measuring range (Tektronix's command help, ``smu.source.xlimit.level``)
DATA_SHEET = dataclasses.replace(
    OF_2460, capabilities=dataclasses.replace(OF_2460.capabilities, least_of_range=0.106))
