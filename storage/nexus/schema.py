"""The tree of a run file: names and versions that writer, reader and validator share.

NeXus ``NXsensor_scan``; STATUS words as Bluesky's. Two formulas turn codes into values and they differ:
CF (netCDF) ``value = codes * scale_factor + add_offset``, NeXus ``value = (codes + signal_offset) *
signal_scaling_factor``, hence ``signal_offset = add_offset / scale_factor``.
"""

import re

SCHEMA = "1.2"  #: a reader of 1.x reads every 1.y: what comes is added, nothing moves
DIGEST = "tsbench_sha256"  #: attribute of the root: of the run, as ``record_data.run_digest``
TREE_DIGEST = "tsbench_tree_sha256"  #: attribute of the root, since 1.1: of the file, as ``tree_digest``
DEFINITION = "NXsensor_scan"
DEFINITION_VERSION = "2026.01"
CREATOR = "tsbench"
DIMENSION = "point"  #: the number of a point, from 0; "index" in schema 1.0
CLOCK_AT_START = "clock_at_start"  #: in a run's provenance: what the bench's clock showed at its start_time [s]
SUFFIX = ".nxs"
CHANGED = "the file was changed after tsbench wrote it (SHA-256 differs). Use another copy"  #: in messages
RESULTS = "results"  #: in entry/run, since 1.2: what extraction_001 holds, as one JSON text, for catalogues
PART_SUFFIX = ".nxs.part"

STATUSES = ("success", "abort", "fail", "recovered")
CHUNK = 65536  #: samples per chunk
PREVIEW = 4000  #: points of a min/max preview

#: HDF5 filters of a run file, all inside the HDF5 library: deflate, shuffle, fletcher32
FILTERS = frozenset({1, 2, 3})

REQUIRED = (
    "entry/definition",
    "entry/title",
    "entry/start_time",
    "entry/end_time",
    "entry/program_name",
    "entry/identifier_experiment",
    "entry/run/status",
    "entry/run/header",
    "entry/run/points_planned",
    "entry/run/points_acquired",
    "entry/run/simulated",
    "entry/process/program",
    "entry/user/name",
    "entry/sample/name",
    "entry/instrument",
    "entry/protocol",
    "entry/fixture/netlist",
    "entry/steps/flags",
    "entry/log/message",
    "entry/data",
)

#: NumPy kinds that carry units
NUMERIC = "iuf"


def has_tree_digest(schema: str) -> bool:
    """Whether a file of this schema must hold a digest of all that readers of HDF5 see."""
    return schema != "1.0"


def safe_name(name: str) -> str:
    """Return ``name`` as a valid NeXus item name."""
    text = re.sub(r"[^A-Za-z0-9_.]", "_", name)
    return text if re.match(r"[A-Za-z0-9_]", text) else f"_{text}"


def block_name(index: int) -> str:
    return f"block_{index:03d}"


def preview_name(index: int) -> str:
    return f"preview_{index:03d}"
