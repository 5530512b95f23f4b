"""The languages of instruments, each with its errors and replies, and which questions may be repeated.

SCPI, TSP, FLEX, KXCI, the languages of LeCroy, Siglent and Tektronix, and what the drivers of wafer probers share.
"""
