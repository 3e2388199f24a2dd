"""`aeef report`: sends an alert, and follows what is done for it. Begin with `report.py`."""
