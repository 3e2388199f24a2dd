"""Every place where we replace internals of Prefect. Begin with `README.md`."""
