"""What people do to corrective actions: `add.py` begins one, `settle.py` says how it stands."""
