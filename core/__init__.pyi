"""The types of the names that ``import tsbench`` offers."""

from tsbench import errors as errors
from tsbench import quantities as quantities
from tsbench.archives.questions import archive as archive
from tsbench.archives.statistics import statistics as statistics
from tsbench.extraction import analyse_files as analyse_files
from tsbench.extraction import extract as extract
from tsbench.extraction import read_tables as read_tables
from tsbench.extraction.run_figures import figure as figure
from tsbench.protocols import IVSweep as IVSweep
from tsbench.protocols import Oscillation as Oscillation
from tsbench.protocols import PairedPulse as PairedPulse
from tsbench.protocols import PulseTrain as PulseTrain
from tsbench.protocols import Relaxation as Relaxation
from tsbench.protocols import protocol_named as protocol_named
from tsbench.pytest_plugin.simulated_bench import SimulatedBench as SimulatedBench
from tsbench.simulated_backends.studies.simulate.simulate import simulate as simulate
from tsbench.station.bench.bench import Bench as Bench
from tsbench.station.campaign.door import campaign as campaign
from tsbench.station.runner import run_on as run_on
from tsbench.station.runner import run_protocol as run_protocol
from tsbench.station.service.client import connect as connect
from tsbench.storage import read_run as read_run
from tsbench.version import __version__ as __version__

__all__: list[str]
