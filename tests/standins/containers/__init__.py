"""What stands for Docker where it has to fail. Begin with `dying_docker.py`."""
