"""What every runbook is made of: the decorator and shared parts. Begin with `runbook.py`."""
