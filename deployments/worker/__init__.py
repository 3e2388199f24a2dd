"""The warm worker: executes flow runs in forked, ready processes. Begin with `worker.py`."""
