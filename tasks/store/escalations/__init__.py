"""How far each incident's escalation is, and which step is due. Begin with `escalations.py`."""
