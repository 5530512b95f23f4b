"""Rows of the table of observables that are no evidence: what they show was put into the model.

A row restates where a parameter was tuned to its figure, where the figure is a parameter, or where the model's own form
gives it whatever the parameters are. Such a row checks the program, not the physics, and is counted apart.
"""

import re
from dataclasses import dataclass

from benchmarks.physics_row import Row


@dataclass(frozen=True)
class Restated:
    """Rows of one device that restate, and what they restate."""

    device: str
    observables: str  #: regular expression that the whole text of the observable matches
    parameters: tuple[str, ...] = ()  #: of the catalogue, tuned or set to the figure
    form: str = ""  #: what of the model's form, or of its circuit, gives it

    def reason(self) -> str:
        """Return what the rows restate."""
        return ", ".join(self.parameters) if self.parameters else self.form


THERMAL = "threshold voltage, .*"
CHOSEN = "circuit values chosen to give this"
PORT = "the source's own equations and values"
RESTATED = (
    Restated("nb2o5", THERMAL, ("rho_ins",)),
    Restated("nb2o5", "slope of the threshold against chuck temperature.*", form="closed form -Vth/(2 (t_mit - t0))"),
    Restated("vo2", THERMAL, ("rho_ins",)),
    Restated("vo2", "slope of the threshold against chuck temperature.*", form="closed form -Vth/(2 (t_mit - t0))"),
    Restated("nbo2", "threshold voltage of the film, .*", ("as_",)),
    Restated("tin_nbo2", THERMAL, ("as_",)),
    Restated("nbo2_slesazeck", "(turning|hold) point, .*|resistance at .*|330 Ohm .*|slope of the threshold .*",
             form=PORT),
    Restated("vo2_hysteretic", "spikes in its published circuit.*", form=PORT),
    Restated("nbox_third_order", "1.8 V: .*|1.95 V: .*|threshold: .*", ("as_", "rs", "cs", "rth", "cth", "gm", "tc",
                                                                     "span", "soft", "taum")),
    Restated("ots_gst", "switching voltage at 50 nm, .*", ("ea",)),
    Restated("ots_gst", "hold voltage, static|hold point depends only weakly on the thickness", ("vi",)),
    Restated("ots_gst", "hold current, static", ("area",)),
    Restated("ots_gst", "voltage of the first fire .*", ("ff",)),
    Restated("ots_gst", "threshold drifts with .*", ("slope",)),
    Restated("ots_gst", "drift saturates .*", ("qmax", "t1")),
    Restated("ots_gst", "time to switch at a constant voltage .*", form="the model draws from a Weibull distribution"),
    Restated("ots_gst", "delay falls to a few nanoseconds .*", ("r1", "s")),
    Restated("ag_diffusive_asymmetric", "threshold voltage, distribution .*", ("vst", "v0", "sigma")),
    Restated("ag_diffusive_asymmetric", "hold voltage, distribution .*", ("vh", "vn", "rate", "hn", "sigma_h")),
    Restated("ag_diffusive_asymmetric", "no switching in negative polarity .*", ("asym",)),
    Restated("ag_diffusive_symmetric", r"threshold voltage [+-], mean .*", ("vst", "asym")),
    Restated("ag_diffusive_symmetric", r"threshold voltage [+-], standard deviation", ("sigma",)),
    Restated("ag_diffusive_symmetric", r"hold voltage [+-], mean", ("vh", "vn", "asym_hold")),
    Restated("ag_diffusive_symmetric", r"hold voltage [+-], standard deviation", ("hn", "sigma_h", "kappa")),
    Restated("ag_diffusive_symmetric", "delay of a pulse .*", ("klim",)),
    Restated("ag_diffusive_symmetric", "relaxation to .*", ("rate",)),
    Restated("ag_diffusive_symmetric", "ratio of the largest to the smallest delay .*", ("hg", "wall")),
    Restated("ag_diffusive_symmetric", "off current .*", ("gleak",)),
    *(restated for name in ("ag_sio2", "ag_sioxny") for restated in (
        Restated(name, r"threshold voltage [+-], mean .*", ("vst",)),
        Restated(name, r"threshold voltage [+-], sigma/mean", ("sigma",)),
        Restated(name, "delay, coefficient of variation .*", ("hg",)),
        Restated(name, "sigma of ln.*", ("hn",)),
        Restated(name, "life tau rises with the compliance.*", ("power",)))),
    Restated("ag_nanowire", r"threshold voltage [+-], mean and sigma .*", ("vst", "v0", "sigma")),
    Restated("ag_nanowire", "symmetric in polarity", form="the model is symmetric where asym is 1"),
    Restated("ag_nanowire", "delay falls with amplitude.*", form="the trend is assumed, not published"),
    Restated("mos2_ag", "threshold voltage, .*", ("vst",)),
    Restated("mos2_ag", "on/off ratio .*", ("gleak",)),
    Restated("ag_hfo2", r"threshold voltage [+-], .*", ("vth_p", "vth_n")),
    Restated("ag_hfo2", r"hold voltage [+-], .*", ("vh_p", "vh_n")),
    Restated("ag_hfo2", r"volatile [+-]: .*", ("vth_p", "vth_n", "vh_p", "vh_n")),
    Restated("ag_hfo2", r"leakage [+-] .*|on/off ratio .*", ("ileak",)),
    Restated("ag_hfo2", r"on resistance [+-] .*", ("ron_p", "ron_n")),
    Restated("ag_hfo2", r"time of the (set [+-] at|reset [+-] after) .*", form=PORT),
    Restated("pickett_neuristor", "0.[234] V .*|refractory period", form=CHOSEN),
    Restated("pickett_chain", ".*", form=CHOSEN),
    Restated("pickett_chain_diodes", ".*", form=CHOSEN),
    Restated("afferent_nerve", "rate rises .*|rate falls .*", form=CHOSEN),
    Restated("lif_nbo2", ".*", form=CHOSEN),
    Restated("coupled_oscillators", ".*", form=CHOSEN),
    Restated("hybrid_cmos", "a comparator turns .*", form="recalled, not found in any text that we read"),
)


def what_it_restates(row: Row) -> str:
    """Return what of the model a row restates; empty where it is evidence, or only shown."""
    if row.passed is None:
        return ""
    found = [r for r in RESTATED if r.device == row.device and re.fullmatch(r.observables, row.observable, re.DOTALL)]
    return found[0].reason() if found else ""
