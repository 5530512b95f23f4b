"""A ManagedWindow of PyMeasure runs a protocol, by mouse and keys; QCoDeS measures it as an instrument."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest

from tests.fixtures.patience import wait_until
from tests.interop.test_mcp_server import bench_in
from tsbench.errors import ConfigurationError, LimitError
from tsbench.station.bench.ownership import FOLDER
from tsbench.storage import read_run


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    return bench_in(tmp_path, "resistor", runs=False)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("QT_API", "pyqt5")
    widgets = pytest.importorskip("PyQt5.QtWidgets")
    handlers = list(logging.root.handlers)
    yield widgets.QApplication.instance() or widgets.QApplication([])
    logging.root.handlers[:] = handlers  # the window leaves one behind that fails once the window is gone


def typed(window: Any, name: str, text: str) -> None:
    """Type a value into an input of the window."""
    from PyQt5.QtCore import Qt
    from PyQt5.QtTest import QTest

    field = getattr(window.inputs, name)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key_Tab)


@pytest.mark.display
@pytest.mark.skipif(os.name != "nt" and "DISPLAY" not in os.environ, reason="needs a display")
def test_a_managed_window_runs_a_protocol(application: Any, bench: Path, tmp_path: Path) -> None:
    from PyQt5.QtCore import Qt
    from PyQt5.QtTest import QTest

    from tsbench.interop.pymeasure_procedure.procedure import managed_window, procedure_class

    window = managed_window(
        procedure_class(bench, "R1", "iv_sweep", tmp_path / "runs"), inputs=("stop", "step", "dual", "compliance"))
    try:
        window.file_input.directory = str(tmp_path / "pymeasure")
        window.show()
        typed(window, "stop", "0.4")
        typed(window, "step", "0.1")
        QTest.mouseClick(window.queue_button, Qt.LeftButton)
        (experiment,) = window.manager.experiments

        def over() -> bool:
            application.processEvents()
            return experiment.procedure.status in {0, 1, 2} and not window.manager.is_running()

        wait_until(over, "the run")
        assert experiment.procedure.status == experiment.procedure.FINISHED
        (run_file,) = (tmp_path / "runs").glob("*.nxs")
        run = read_run(run_file)
        assert len(run.points) == 9 and run.header.parameters["stop"]["value"] == 0.4
        data = pandas.read_csv(experiment.results.data_filename, comment="#")
        assert data["voltage (V)"].to_numpy() == pytest.approx(run.column("voltage"), rel=1e-6)
        assert experiment.procedure.outcome.safe and experiment.procedure.outcome.results is not None
    finally:
        window.close()
        application.processEvents()


def test_a_stop_of_pymeasure_ends_the_run_safely(bench: Path, tmp_path: Path) -> None:
    from tsbench.interop.pymeasure_procedure.procedure import procedure_class

    procedure = procedure_class(bench, "R1", "iv_sweep", tmp_path / "runs")(stop=1.0, step=1e-3)
    told: list[str] = []
    procedure.emit = lambda topic, record: told.append(topic)
    procedure.should_stop = lambda: told.count("results") >= 3
    procedure.execute()
    assert procedure.outcome is not None and procedure.outcome.status == "abort" and procedure.outcome.safe
    assert 3 <= told.count("results") < 1000


def test_a_refused_run_is_an_error_in_the_window(bench: Path, tmp_path: Path) -> None:
    from tsbench.interop.pymeasure_procedure.procedure import procedure_class

    procedure = procedure_class(bench, "R1", "iv_sweep", tmp_path / "runs")(stop=150.0)
    with pytest.raises(LimitError, match="max_voltage"):
        procedure.execute()


@pytest.mark.parametrize("protocol", ["iv_sweep", "pulse_train", "oscillation", "stimulus"])
def test_the_defaults_of_a_procedure_are_those_of_the_protocol(protocol: str) -> None:
    from tsbench.interop.pymeasure_procedure.procedure import procedure_class
    from tsbench.protocols import protocol_named

    kind = procedure_class("bench.toml", "D1", protocol)
    procedure = kind()
    values = {name: getattr(procedure, attribute) for name, attribute in kind.attributes.items()}
    parsed = protocol_named(protocol).parse({name: one for name, one in values.items() if one not in ("", None)})
    assert parsed == protocol_named(protocol)()


def test_qcodes_sweeps_a_parameter_of_a_protocol(bench: Path, tmp_path: Path) -> None:
    from qcodes.dataset import LinSweep, dond, initialised_database_at, load_or_create_experiment

    from tsbench.interop.qcodes_dataset.instrument import ProtocolInstrument

    with pytest.raises(ConfigurationError, match="no quantity"):
        ProtocolInstrument("wrong", bench, "R1", "iv_sweep", ("thresholds",))
    sweep = ProtocolInstrument("sweep", bench, "R1", "iv_sweep", ("resistance",), tmp_path / "runs")
    try:
        assert sweep.stop.unit == "V" and sweep.stop() == 1.2
        sweep.step(0.1)
        with initialised_database_at(tmp_path / "q.db"):
            found = dond(LinSweep(sweep.stop, 0.2, 0.4, 2), sweep.measured, do_plot=False, show_progress=False,
                         exp=load_or_create_experiment("sweeps", "R1"))
            data = found[0].to_pandas_dataframe()
        assert sweep.outcome is not None and sweep.outcome.safe
        assert len(data) == 2 and len(list((tmp_path / "runs").glob("*.nxs"))) == 2
        assert {"sweep_resistance", "sweep_resistance_low"} <= set(data.columns)
    finally:
        sweep.close()
