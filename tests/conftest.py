"""What every test may use; the real things are in tests/stack.py."""

pytest_plugins = ["tests.stack"]
