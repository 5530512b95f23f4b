"""What a bench asks of every driver, beside what it measures (mypy holds the drivers to the same Protocols)."""

from pathlib import Path

import pytest

from tsbench.errors import InstrumentError
from tsbench.instruments import EdgeTrigger, Pulse, Vertical
from tsbench.instruments.driver import Driver
from tsbench.station.bench.bench import Bench


def test_every_driver_is_what_a_bench_asks_for(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        for connection in bench.instruments.connections.values():
            driver = connection.driver
            assert isinstance(driver, Driver)
            assert driver.title and connection.name in driver.label and driver.title in driver.label
            assert [state.output for state in driver.output_states()] == list(driver.output_names)
            assert not driver.lost_power()
            assert driver.accuracy()
        connections = bench.instruments.connections.values()
        assert [state.output for found in connections for state in found.unknown_outputs()] == [
            "source_meter", "generator.1", "generator.2"]


@pytest.mark.sabotage("output")
def test_a_generator_made_safe_has_no_level_and_its_set_up_is_still_known(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        pulser, bias = bench.pulse_generator("pulser"), bench.pulse_generator("bias")
        pulser.configure_pulse(Pulse(0.1, 0.8, 1e-6, 1e-3, 10e-9, 10e-9))
        pulser.configure_burst(3)
        bias.configure_level_limits(0.4, 2.0)  # they exclude zero
        bias.configure_level(1.5)
        for generator in (pulser, bias):
            generator.set_output(True)
        used = pulser.accepted_settings(), bias.accepted_settings()
        assert used[0]["amplitude"] == pytest.approx(0.8) and used[0]["burst"] is True
        assert used[1]["level"] == pytest.approx(1.5) and used[1]["function"] == "dc"
        assert not any(state.enabled for state in bench.make_safe())
        transport = bench.instruments.connections["generator"].transport
        for channel in (1, 2):
            assert transport.query(f":SOUR{channel}:FUNC?") == "DC"
            assert float(transport.query(f":SOUR{channel}:VOLT:OFFS?")) == 0.0
        assert transport.query(":SYST:ERR?").startswith("+0,")
        assert (pulser.accepted_settings(), bias.accepted_settings()) == used
        pulser.configure_pulse(Pulse(0.1, 0.8, 1e-6, 1e-3, 10e-9, 10e-9))  # all of it is sent anew
        pulser.configure_burst(3)
        assert pulser.accepted_settings() == used[0]
        assert transport.query(":SOUR1:FUNC?") == "PULS" and transport.query(":SOUR1:BURS:STAT?") == "1"


def test_levels_are_read_again_where_another_load_moves_them(driver_bench: Path) -> None:
    """The load is what levels are told for; the output itself stays what it is."""
    with Bench.open(driver_bench) as bench:
        pulser = bench.pulse_generator("pulser")
        pulser.configure_load(50.0)
        pulser.configure_level(0.5)
        assert pulser.accepted_settings()["level"] == pytest.approx(0.5)
        pulser.configure_load(float("inf"))
        assert pulser.accepted_settings()["level"] == pytest.approx(1.0)


def test_a_trigger_level_that_a_range_has_moved_is_noticed(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        scope = bench.oscilloscope()
        scope.configure_channel(1, Vertical(8.0))
        scope.configure_trigger(EdgeTrigger(1, 2.0))
        scope.configure_channel(1, Vertical(0.8))
        bench.instruments.connections["scope"].transport.write(":TRIG:EDGE:LEV 0.4")  # as far as this range reaches
        with pytest.raises(InstrumentError, match="trigger level 2 V was requested, but the instrument set 400 mV"):
            scope.arm()
