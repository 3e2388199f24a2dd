"""The warm worker: hears of runs, forks, carries out. Begin with `worker.py`."""
