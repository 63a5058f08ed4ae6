"""The predecessors' wire contract, both generations, as message classes and a stub.

Written down here from the table of message fields rather than generated from
the repository's .proto file, so that a slip there does not go unnoticed.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "gRPCMef3Server"

_PATH = (("file_path", 1, "string", ""),)
_ERROR = ("error_message", 99, "string", "optional")

#: message -> (field, number, type, label)
MESSAGES: dict[str, tuple[tuple[str, int, str, str], ...]] = {
    "OpenFileRequest": _PATH,
    "FileInfoRequest": _PATH,
    "GetActiveChannelsRequest": _PATH,
    "ListOpenFilesRequest": (),
    "FileInfoResponse": (
        *_PATH,
        ("file_opened", 2, "bool", ""),
        ("number_of_channels", 3, "int64", "optional"),
        ("channel_names", 4, "string", "repeated"),
        ("channel_sampling_rates", 5, "float", "repeated"),
        ("start_uutc", 6, "int64", "optional"),
        ("end_uutc", 7, "int64", "optional"),
        ("duration_s", 8, "double", "optional"),
        ("channel_start_uutc", 9, "int64", "repeated"),
        ("channel_end_uutc", 10, "int64", "repeated"),
        _ERROR,
    ),
    "SignalRangeRequest": (
        *_PATH,
        ("channel_names", 2, "string", "repeated"),
        ("start_uutc", 3, "int64", ""),
        ("end_uutc", 4, "int64", ""),
    ),
    "SignalChunk": (
        *_PATH,
        ("array_bytes", 2, "bytes", ""),
        ("dtype", 3, "string", ""),
        ("shape", 4, "int64", "repeated"),
        ("start_uutc", 5, "int64", ""),
        ("end_uutc", 6, "int64", ""),
        ("fs", 7, "double", ""),
        ("channel_names", 8, "string", "repeated"),
        _ERROR,
    ),
    "SetSignalSegmentRequest": (*_PATH, ("seconds", 2, "int64", "")),
    "SetSignalSegmentResponse": (*_PATH, ("number_of_segments", 2, "int64", ""), _ERROR),
    "GetNumberOfSegmentsResponse": (*_PATH, ("number_of_segments", 2, "int64", ""), _ERROR),
    "SignalChunkRequest": (*_PATH, ("chunk_idx", 2, "int64", "")),
    "SetActiveChannelsRequest": (*_PATH, ("channel_names", 2, "string", "repeated")),
    "SetActiveChannelsResponse": (*_PATH, ("active_channels", 2, "string", "repeated"), _ERROR),
    "GetActiveChannelsResponse": (*_PATH, ("active_channels", 2, "string", "repeated"), _ERROR),
    "ListOpenFilesResponse": (("file_paths", 1, "string", "repeated"), _ERROR),
}

#: rpc -> (request, answer, whether the answer is a stream)
RPCS: dict[str, tuple[str, str, bool]] = {
    "OpenFile": ("OpenFileRequest", "FileInfoResponse", False),
    "CloseFile": ("FileInfoRequest", "FileInfoResponse", False),
    "FileInfo": ("FileInfoRequest", "FileInfoResponse", False),
    "ListOpenFiles": ("ListOpenFilesRequest", "ListOpenFilesResponse", False),
    "GetSignalRange": ("SignalRangeRequest", "SignalChunk", True),
    "SetSignalSegmentSize": ("SetSignalSegmentRequest", "SetSignalSegmentResponse", False),
    "GetSignalSegment": ("SignalChunkRequest", "SignalChunk", True),
    "SetActiveChannels": ("SetActiveChannelsRequest", "SetActiveChannelsResponse", False),
    "GetActiveChannels": ("GetActiveChannelsRequest", "GetActiveChannelsResponse", False),
    "GetNumberOfSegments": ("FileInfoRequest", "GetNumberOfSegmentsResponse", False),
}


def _message_classes() -> dict[str, Any]:
    field_proto = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="predecessors.proto", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            added = message.field.add(
                name=field,
                number=number,
                type=field_proto.Type.Value(f"TYPE_{kind.upper()}"),
                label=field_proto.LABEL_REPEATED if label == "repeated" else field_proto.LABEL_OPTIONAL,
            )
            if label == "optional":
                added.proto3_optional = True
                added.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in MESSAGES}


_CLASSES = _message_classes()

CALL_DEADLINE_S = 60.0


class CompatStub:
    """Calls any RPC of the service by name: `stub("FileInfo", file_path=path)`."""

    def __init__(self, endpoint: str) -> None:
        self._channel = grpc.insecure_channel(endpoint)

    def __enter__(self) -> CompatStub:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def __call__(self, rpc: str, /, **fields: Any) -> Any:
        """The answer, or for a streaming RPC the call, to be iterated."""
        request_name, answer_name, is_stream = RPCS[rpc]
        method = self._channel.unary_stream if is_stream else self._channel.unary_unary
        call = method(
            f"/{SERVICE}/{rpc}",
            request_serializer=_CLASSES[request_name].SerializeToString,
            response_deserializer=_CLASSES[answer_name].FromString,
        )
        return call(_CLASSES[request_name](**fields), timeout=CALL_DEADLINE_S)
