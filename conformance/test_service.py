"""What an operator relies on: health, reflection, metrics, a polite end, and nothing outside the roots."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from mef3io_server.client import Mef3Client

from oracle.channel_truth import assert_same_bits
from oracle.random_windows import Window, expected_matrix
from recordings.by_mef3io import write as write_by_mef3io
from recordings.by_mef_tools import Write
from recordings.by_mef_tools import write as write_by_mef_tools
from recordings.catalogue import PASSWORDS
from recordings.channel_plan import BASE_UUTC, Piece, plan_channel, walk
from recordings.recording import Recording
from server.compat_messages import RPCS, SERVICE, CompatStub
from server.process import Server, start_ours

SECOND_US = 1_000_000

pytestmark = pytest.mark.not_predecessor("it has no admin pages, health, reflection or data roots")


@pytest.fixture
def channel(server: Server) -> Iterator[grpc.Channel]:
    """A plain gRPC connection."""
    with grpc.insecure_channel(server.endpoint) as channel:
        yield channel


@pytest.fixture
def own_server(external_endpoint: str | None, data_root: Path) -> Iterator[Server]:
    """A server that the test may end."""
    if external_endpoint is not None:
        pytest.skip("the endpoint under test is not ours to end")
    server = start_ours(data_root)
    yield server
    server.stop()


@pytest.mark.parametrize("service", ["", SERVICE])
def test_health_is_serving(service: str, channel: grpc.Channel) -> None:
    request = health_pb2.HealthCheckRequest(service=service)
    answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_of_an_unknown_service_is_not_found(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=10
        )
    assert refusal.value.code() == grpc.StatusCode.NOT_FOUND


def test_reflection_describes_both_generations(channel: grpc.Channel) -> None:
    database = ProtoReflectionDescriptorDatabase(channel)
    assert SERVICE in database.get_services()
    file = database.FindFileContainingSymbol(SERVICE)
    (service,) = file.service
    assert {
        method.name: (method.input_type, method.output_type, method.server_streaming)
        for method in service.method
    } == {name: (f".{request}", f".{answer}", streams) for name, (request, answer, streams) in RPCS.items()}


@pytest.fixture
def admin(server: Server) -> Callable[[str], tuple[int, str]]:
    """Reads an admin page."""
    if server.admin_url is None:
        pytest.skip("no admin address is known (MEF3_ADMIN_URL)")
    return server.admin


@pytest.mark.parametrize("path", ["/live", "/ready"])
def test_a_running_server_is_live_and_ready(path: str, admin: Callable[[str], tuple[int, str]]) -> None:
    assert admin(path)[0] == 200


def test_other_admin_pages_do_not_exist(admin: Callable[[str], tuple[int, str]]) -> None:
    assert admin("/nothing")[0] == 404


def test_metrics_are_in_the_prometheus_text_format(admin: Callable[[str], tuple[int, str]]) -> None:
    status, page = admin("/metrics")
    assert status == 200
    sample = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="[^"]*",?)*\})? \S+$')
    samples = [line for line in page.splitlines() if line and not line.startswith("#")]
    assert all(sample.match(line) for line in samples)
    assert any(line.startswith("mef3_build_info{") for line in samples)


def test_metrics_do_not_name_recordings(
    admin: Callable[[str], tuple[int, str]], client: Mef3Client, recording: Callable[[str], Recording]
) -> None:
    subject = recording("mef3io_256")
    client.open_file(subject.path)
    client.get_signal_range(subject.path, ["LA 01"], subject.start_uutc, subject.start_uutc + SECOND_US)
    page = admin("/metrics")[1]
    assert "mef3io_256" not in page
    assert "LA 01" not in page


def _long_stream(stub: CompatStub, subject: Recording) -> tuple[Any, Window]:
    """A read of about 100 MB, far more than buffers hold, with its first message awaited."""
    window = Window(("micro",), subject.start_uutc, subject.start_uutc + 800 * SECOND_US)
    call = stub(
        "GetSignalRange",
        file_path=subject.path,
        channel_names=window.channels,
        start_uutc=window.start_uutc,
        end_uutc=window.end_uutc,
    )
    return call, window


def test_a_stream_that_runs_at_shutdown_is_finished(
    own_server: Server, recording: Callable[[str], Recording]
) -> None:
    subject = recording("mef3io_rough_32k")
    with CompatStub(own_server.endpoint) as stub:
        stub("OpenFile", file_path=subject.path)
        call, window = _long_stream(stub, subject)
        chunks = [next(call)]
        own_server.terminate()
        chunks.extend(call)
    assert [chunk.error_message for chunk in chunks] == [""] * len(chunks)
    values = np.concatenate([np.frombuffer(chunk.array_bytes, "<f4") for chunk in chunks])
    assert_same_bits(values, expected_matrix(subject.truth, window)[0], "stream over shutdown")
    assert own_server.wait_for_exit() == 0


def test_a_draining_server_is_live_but_not_ready_and_takes_no_calls(
    own_server: Server, recording: Callable[[str], Recording]
) -> None:
    subject = recording("mef3io_rough_32k")
    with CompatStub(own_server.endpoint) as stub:
        stub("OpenFile", file_path=subject.path)
        call, _ = _long_stream(stub, subject)
        next(call)
        own_server.terminate()
        _wait_until(lambda: own_server.admin("/ready")[0] == 503)
        assert own_server.admin("/live")[0] == 200
        with CompatStub(own_server.endpoint) as late, pytest.raises(grpc.RpcError) as refusal:
            late("OpenFile", file_path=subject.path)
        assert refusal.value.code() == grpc.StatusCode.UNAVAILABLE
        call.cancel()
    assert own_server.wait_for_exit() == 0


def test_an_idle_client_does_not_hold_up_the_end(
    own_server: Server, recording: Callable[[str], Recording]
) -> None:
    client = Mef3Client(own_server.endpoint)
    assert client.open_file(recording("mef3io_1000").path)["file_opened"]
    own_server.terminate()
    assert own_server.wait_for_exit() == 0
    client.shutdown()


def _wait_until(happened: Callable[[], bool], deadline_s: float = 10.0) -> None:
    pause = threading.Event()
    for _ in range(int(deadline_s / 0.02)):
        if happened():
            return
        pause.wait(0.02)
    raise AssertionError(f"did not happen within {deadline_s} s")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A readable recording that lies outside the served folder."""
    session = tmp_path / "outside.mefd"
    write_by_mef3io(session, [plan_channel("ch1", 256.0, 1.0, [[Piece(1_000)]], seed=1)], 500)
    return session


