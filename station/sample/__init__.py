"""The devices of a bench as a person looks at them: places, states, stress used, values, history."""

from tsbench.station.sample.sample import Sample, SampleDevice, sample_of

__all__ = ["Sample", "SampleDevice", "sample_of"]
