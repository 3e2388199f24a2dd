"""Every place where we reach into Prefect. Begin with `README.md`."""
