"""The interop client on grpcio: client.py HOST:PORT CASE...

One line of JSON for each case: {"case": ..., "ok": ..., "ms": ..., "error": ...}
"""

import contextlib
import json
import os
import queue
import sys
import time

import grpc
import messages_pb2
import orca_pb2
import wire

# A call that has no answer after this long is lost; every call has it as its deadline.
CALL_TIMEOUT = 10.0

LARGE_REQUEST_BYTES = 271_828
LARGE_REPLY_BYTES = 314_159
REQUEST_SIZES = (27_182, 8, 1_828, 45_904)
REPLY_SIZES = (31_415, 9, 2_653, 58_979)

CONCURRENT_CALLS = 200
RPC_SOAK_ITERATIONS = 100
CHANNEL_SOAK_ITERATIONS = 25
# The descriptions' own default, in seconds.
SOAK_ITERATION_LIMIT = 1.0

OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
)


class Stub:
    """One attribute for each method of a service; every reply is a `wire.Received`."""

    def __init__(self, channel, service):
        for method in wire.methods(service):
            callable_ = getattr(channel, method.kind)(
                method.path,
                request_serializer=method.request_class.SerializeToString,
                response_deserializer=wire.receiver(method.reply_class),
            )
            setattr(self, method.name, callable_)


def connect(target, *more):
    """A channel that shares no connection with others."""
    return grpc.insecure_channel(target, options=(*OPTIONS, *more))


def zeros(size):
    return messages_pb2.Payload(body=bytes(size))


def truth(value):
    return messages_pb2.BoolValue(value=value)


