"""A bare checkout works as it is: the plugin is loaded from here where no entry point announces it."""

pytest_plugins = ["wireproof.pytest_plugin"]
