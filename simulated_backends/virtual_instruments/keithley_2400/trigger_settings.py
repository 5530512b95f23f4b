"""Settings of the trigger model of the 2400 family (manual, section 11)."""

from dataclasses import dataclass, field


@dataclass
class Layer:
    """Settings of one layer."""

    count: float = 1  #: inf: without end
    source: str = "IMM"
    input_line: int = 1
    output_line: int = 2
    outputs: str = "NONE"  #: at which event an output trigger is given
    bypass: str = "ACC"


@dataclass
class LayersSettings:
    """Settings of the trigger model."""

    arm: Layer = field(default_factory=Layer)
    trigger: Layer = field(default_factory=Layer)
    arm_timer: float = 0.1  #: [s]
    delay: float = 0.0  #: [s] of the trigger layer
    input_events: str = "NONE"  #: that wait for a trigger of their own: SOUR, DEL, SENS
    clears_output: bool = False  #: automatic output-off
    clears_after_count: bool = False  #: it goes off behind the trigger count, not behind each cycle
    memory_points: int = 1
    first_memory: int = 1