@pytest.mark.parametrize("way", ["absolute", "dots", "symbolic link", "link to its folder"])
def test_a_path_outside_the_roots_answers_like_one_that_does_not_exist(
    way: str,
    outside: Path,
    data_root: Path,
    tmp_path: Path,
    client: Mef3Client,
    external_endpoint: str | None,
) -> None:
    if external_endpoint is not None:
        pytest.skip("what lies outside the endpoint's folder is not known")
    link = data_root / f"link-{tmp_path.name}"
    target = outside if way == "symbolic link" else outside.parent
    path = {
        "absolute": str(outside),
        "dots": f"{data_root}{'/..' * len(data_root.parts)}{outside}",
        "symbolic link": f"{link}.mefd",
        "link to its folder": f"{link}/outside.mefd",
    }[way]
    if "link" in way:
        Path(f"{link}.mefd" if way == "symbolic link" else link).symlink_to(target)
    assert Path(path).exists()
    absent = f"{path}-absent"
    refused, missing = client.open_file(path), client.open_file(absent)
    assert refused["error_message"] == f"File does not exist: {path}"
    assert missing["error_message"] == f"File does not exist: {absent}"
    assert {**refused, "file_path": "", "error_message": ""} == {
        **missing,
        "file_path": "",
        "error_message": "",
    }
    assert client.get_file_info(path)["file_opened"] is False


@pytest.mark.parametrize("path", ["", "/", "relative.mefd", "/etc/passwd", "x\x00y.mefd", "/" + "a" * 5_000])
def test_an_impossible_path_answers_like_one_that_does_not_exist(path: str, client: Mef3Client) -> None:
    info = client.open_file(path)
    assert info["file_opened"] is False
    assert info["error_message"] == f"File does not exist: {path}"


@pytest.mark.parametrize("writer", ["mef3io", "mef_tools"])
def test_an_encrypted_session_asks_for_its_password(writer: str, data_root: Path, client: Mef3Client) -> None:
    session = data_root / f"encrypted_by_{writer}.mefd"
    if writer == "mef3io":
        plan = plan_channel("ch1", 256.0, 1.0, [[Piece(3_000)]], seed=1)
        write_by_mef3io(session, [plan], 500, PASSWORDS)
    else:
        values = walk(3_000, 1) / 1e3
        write_by_mef_tools(session, [Write("ch1", BASE_UUTC, 256.0, values)], passwords=PASSWORDS)
    info = client.open_file(str(session))
    assert info["file_opened"] is False
    assert "password" in info["error_message"].lower()
    assert info["channel_names"] == []
    answer = client.get_signal_range(str(session), None, BASE_UUTC, BASE_UUTC + SECOND_US)
    assert answer["error_message"] == f"File not open: {session}"


def test_a_folder_that_is_no_session_is_refused_by_name(data_root: Path, client: Mef3Client) -> None:
    folder = data_root / "empty.mefd"
    folder.mkdir(exist_ok=True)
    info = client.open_file(str(folder))
    assert info["file_opened"] is False
    assert info["error_message"] != ""
