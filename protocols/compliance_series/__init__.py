"""Compliance series."""

from tsbench.protocols.compliance_series.protocol import ComplianceSeries

PROTOCOL = ComplianceSeries
