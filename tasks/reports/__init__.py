"""Reads other tools' reports, which may be hostile. Begin with `report_files.py`."""
