"""Where the fixtures are."""

pytest_plugins = ["fixtures_standins", "fixtures_store", "fixtures_targets", "fixtures_stack"]
