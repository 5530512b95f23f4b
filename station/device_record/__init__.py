"""The life of each device over campaigns and tools: what it has been exposed to, its state, and its budget."""

from tsbench.station.device_record.dose import Dose, dose_of_file, measured_dose, planned_dose
from tsbench.station.device_record.life import Budget, DeviceLife
from tsbench.station.device_record.record import DeviceRecords

__all__ = ["Budget", "DeviceLife", "DeviceRecords", "Dose", "dose_of_file", "measured_dose", "planned_dose"]
