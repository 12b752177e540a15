"""The interop server on grpcio. Says {"event": "listening", "address": ..., "library": ...}
and serves until it is killed."""

import json
import threading
from concurrent import futures

import grpc
import messages_pb2
import orca_pb2
import wire

CODES = {code.value[0]: code for code in grpc.StatusCode}


def zeros(size):
    return messages_pb2.Payload(body=bytes(size))


class Refused(Exception):
    """The call ends with this status."""


def check_compression(received):
    message = received.message
    if message.HasField("expect_compressed") and message.expect_compressed.value != received.compressed:
        found = "was" if received.compressed else "was not"
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"the message {found} compressed")


def check_status(message):
    if message.HasField("response_status"):
        raise Refused(CODES[message.response_status.code], message.response_status.message)


def echo_metadata(context):
    """Sends the headers that the caller asks for; returns the trailers it asks for."""
    metadata = context.invocation_metadata()
    headers = tuple((key, value) for key, value in metadata if key == wire.ECHO_INITIAL)
    if headers:
        context.send_initial_metadata(headers)
    trailers = tuple((key, value) for key, value in metadata if key == wire.ECHO_TRAILING)
    context.set_trailing_metadata(trailers)
    return trailers


class Report:
    """What is reported out of band now."""

    def __init__(self):
        self.lock = threading.Lock()
        self.current = orca_pb2.OrcaLoadReport()

    def set(self, report):
        with self.lock:
            self.current = load_report(report)

    def get(self):
        with self.lock:
            return self.current


def load_report(report):
    return orca_pb2.OrcaLoadReport(
        cpu_utilization=report.cpu_utilization,
        mem_utilization=report.memory_utilization,
        request_cost=report.request_cost,
        utilization=report.utilization,
    )


class TestService:
    """The descriptions' section "Server"."""

    def __init__(self, report):
        self.report = report

    def EmptyCall(self, _received, _context):
        return messages_pb2.Empty()

    def UnaryCall(self, received, context):
        message = received.message
        trailers = echo_metadata(context)
        if message.HasField("orca_per_query_report"):
            report = load_report(message.orca_per_query_report).SerializeToString()
            context.set_trailing_metadata((*trailers, (wire.LOAD_REPORT, report)))
        check_status(message)
        check_compression(received)
        if message.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return messages_pb2.SimpleResponse(payload=zeros(message.response_size))

    def StreamingInputCall(self, requests, context):
        echo_metadata(context)
        size = 0
        for received in requests:
            check_compression(received)
            size += len(received.message.payload.body)
        return messages_pb2.StreamingInputCallResponse(aggregated_payload_size=size)

    def StreamingOutputCall(self, received, context):
        echo_metadata(context)
        parameters = received.message.response_parameters
        compresses = any(one.compressed.value for one in parameters)
        if compresses:
            context.set_compression(grpc.Compression.Gzip)
        for one in parameters:
            if compresses and not one.compressed.value:
                context.disable_next_message_compression()
            yield messages_pb2.StreamingOutputCallResponse(payload=zeros(one.size))
        check_status(received.message)

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for received in requests:
            message = received.message
            if message.HasField("orca_oob_report"):
                self.report.set(message.orca_oob_report)
            for one in message.response_parameters:
                yield messages_pb2.StreamingOutputCallResponse(payload=zeros(one.size))
            check_status(message)


class OpenRcaService:
    """grpcio has no such service of its own."""

    def __init__(self, report):
        self.report = report

    def StreamCoreMetrics(self, received, context):
        interval = received.message.report_interval
        over = threading.Event()
        context.add_callback(over.set)
        while not over.wait(interval.seconds + interval.nanos / 1e9):
            yield self.report.get()


def refusing(behaviour, streams):
    """Turns Refused into the call's status."""

    def one(request, context):
        try:
            return behaviour(request, context)
        except Refused as refused:
            return context.abort(*refused.args)

    def many(request, context):
        try:
            yield from behaviour(request, context)
        except Refused as refused:
            context.abort(*refused.args)

    return many if streams else one


def handlers(service, implementation):
    found = {}
    for method in wire.methods(service):
        behaviour = getattr(implementation, method.name, None)
        if behaviour is not None:
            found[method.name] = getattr(grpc, f"{method.kind}_rpc_method_handler")(
                refusing(behaviour, method.kind.endswith("_stream")),
                request_deserializer=wire.receiver(method.request_class),
                response_serializer=method.reply_class.SerializeToString,
            )
    return grpc.method_handlers_generic_handler(service.full_name, found)


def main():
    report = Report()
    server = grpc.server(
        futures.ThreadPoolExecutor(32), options=(*wire.SEE_COMPRESSION, ("grpc.so_reuseport", 0))
    )
    server.add_generic_rpc_handlers(
        (
            handlers(wire.TEST_SERVICE, TestService(report)),
            handlers(wire.ORCA_SERVICE, OpenRcaService(report)),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    listening = {"event": "listening", "address": f"127.0.0.1:{port}", "library": wire.LIBRARY}
    print(json.dumps(listening), flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
