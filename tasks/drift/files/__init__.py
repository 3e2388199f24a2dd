"""The configured files of a target, committed and present. Begin with `compare_files.py`."""
