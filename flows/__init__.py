"""One runbook for each incident type, and nothing else. Begin with `deployment_failure.py`."""
