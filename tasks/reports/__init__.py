"""Reading what other tools wrote, hostile or not. Begin with `report_files.py`."""
