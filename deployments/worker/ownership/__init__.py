"""Which start of the worker has a run, and runs that nobody has. Begin with `lost_runs.py`."""
