"""The names that expressions may use: extracted quantities, facts of the device, parameters of the campaign file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tsbench.errors import nearest
from tsbench.station.campaign.dimensions import Dimension, dimension
from tsbench.station.campaign.evaluating import evaluate
from tsbench.station.campaign.expression import Call, Combination, Expression, NameNode, Node, Word
from tsbench.station.campaign.values import ExpressionError, Quantified, Value
from tsbench.station.device_record.life import STATES

#: unit -> quantities that the protocols of tsbench extract (docs/definitions.md); a new one is added here
_BY_UNIT: Mapping[str, str] = {
    "": (
        "all_or_nothing cycles_to_failure delay_power_of_overvoltage failed_cycle_share firing_probability "
        "half_sweeps_switching inter_spike_interval_correlation inter_spike_interval_local_variation "
        "inter_spike_interval_variation "
        "long_gap_probability nonlinearity pulses_to_fire pulses_to_fire_median refractory relaxation_slope "
        "second_firing_probability spike_amplitude_exponent spike_count strength_modulated_frequency "
        "switching_probability telegraph_relative_amplitude threshold_driven train_firing_probability"),
    "1/V": "delay_slope",
    "A": (
        "forming_current hold_current quiet_response spike_amplitude telegraph_amplitude threshold_current "
        "write_current"),
    "Hz": "firing_rate frequency line_width",
    "Hz/V": "frequency_slope",
    "J": "spike_energy stimulus_energy",
    "Ohm": (
        "differential_on_resistance negative_differential_resistance off_resistance on_resistance read_resistance "
        "resistance resistance_after_pulse series_resistance"),
    "V": (
        "firing_curve_width firing_threshold forming_shift forming_voltage frequency_peak_level "
        "hold_voltage hold_voltage_per_compliance_decade linear_range_end linear_range_start oscillation_end "
        "oscillation_onset overvoltage pulse_threshold_voltage snapback_voltage "
        "switching_voltage_after_forming switching_voltage_in_forming threshold_amplitude "
        "threshold_voltage threshold_voltage_per_compliance_decade threshold_voltage_per_decade write_voltage"),
    "V/K": "hold_voltage_slope threshold_voltage_slope",
    "dBc/Hz": "phase_noise",
    "eV": "activation_energy",
    "s": (
        "inter_spike_interval_jitter mean_time_high mean_time_low refractory_period relaxation_time "
        "relaxation_time_median retention_time retention_time_median spike_latency "
        "switching_delay switching_delay_mean"),
}
_SINGLE: Mapping[str, str] = {name: unit for unit, names in _BY_UNIT.items() for name in names.split()}
_STATISTICS = ("mean", "median", "standard_deviation")
QUANTITIES: Mapping[str, str] = {
    **_SINGLE, **{f"{name}_{statistic}": unit for name, unit in _SINGLE.items() for statistic in _STATISTICS}}

CONTACTS = ("ok", "open", "short", "unknown")
STATUSES = ("success", "fail", "abort", "refused", "left out", "interrupted", "unknown")
#: facts of a device that are numbers, and their units: ``device.cycles``
FACTS: Mapping[str, str] = {"cycles": "", "charge": "C", "energy": "J", "max_voltage": "V", "max_current": "A"}


@dataclass(frozen=True)
class Words:
    """The words that a name may be; none: any."""

    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """What the names of one campaign mean: its parameters, stated bounds, steps and columns of the wafer map."""

    parameters: Mapping[str, Quantified] = field(default_factory=dict)
    expected: Mapping[str, Quantified] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    columns: Mapping[str, Dimension | Words] = field(default_factory=dict)  #: of the wafer map

    def kind_of(self, name: NameNode) -> Dimension | Words:
        """Return the unit of a name, or the words that it may be.

        Raises
        ------
        ExpressionError
            There is no such name; the nearest one is named.
        """
        if name.step == "device":
            if name.name == "state":
                return Words(STATES)
            if name.name not in FACTS:
                raise ExpressionError(f"a device has no '{name.name}'{nearest(name.name, [*FACTS, 'state'])}")
            return dimension(FACTS[name.name])
        if name.step and name.step not in self.steps:
            close = nearest(name.step, self.steps)
            if not close.startswith(". Did"):  # the latest one is the step itself
                close = nearest(name.step, self.steps[:-1])
            raise ExpressionError(f"there is no step '{name.step}' before{close}")
        if name.name == "status" and name.step:
            return Words(STATUSES)
        if name.name == "contact":
            return Words(CONTACTS)
        if not name.step and name.name in self.parameters:
            return self.parameters[name.name].dimension
        if not name.step and name.name in self.columns:
            return self.columns[name.name]
        if name.name in self.expected:
            return self.expected[name.name].dimension
        if name.name in QUANTITIES:
            return dimension(QUANTITIES[name.name])
        known = [*self.parameters, *self.columns, *self.expected, "contact", *QUANTITIES]
        close = nearest(name.name, known)
        raise ExpressionError(
            f"there is no number '{name.name}'{close}" if close.startswith(". Did") else
            f"there is no number '{name.name}'. A quantity of a plug-in needs its bounds in [expected], and a number "
            "of your own belongs into [parameters]")

    def resolved(self, expression: Expression) -> Expression:
        """Return an expression with its names checked, and its bare words (``contact == ok``) read as words.

        Raises
        ------
        ExpressionError
            A name or a word is not known, or the units do not agree.
        """
        found = replace(expression, tree=self._resolved(expression.tree))
        evaluate(found, self._stand_in)
        return found

    def _resolved(self, tree: Node) -> Node:
        if isinstance(tree, NameNode):
            self.kind_of(tree)
        elif isinstance(tree, Call):
            return replace(tree, arguments=tuple(self._resolved(one) for one in tree.arguments))
        elif isinstance(tree, Combination):
            left, right = tree.left, tree.right
            if tree.sign in ("==", "!=") and left is not None:
                left, right = self._word(left, right), self._word(right, left)
            return replace(tree, left=left if left is None else self._resolved(left), right=self._resolved(right))
        return tree

    def _word(self, side: Node, other: Node) -> Node:
        """Return a side of a comparison as a word, where the other side is a name that stands for words."""
        if not isinstance(other, NameNode) or not isinstance(side, NameNode | Word):
            return side
        try:
            kind = self.kind_of(other)
        except ExpressionError:
            return side
        text = side.name if isinstance(side, NameNode) else side.text
        if not isinstance(kind, Words) or (isinstance(side, NameNode) and (side.step or side.where)):
            return side
        if kind.allowed and text not in kind.allowed:
            raise ExpressionError(f"{other.text} is never '{text}'{nearest(text, kind.allowed)}")
        return Word(text)

    def _stand_in(self, name: NameNode) -> Value:
        """Return a value of the right unit for a name, to check an expression before anything is measured."""
        kind = self.kind_of(name)
        return "" if isinstance(kind, Words) else Quantified.exact(1.0, kind)
