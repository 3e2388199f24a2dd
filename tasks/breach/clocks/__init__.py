"""Legal deadlines that run, ring and have drafts ready. Begin with `start_clocks.py`."""
