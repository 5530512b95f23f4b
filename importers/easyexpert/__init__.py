"""Exports of Keysight EasyEXPERT (B1500A and its relatives) as text."""

from tsbench.importers.easyexpert.easyexpert import EasyExpert

IMPORTERS = (EasyExpert(),)
