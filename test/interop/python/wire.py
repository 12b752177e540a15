"""What client and server share: methods by name, and messages that say whether they came compressed.

The modules `messages_pb2`, `test_pb2` and `orca_pb2` are made by protoc before each run.
"""

import gzip
import sys

import grpc
import orca_pb2
import test_pb2
from google.protobuf import descriptor_pb2

LIBRARY = f"grpcio {grpc.__version__}, Python {sys.version.split()[0]}"

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"
LOAD_REPORT = "endpoint-load-metrics-bin"

TEST_SERVICE = test_pb2.DESCRIPTOR.services_by_name["TestService"]
UNIMPLEMENTED_SERVICE = test_pb2.DESCRIPTOR.services_by_name["UnimplementedService"]
ORCA_SERVICE = orca_pb2.DESCRIPTOR.services_by_name["OpenRcaService"]

# With this argument C-core hands a compressed message over as it came, and so shows that it was.
SEE_COMPRESSION = (("grpc.per_message_decompression", 0),)

# A message of these services can't begin so: it would be a field of a wire type that there isn't.
GZIP_MAGIC = b"\x1f\x8b"


class Received:
    """A message, and whether it came compressed."""

    def __init__(self, message, compressed):
        self.message = message
        self.compressed = compressed


def receiver(message_class):
    def receive(raw):
        compressed = raw.startswith(GZIP_MAGIC)
        return Received(message_class.FromString(gzip.decompress(raw) if compressed else raw), compressed)

    return receive


class Method:
    def __init__(self, descriptor):
        proto = descriptor_pb2.MethodDescriptorProto()
        descriptor.CopyToProto(proto)
        self.name = descriptor.name
        self.path = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
        self.kind = "_".join(
            "stream" if streams else "unary" for streams in (proto.client_streaming, proto.server_streaming)
        )
        self.request_class = descriptor.input_type._concrete_class
        self.reply_class = descriptor.output_type._concrete_class


def methods(service):
    return [Method(descriptor) for descriptor in service.methods]
