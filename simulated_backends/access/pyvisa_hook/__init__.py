"""The backend class that pyvisa looks for under the name ``@tsbench``.

``pyvisa.ResourceManager("world.toml@tsbench")``, or ``PYVISA_LIBRARY=world.toml@tsbench`` for programs that
open their own resource manager. The library object has three attributes more than VISA: ``clock`` and
``positioner`` (which the bench asks of any library), and ``world``, for tests.
"""

from pyvisa_tsbench.library import TsbenchVisaLibrary

WRAPPER_CLASS = TsbenchVisaLibrary
