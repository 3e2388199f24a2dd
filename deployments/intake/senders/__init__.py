"""One file or folder for each kind of sender. Begin with `alertmanager.py`."""
