"""Corrective actions on the command line. Begin with `actions.py`."""
