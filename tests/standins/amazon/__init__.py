"""Stand-ins for Amazon: begin with `sns.py`."""
