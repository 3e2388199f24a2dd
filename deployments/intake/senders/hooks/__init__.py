"""Any sender's JSON, by a mapping of the settings: begin with `route.py`."""
