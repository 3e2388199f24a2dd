"""One file or folder for each outside service that reaches people. Begin with `channel.py`."""