def check(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def check_zeros(received, size):
    body = received.message.payload.body
    check(size, len(body), "size of the payload")
    check(size, body.count(0), "zeros in the payload")


def failure_of(call):
    """The status that a call must fail with. `call` is a function: some calls raise at once."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call succeeded; it had to fail")


def check_failure(code, call):
    actual, details = failure_of(call)
    if actual is not code:
        raise AssertionError(f"status: expected {code.name}, got {actual.name} ({details})")


def large_request(**more):
    return messages_pb2.SimpleRequest(
        response_size=LARGE_REPLY_BYTES, payload=zeros(LARGE_REQUEST_BYTES), **more
    )


def duplex_request(sizes, payload=None, **more):
    parameters = [messages_pb2.ResponseParameters(size=size) for size in sizes]
    return messages_pb2.StreamingOutputCallRequest(response_parameters=parameters, payload=payload, **more)


class Outbox:
    """Requests that a case sends one by one: an iterator for grpcio, `send` and `close` for the case."""

    def __init__(self):
        self.queue = queue.SimpleQueue()

    def send(self, message):
        self.queue.put(message)

    def close(self):
        self.queue.put(None)

    def __iter__(self):
        return iter(self.queue.get, None)


class Cases:
    """Each method whose name is a case's runs it, on a channel of its own."""

    def __init__(self, target, channel):
        self.target = target
        self.channel = channel
        self.stub = Stub(channel, wire.TEST_SERVICE)

    @contextlib.contextmanager
    def seeing_compression(self):
        """A stub whose replies say whether they came compressed."""
        with connect(self.target, *wire.SEE_COMPRESSION) as channel:
            yield Stub(channel, wire.TEST_SERVICE)

    def empty_unary(self):
        self.stub.EmptyCall(messages_pb2.Empty(), timeout=CALL_TIMEOUT)

    def large_unary(self):
        check_zeros(self.stub.UnaryCall(large_request(), timeout=CALL_TIMEOUT), LARGE_REPLY_BYTES)

    def client_compressed_unary(self):
        def call(expected, compressed):
            compression = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
            request = large_request(expect_compressed=truth(expected))
            return self.stub.UnaryCall(request, timeout=CALL_TIMEOUT, compression=compression)

        check_failure(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(True, False))
        for compressed in (True, False):
            check_zeros(call(compressed, compressed), LARGE_REPLY_BYTES)

    def server_compressed_unary(self):
        for value in (True, False):
            request = large_request(response_compressed=truth(value))
            with self.seeing_compression() as stub:
                received = stub.UnaryCall(request, timeout=CALL_TIMEOUT)
                check(value, received.compressed, "compressed")
                check_zeros(received, LARGE_REPLY_BYTES)
            # And as callers do: C-core decompresses, by what the header grpc-encoding says.
            usual = self.stub.UnaryCall(request, timeout=CALL_TIMEOUT)
            check(False, usual.compressed, "still compressed")
            check_zeros(usual, LARGE_REPLY_BYTES)

    def client_streaming(self):
        requests = [messages_pb2.StreamingInputCallRequest(payload=zeros(size)) for size in REQUEST_SIZES]
        received = self.stub.StreamingInputCall(iter(requests), timeout=CALL_TIMEOUT)
        check(74_922, received.message.aggregated_payload_size, "aggregated size")

    def client_compressed_streaming(self):
        def request(expected, body):
            return messages_pb2.StreamingInputCallRequest(
                expect_compressed=truth(expected), payload=messages_pb2.Payload(body=body)
            )

        probe = iter([request(True, bytes(27_182))])
        check_failure(
            grpc.StatusCode.INVALID_ARGUMENT,
            lambda: self.stub.StreamingInputCall(probe, timeout=CALL_TIMEOUT),
        )
        # A grpcio client can't leave one message out of compression. But C-core sends what compression would not
        # make smaller as it is, without the flag, and noise is that.
        requests = iter([request(True, bytes(27_182)), request(False, os.urandom(45_904))])
        received = self.stub.StreamingInputCall(
            requests, timeout=CALL_TIMEOUT, compression=grpc.Compression.Gzip
        )
        check(73_086, received.message.aggregated_payload_size, "aggregated size")

    def server_streaming(self):
        replies = list(self.stub.StreamingOutputCall(duplex_request(REPLY_SIZES), timeout=CALL_TIMEOUT))
        check(len(REPLY_SIZES), len(replies), "replies")
        for size, received in zip(REPLY_SIZES, replies):
            check_zeros(received, size)

    def server_compressed_streaming(self):
        asked = ((31_415, True), (92_653, False))
        request = messages_pb2.StreamingOutputCallRequest(
            response_parameters=[
                messages_pb2.ResponseParameters(size=size, compressed=truth(value)) for size, value in asked
            ]
        )
        with self.seeing_compression() as stub:
            replies = list(stub.StreamingOutputCall(request, timeout=CALL_TIMEOUT))
        check([value for _, value in asked], [received.compressed for received in replies], "compressed")
        # And as callers do: C-core decompresses, by what the header grpc-encoding says.
        usual = list(self.stub.StreamingOutputCall(request, timeout=CALL_TIMEOUT))
        check([False, False], [received.compressed for received in usual], "still compressed")
        check(len(asked), len(usual), "replies")
        for (size, _), *both in zip(asked, replies, usual):
            for received in both:
                check_zeros(received, size)

    def ping_pong(self):
        outbox = Outbox()
        replies = self.stub.FullDuplexCall(iter(outbox), timeout=CALL_TIMEOUT)
        for request_size, reply_size in zip(REQUEST_SIZES, REPLY_SIZES):
            outbox.send(duplex_request([reply_size], zeros(request_size)))
            check_zeros(next(replies), reply_size)
        outbox.close()
        check([], list(replies), "further replies")

    def empty_stream(self):
        check([], list(self.stub.FullDuplexCall(iter(()), timeout=CALL_TIMEOUT)), "replies")

    def custom_metadata(self):
        value, binary = "test_initial_metadata_value", b"\xab\xab\xab"
        metadata = ((wire.ECHO_INITIAL, value), (wire.ECHO_TRAILING, binary))
        received, unary = self.stub.UnaryCall.with_call(
            large_request(), timeout=CALL_TIMEOUT, metadata=metadata
        )
        check_zeros(received, LARGE_REPLY_BYTES)
        request = duplex_request([LARGE_REPLY_BYTES], zeros(LARGE_REQUEST_BYTES))
        duplex = self.stub.FullDuplexCall(iter([request]), timeout=CALL_TIMEOUT, metadata=metadata)
        replies = list(duplex)
        check(1, len(replies), "replies")
        check_zeros(replies[0], LARGE_REPLY_BYTES)
        for call in (unary, duplex):
            check(value, dict(call.initial_metadata()).get(wire.ECHO_INITIAL), "initial metadata")
            check(binary, dict(call.trailing_metadata()).get(wire.ECHO_TRAILING), "trailing metadata")

    def status_code_and_message(self):
        status = messages_pb2.EchoStatus(code=2, message="test status message")
        expected = (grpc.StatusCode.UNKNOWN, status.message)
        unary = messages_pb2.SimpleRequest(response_status=status)
        check(expected, failure_of(lambda: self.stub.UnaryCall(unary, timeout=CALL_TIMEOUT)), "unary status")
        duplex = self.stub.FullDuplexCall(iter([duplex_request([], response_status=status)]), timeout=CALL_TIMEOUT)
        check(expected, failure_of(lambda: list(duplex)), "duplex status")

    def special_status_message(self):
        message = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
        status = messages_pb2.EchoStatus(code=2, message=message)
        request = messages_pb2.SimpleRequest(response_status=status)
        failure = failure_of(lambda: self.stub.UnaryCall(request, timeout=CALL_TIMEOUT))
        check((grpc.StatusCode.UNKNOWN, message), failure, "status")

    def unimplemented_method(self):
        check_failure(
            grpc.StatusCode.UNIMPLEMENTED,
            lambda: self.stub.UnimplementedCall(messages_pb2.Empty(), timeout=CALL_TIMEOUT),
        )

    def unimplemented_service(self):
        stub = Stub(self.channel, wire.UNIMPLEMENTED_SERVICE)
        check_failure(
            grpc.StatusCode.UNIMPLEMENTED,
            lambda: stub.UnimplementedCall(messages_pb2.Empty(), timeout=CALL_TIMEOUT),
        )

    def cancel_after_begin(self):
        # Cancelled at once, as described, the call may never leave the client; after 50 ms the server has it.
        for after in (None, 0.05):
            outbox = Outbox()
            call = self.stub.StreamingInputCall.future(iter(outbox), timeout=CALL_TIMEOUT)
            if after is not None:
                time.sleep(after)
            call.cancel()
            outbox.close()
            check(True, call.cancelled(), "cancelled")
            check(grpc.StatusCode.CANCELLED, call.code(), "status")

    def cancel_after_first_response(self):
        outbox = Outbox()
        call = self.stub.FullDuplexCall(iter(outbox), timeout=CALL_TIMEOUT)
        outbox.send(duplex_request([31_415], zeros(27_182)))
        check_zeros(next(call), 31_415)
        call.cancel()
        check_failure(grpc.StatusCode.CANCELLED, lambda: next(call))
        outbox.close()

    def timeout_on_sleeping_server(self):
        # With 1 ms, as described, the call may never leave the client; with 100 ms it reaches the server.
        for timeout in (0.001, 0.1):
            outbox = Outbox()
            outbox.send(duplex_request([], zeros(27_182)))
            call = self.stub.FullDuplexCall(iter(outbox), timeout=timeout)
            check_failure(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(call))
            outbox.close()

    def concurrent_large_unary(self):
        request = large_request()
        calls = [self.stub.UnaryCall.future(request, timeout=CALL_TIMEOUT) for _ in range(CONCURRENT_CALLS)]
        for call in calls:
            check_zeros(call.result(), LARGE_REPLY_BYTES)

    def orca_per_rpc(self):
        report = messages_pb2.TestOrcaReport(
            cpu_utilization=0.8210,
            memory_utilization=0.5847,
            request_cost={"cost": 3456.32},
            utilization={"util": 0.30499},
        )
        request = messages_pb2.SimpleRequest(orca_per_query_report=report)
        _, call = self.stub.UnaryCall.with_call(request, timeout=CALL_TIMEOUT)
        trailers = dict(call.trailing_metadata())
        expected = orca_pb2.OrcaLoadReport(
            cpu_utilization=0.8210,
            mem_utilization=0.5847,
            request_cost={"cost": 3456.32},
            utilization={"util": 0.30499},
        )
        check(True, wire.LOAD_REPORT in trailers, f"{wire.LOAD_REPORT} among the trailers")
        check(expected, orca_pb2.OrcaLoadReport.FromString(trailers[wire.LOAD_REPORT]), "load report")

    def orca_oob(self):
        """Tells the server a report over one stream, and sees it arrive over another of the load report service."""
        outbox = Outbox()
        control = self.stub.FullDuplexCall(iter(outbox), timeout=CALL_TIMEOUT)
        interval = orca_pb2.Interval(nanos=20_000_000)
        reports = Stub(self.channel, wire.ORCA_SERVICE).StreamCoreMetrics(
            orca_pb2.OrcaLoadReportRequest(report_interval=interval), timeout=CALL_TIMEOUT
        )
        for cpu, util in ((0.3058, 0.30499), (0.29309, 0.2039)):
            report = messages_pb2.TestOrcaReport(cpu_utilization=cpu, utilization={"util": util})
            outbox.send(duplex_request([1], orca_oob_report=report))
            check_zeros(next(control), 1)
            while True:
                seen = next(reports).message
                if (seen.cpu_utilization, dict(seen.utilization)) == (cpu, {"util": util}):
                    break
        reports.cancel()
        outbox.close()
        check([], list(control), "further replies")

    def rpc_soak(self):
        for iteration in range(RPC_SOAK_ITERATIONS):
            within_soak_limit(iteration, self.large_unary)

    def channel_soak(self):
        for iteration in range(CHANNEL_SOAK_ITERATIONS):
            with connect(self.target) as channel:
                within_soak_limit(iteration, Cases(self.target, channel).large_unary)


def within_soak_limit(iteration, run):
    begun = time.monotonic()
    run()
    took = time.monotonic() - begun
    if took > SOAK_ITERATION_LIMIT:
        raise AssertionError(f"iteration {iteration} took {took * 1000:.0f} ms")


def describe(error):
    if isinstance(error, grpc.RpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {error}"


def main():
    target, *names = sys.argv[1:]
    for name in names:
        begun = time.monotonic()
        line = {"case": name, "ok": True}
        try:
            with connect(target) as channel:
                getattr(Cases(target, channel), name)()
        except Exception as error:  # Whatever a case throws is its result.
            line = {"case": name, "ok": False, "error": describe(error)}
        line["ms"] = round((time.monotonic() - begun) * 1000)
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
