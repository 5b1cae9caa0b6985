"""Settings for all tests."""

import fcntl
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No test may depend on how busy the machine is.
settings.register_profile("wireproof", deadline=None)
settings.load_profile("wireproof")

# What a shell runs in the background ignores Ctrl-C, and so would all that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

MACHINE = "machine.lock"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "alone: the module has the machine to itself, whatever others wait")


@pytest.fixture(scope="module", autouse=True)
def _machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Modules share the machine with those of other workers, but for those that load it by themselves.

    A server that falls behind its own timers is rightly called busy, and then nothing is told of it.
    """
    alone = request.node.get_closest_marker("alone") is not None
    # The folder above is the same one for all workers of a run.
    with (tmp_path_factory.getbasetemp().parent / MACHINE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
