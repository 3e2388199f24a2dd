"""The pages for people: the list, an incident, its forms, live. Begin with `routes.py`."""
