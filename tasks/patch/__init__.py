"""An emergency patch, from the branch to its deployment. Begin with `prepare_patch.py`."""
