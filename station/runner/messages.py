"""Messages between a run and its clients: JSON, one object a line (docs/run_messages.md)."""

import json
import math
from typing import Any

from tsbench.records import RunEvent
from tsbench.station.protection.control import Control
from tsbench.storage.codec import plain

VERSION = 1  #: of these messages; raised where an older client would misunderstand

REQUESTS = {"stop": Control.stop, "pause": Control.pause, "resume": Control.resume, "emergency": Control.emergency}


def event_line(event: RunEvent) -> str:
    """Return an event as one line: ``{"kind", "message", "time", "data"}``."""
    fields = {"kind": event.kind, "message": event.message, "time": event.time, "data": plain(event.data)}
    return json.dumps(_finite(fields), ensure_ascii=True, allow_nan=False)


def read_object(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line; None where the line holds no object."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _finite(value: Any) -> Any:
    """Replace numbers that JSON does not have (NaN, infinity) by null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
