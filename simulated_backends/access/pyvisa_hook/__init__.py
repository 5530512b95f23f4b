"""The backend class that pyvisa looks for under the name ``@tsbench``.

``pyvisa.ResourceManager("world.toml@tsbench")``, or ``PYVISA_LIBRARY=world.toml@tsbench`` for programs that
open their own resource manager. The library object has more attributes than VISA defines. The bench asks every
library for these:

* ``clock``: the simulated time;
* ``positioner``: what connects the devices;
* ``hand_switch``: the switch of the wiring that the operator sets;
* ``facts``: what makes the simulation the same again;
* ``vendor_library(kind)``: the library of a vendor beside VISA;
* ``ends_with_process``: the instruments end with this process, so no watchdog is needed;
* ``one_call_at_a_time``: threads gain nothing.

``world`` is the simulated bench behind the library. Only tests use it.
"""

from pyvisa_tsbench.library import TsbenchVisaLibrary

WRAPPER_CLASS = TsbenchVisaLibrary
