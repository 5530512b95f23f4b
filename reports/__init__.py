"""Reports of campaigns: one page (HTML) and one PDF file from the state of a campaign and its run files, or live.

From the files to the page there are three steps: ``folder`` reads, ``content`` and its neighbours make plain data
(:mod:`tsbench.reports.document`) of what was read, ``html`` and ``pdf`` write the plain data.
"""
