"""Virtual interactive source meter: the trigger model, which executes its blocks beside whatever messages come.

Blocks take no time of their own, except where the model comes back to a block at the same instant: then 100 us pass.
This time is not compared with an instrument.
"""

import functools
from collections.abc import Sequence
from types import GeneratorType
from typing import Protocol

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.block_actions import BlockActions, BlockMeter
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import ModelBlock, Nothing, Steps
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import (
    MODEL_ABORTED,
    MODEL_FAILED,
    MODEL_IDLE,
    MODEL_STARTED,
)

RUNNING = "RUNNING"
MOST_BLOCKS = 63
TURN_TIME = 100e-6  #: [s] of a loop in which nothing else takes time
LONG_WAIT = 0.1  #: [s] in one wait block until the state says so (manual of the 2461, p. 6-235)
_OPERATION = "trigger model"
_ENDS = {"IDLE": MODEL_IDLE, "ABORTED": MODEL_ABORTED, "FAILED": MODEL_FAILED}   #: the event of each end


class RunningMeter(BlockMeter, Protocol):
    """The parts of a source meter that the trigger model itself uses."""

    status: StatusModel
    operations: Operations


class TriggerModel:
    """Holds the blocks and executes them on the timeline.

    Parameters
    ----------
    meter : RunningMeter
    actions : BlockActions
        What the blocks do.
    """

    def __init__(self, meter: RunningMeter, actions: BlockActions) -> None:
        self._meter = meter
        self.actions = actions
        self.blocks: dict[int, ModelBlock] = {}
        self._state = "EMPTY"
        self.running = False  #: it executes blocks, or waits in one
        self.block = 0  #: that was executed last
        self._steps: Steps | None = None
        self._event: ScheduledEvent | None = None
        self._waits_since: float | None = None
        self._listening: list[tuple[str, functools.partial[None]]] = []

    # --------------------------------------------------------------------------------------- the blocks

    @property
    def state(self) -> str:
        """Return what ``:TRIGger:STATe?`` answers."""
        if self._waits_since is not None and self._meter.clock.now - self._waits_since > LONG_WAIT:
            return "WAITING"
        return self._state

    def load(self, blocks: Sequence[ModelBlock]) -> None:
        """Replace all blocks; without any, the model is empty. ScpiError(-221) while it runs."""
        self._require_idle()
        self.blocks = dict(enumerate(blocks, 1))
        self._state = "IDLE" if blocks else "EMPTY"
        self.block = 0
        self.actions.forget()

    def set_block(self, number: int, block: ModelBlock) -> None:
        """Define one block. Numbers that are left out below it do nothing."""
        self._require_idle()
        for between in range(1, number):
            self.blocks.setdefault(between, Nothing())
        self.blocks[number] = block
        self.actions.set_count(number, 0)
        self._state = "BUILDING"

    def _require_idle(self) -> None:
        if self.running:
            raise ScpiError(-221)

    def listed(self) -> str:
        """Return all blocks, one a line."""
        return "\n".join(
            f"{number:2d}) {block.kind:<22}{block.shown()}".rstrip() for number, block in sorted(self.blocks.items()))

    # ---------------------------------------------------------------------------------------- execution

    def start(self) -> None:
        """Execute the blocks from the first on.

        Raises
        ------
        ScpiError
            -213 if it runs already, -200 if there is no block, -221 if a block branches to one that does not exist
            (the manual does not state this number).
        """
        if self.running:
            raise ScpiError(-213)
        if not self.blocks:
            raise ScpiError(-200)
        for number, block in self.blocks.items():
            if block.branches_to and block.branches_to not in self.blocks:
                where = f"trigger block {number} branches to block {block.branches_to}, not defined"
                raise ScpiError(-221, text=f"Settings conflict; {where}")
        self.actions.forget()
        for number, block in self.blocks.items():
            for event in block.events:
                listener = functools.partial(self._notice, number, event)
                self._listening.append((event, listener))
                self._meter.hub.listen(event, listener)
        self._meter.operations.begin(_OPERATION)
        self._meter.event_log.happened(MODEL_STARTED)
        self._state = RUNNING
        self.block = 0
        self._steps, self.running = self._run(), True
        self._step()

    def abort(self) -> None:
        """Stop where it is; output and level stay."""
        if self.running:
            self._end("ABORTED")

    def _step(self) -> None:
        self._event = self._waits_since = None
        if self._steps is None:
            return
        try:
            wait = next(self._steps)
        except StopIteration:
            self._end("ABORTED" if self.actions.failing else "IDLE")
        except ScpiError as error:
            self._meter.status.post(error)
            self._end("FAILED")
        else:
            if wait is None:
                self._waits_since = self._meter.clock.now
            else:
                self._event = self._meter.clock.schedule_in(wait, self._step)

    def _end(self, state: str) -> None:
        steps, self._steps, self.running = self._steps, None, False
        self._waits_since = None
        if self._event is not None:
            self._event.cancel()
            self._event = None
        if steps is not None:
            steps.close()
        self.actions.stop_measuring()
        for event, listener in self._listening:
            self._meter.hub.ignore(event, listener)
        self._listening.clear()
        self._state = state
        self._meter.event_log.happened(_ENDS[state])
        self._meter.operations.end(_OPERATION)

    def _run(self) -> Steps:
        clock, number, instant = self._meter.clock, 1, -1.0
        seen: set[int] = set()
        if self._meter.output.stage.enabled and (wait := self._meter.until(self._meter.output.settled_at)) > 0.0:
            yield wait
        while (block := self.blocks.get(number)) is not None:
            if clock.now > instant:
                instant = clock.now
                seen.clear()
            elif number in seen:
                yield TURN_TIME
            seen.add(number)
            self.block = number
            result = block.act(number, self.actions)
            if isinstance(result, GeneratorType):
                result = yield from result
            number = number + 1 if result is None else result   # type: ignore[assignment]
        return None

    def _notice(self, number: int, event: str) -> None:
        self.actions.events[number].add(event)
        if self._waits_since is not None and self.block == number and self._event is None:
            self._event = self._meter.clock.schedule(self._meter.clock.now, self._step)
