"""The paging plane: where alerts come in, pages leave, people look. Begin with `app.py`."""
