"""What people wait for before full traffic is given back, and the watch after. Begin: `gate.py`."""
