"""The command `aeef`: one file for each group of commands. Begin with `app.py`."""
