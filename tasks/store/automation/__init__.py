"""What people said of the automation's mode, and the acts begun. Begin with `words.py`."""
