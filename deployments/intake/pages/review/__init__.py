"""The review of an incident as a page that several people fill in. Begin with `routes.py`."""
