"""What a person does to a target by hand. Begin with `rollback.py`."""
