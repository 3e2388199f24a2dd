"""Keeping and forgetting: disposal, pruning of Prefect, originals. Begin with `dispose.py`."""
