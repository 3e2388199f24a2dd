"""The tables of the record, on SQLite or PostgreSQL. Begin with `database.py`."""
