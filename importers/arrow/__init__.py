"""Tables of Arrow: Parquet and Feather files, for example of pandas."""

from tsbench.importers.arrow.arrow import Arrow

IMPORTERS = (Arrow(),)
