"""What a person starts: rollback, isolation, suspension, evidence. Begin with `rollback.py`."""
