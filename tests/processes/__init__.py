"""Programs that tests start: processes that may die, sample flows. Begin with `flow.py`."""
