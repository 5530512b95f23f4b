"""How the Keithley 707B and 3706A call their crosspoints."""

from tsbench.instruments.driver import CrosspointNames

#: slot, row, column (707B-901-01, p. 2-89). The cards 7072 and 7174A have 8 rows and 12 columns
CROSSPOINTS_707B = CrosspointNames(
    r"(?P<slot>[1-6])(?P<row>[A-H])(?P<column>0[1-9]|1[0-2])",
    "a slot 1 to 6, a row A to H and a column 01 to 12, for example 1A01")
#: slot, row, two digits of the column (3700AS-901-01, p. 5-3, "Matrix card channel specifiers"). The card says its size
CROSSPOINTS_3706A = CrosspointNames(
    r"(?P<slot>[1-6])(?P<row>[1-8])(?P<column>0[1-9]|[1-9]\d)",
    "a slot 1 to 6, a row 1 to 8 and a column 01 to 99, for example 1101")
