"""A run as an entry of NOMAD (https://nomad-lab.eu): an archive file beside the run file of an upload."""
