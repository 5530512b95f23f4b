"""Teledyne LeCroy WaveSurfer 3000z and 4000HD, as the MAUI remote control manual describes them.

Quirks that the twin has
------------------------
- Errors are in two registers, ``CMR?`` (headers, numbers, units) and ``EXR?`` (values), and in ``*ESR?``. Each register
  has the last error, and forgets it when it is read.
- A reply begins with its header until ``CHDR OFF``; that of ``*IDN?`` does so too. There is a space between a number
  and its unit.
- ``TRDL`` is the place of the trigger relative to mid-screen: negative before it. A percentage is counted from the left
  edge.
- Codes are words with the high byte first until ``CFMT`` and ``CORD`` say otherwise. The descriptor tells volts for one
  code.
- In sequence mode ``WF? TIME`` has two numbers for each segment: its time after the first trigger, and the time of its
  first sample after its trigger.
- Both channels of a pair (1/2, 3/4) have half of the memory and half of the sample rate.
- A measurement of the screen (``PACU``, ``app.Measure.P1``) has the value of the last cycle of a record; its statistics
  have all cycles of all segments since ``CLSW``. ``PAVA?`` answers with a state; a clipped record has a value and the
  state OF, UF or OU.
- A text in quotes may have line ends (X-Stream remote control manual WM-RCM-E Rev D, page 10, "String data": any ASCII
  characters): a script of ``VBS`` is one message. A quote that is not closed ends with its line.
- Numbers of ``PAVA?`` and ``PAST?`` have exponents of three times something; those of ``VBS?`` are as VBScript writes
  them, true as -1.

Not simulated: triggers on runts, slopes, intervals and dropouts, which never come; the filters of the trigger path;
what ``LACKS`` in ``__init__.py`` lists. In AUTO the scope acquires when it is asked: the statistics have these
acquisitions only. Not compared with an instrument: which byte stands behind a block; comments and line ends in the
reply to ``TMPL?``; what ``Acquire`` returns after a forced trigger; the unit of a percentage; the first values of
``HCSU?``; ``Out.Result.Status`` and ``StatusDescription``; ``InstrumentMaxBandwidth``; the reply to a ``VBS?`` that
returns nothing or that names an unknown object (the twin has none to the second); whether statistics are kept while
``StatsOn`` is false; the number of measurements (8); the trigger mode after ``SetToDefaultSetup``; and
``WaitUntilIdle`` while the scope runs, which returns at once.
"""

from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.automation import AutomationCommands
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.scope import WaveSurferScope


class VirtualWaveSurfer(WaveSurferScope):
    """The scope with its automation; ``data_sheet`` has the numbers of the model."""

    automation = Subsystem(AutomationCommands)

    def power_cycle(self) -> None:
        """Restart: scripts have named nothing."""
        super().power_cycle()
        self.automation.objects.clear()


class VirtualWaveSurfer3054z(VirtualWaveSurfer):
    """WaveSurfer 3054z: four channels, 500 MHz, 8 bits."""

    data_sheet = sheets.WAVESURFER3054Z


class VirtualWaveSurfer4054HD(VirtualWaveSurfer):
    """WaveSurfer 4054HD: four channels, 500 MHz, 12 bits."""

    data_sheet = sheets.WAVESURFER4054HD
