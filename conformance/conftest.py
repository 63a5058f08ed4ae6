"""Options and shared fixtures: the recordings, and the server that serves them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mef3io_server.client import Mef3Client

from recordings.by_our_writer import WRITER
from recordings.catalogue import RECIPES
from recordings.recording import Recording
from server.compat_messages import CompatStub
from server.process import Server, start_ours, start_predecessor

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        choices=("ours", "predecessor"),
        default="ours",
        help="what to test: this repository's server, or the one it replaces (proves the suite itself)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--server") != "predecessor":
        return
    for item in items:
        if marker := item.get_closest_marker("not_predecessor"):
            item.add_marker(pytest.mark.skip(reason=f"the predecessor deviates: {marker.args[0]}"))


@pytest.fixture(scope="session")
def external_endpoint() -> str | None:
    """Endpoint given by MEF3_ENDPOINT, whose data volume is MEF3_ENDPOINT_DATA."""
    return os.environ.get("MEF3_ENDPOINT")


@pytest.fixture(scope="session")
def data_root(external_endpoint: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder the server serves; recordings are made in it and it is removed at the end."""
    if external_endpoint is None:
        root = tmp_path_factory.mktemp("data")
    else:
        volume = os.environ.get("MEF3_ENDPOINT_DATA")
        assert volume, "MEF3_ENDPOINT needs MEF3_ENDPOINT_DATA: a folder that the endpoint serves"
        root = Path(volume) / f"conformance-{os.getpid()}"
        root.mkdir(parents=True)
    yield root
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def recording(
    request: pytest.FixtureRequest, data_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Recording]:
    """Makes a recording of the catalogue by name, once."""
    recipes = {recipe.name: recipe for recipe in RECIPES}
    made: dict[str, Recording] = {}

    def make(name: str) -> Recording:
        if name not in made:
            is_alone = request.config.getoption("--server") == "predecessor" and not WRITER.exists()
            if recipes[name].is_ours and is_alone:
                pytest.skip("our writer has not been built")
            path = data_root / f"{name}.mefd"
            recipes[name].write(path)
            made[name] = Recording(recipes[name], str(path), tmp_path_factory.mktemp("compacted"))
        return made[name]

    return make


@pytest.fixture(scope="session")
def start_server(
    request: pytest.FixtureRequest, external_endpoint: str | None, data_root: Path
) -> Iterator[Callable[..., Server]]:
    """Starts a server with extra environment; one of each kind per run, ended (and checked) last."""
    started: dict[tuple[tuple[str, str], ...], Server] = {}

    def start(**environment: str) -> Server:
        if external_endpoint is not None:
            if environment:
                pytest.skip("the endpoint under test is configured by others")
            return Server(external_endpoint, os.environ.get("MEF3_ADMIN_URL"))
        key = tuple(sorted(environment.items()))
        if key not in started:
            if request.config.getoption("--server") == "predecessor":
                started[key] = start_predecessor(environment)
            else:
                started[key] = start_ours(data_root, environment)
        return started[key]

    yield start
    for server in started.values():
        server.stop()


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server]) -> Server:
    """A server with default settings."""
    return start_server()


@pytest.fixture
def client(server: Server) -> Iterator[Mef3Client]:
    """The predecessors' own client, unmodified."""
    client = Mef3Client(server.endpoint)
    yield client
    for path in client.list_open_files():
        client.close_file(path)
    client.shutdown()


@pytest.fixture
def stub(server: Server) -> Iterator[CompatStub]:
    """Raw calls of both generations."""
    with CompatStub(server.endpoint) as stub:
        yield stub


@pytest.fixture(scope="session")
def golden() -> Path:
    """The golden sessions, or a skip where they are not at hand."""
    folder = Path(os.environ.get("MEF3_GOLDEN_DIR", REPOSITORY.parent / "shared" / "data" / "golden"))
    if not (folder / "manifest.json").exists():
        pytest.skip("no golden sessions here (MEF3_GOLDEN_DIR names their folder)")
    return folder
