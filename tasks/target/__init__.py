"""A target's git repository, its records, its locks. Begin with `repository.py`."""
