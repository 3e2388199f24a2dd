"""The parts of a SARIF report. Begin with `models.py`."""
