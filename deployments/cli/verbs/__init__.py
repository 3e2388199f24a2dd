"""What people do to incidents, as commands: one for each act. Begin with `verbs.py`."""
