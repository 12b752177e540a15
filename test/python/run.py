#!/usr/bin/python3
"""Python's own gRPC (grpcio, C-core) through `weir run`, as a user without a cluster would have it.

Needs nothing but grpcio: no protoc, no pytest. Run it with `npm run test:python`.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from collections import Counter
from concurrent import futures

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: greeter
spec:
  ports:
    - name: grpc
      port: 50051
"""

SLICE = """\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: greeter-1
  labels:
    kubernetes.io/service-name: greeter
addressType: IPv4
ports:
  - name: grpc
    port: {port}
endpoints:
{endpoints}"""


class Answerer(grpc.GenericRpcHandler):
    """Answers every method of helloworld.Greeter with bytes, and names its own address."""

    def __init__(self, name):
        self.name = name.encode()

    def service(self, details):
        kind = details.method.rsplit("/", 1)[-1]
        handlers = {
            "SayHello": grpc.unary_unary_rpc_method_handler(self.say_hello),
            "Collect": grpc.stream_unary_rpc_method_handler(self.collect),
            "Spell": grpc.unary_stream_rpc_method_handler(self.spell),
            "Talk": grpc.stream_stream_rpc_method_handler(self.talk),
            "Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "Sleep": grpc.unary_unary_rpc_method_handler(self.sleep),
        }
        return handlers.get(kind)

    def say_hello(self, request, context):
        echoed = dict(context.invocation_metadata()).get("raw-bin")
        if echoed is not None:
            context.send_initial_metadata((("raw-bin", echoed),))
            context.set_trailing_metadata((("late-bin", echoed[::-1]),))
        return self.name

    def collect(self, requests, _context):
        return b"".join(requests)

    def spell(self, request, _context):
        for byte in request:
            yield bytes([byte])

    def talk(self, requests, _context):
        for request in requests:
            yield request.upper()

    def fail(self, request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, request.decode())

    def sleep(self, _request, context):
        done = threading.Event()
        context.add_callback(done.set)
        done.wait(10)
        return b""


def serve():
    """Three servers on the same port of three loopback addresses."""
    port = 0
    servers = []
    for host in HOSTS:
        server = grpc.server(futures.ThreadPoolExecutor(8), options=(("grpc.so_reuseport", 0),))
        server.add_generic_rpc_handlers((Answerer(host),))
        port = server.add_insecure_port(f"{host}:{port}")
        server.start()
        servers.append(server)
    return port, servers


def write_endpoints(directory, port, hosts, text=SLICE):
    endpoints = "".join(f"  - addresses: [{host}]\n    conditions: {{ ready: true }}\n" for host in hosts)
    draft = pathlib.Path(directory) / ".endpoints.draft"
    draft.write_text(text.format(port=port, endpoints=endpoints))
    draft.rename(pathlib.Path(directory) / "endpoints.yaml")


class Weir:
    """`weir run -f DIR` on free ports."""

    def __init__(self, directory):
        anywhere = "127.0.0.1:0"
        command = ["node", str(ROOT / "packages/mesh/bin/weir.js"), "run", "-f", directory]
        for option in ("--outbound", "--admin", "--xds", "--http"):
            command += [option, anywhere]
        # In turn: after the test of deadlines peak EWMA would rightly avoid who was slow, for longer than this takes.
        command += ["--balancer", "round_robin", "--listen", f"greeter:50051={anywhere}", "-o", "json"]
        self.errors = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read_errors, daemon=True).start()
        line = self.process.stdout.readline()
        try:
            listening = json.loads(line)
        except ValueError:
            self.process.wait(10)
            time.sleep(0.2)
            raise AssertionError("weir did not start:\n" + "".join(self.errors)) from None
        self.outbound = listening["outbound"]
        self.admin = listening["admin"]
        self.listener = listening["listeners"]["greeter:50051"]
        until("/ready answers 200", self.is_ready)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def is_ready(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{self.admin}/ready", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def until(what, condition, timeout=5.0):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def channel_to(target, proxy=None, variable="grpc_proxy"):
    """C-core reads the proxy from the environment when the channel is made."""
    names = ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy")
    before = {name: os.environ.pop(name, None) for name in names}
    if proxy is not None:
        os.environ[variable] = f"http://{proxy}"
    channel = grpc.insecure_channel(target, options=(("grpc.use_local_subchannel_pool", 1),))
    try:
        yield channel
    finally:
        channel.close()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def method(channel, kind, name):
    return getattr(channel, kind)(f"/helloworld.Greeter/{name}")


def count(channel, calls=60):
    say_hello = method(channel, "unary_unary", "SayHello")
    return Counter(say_hello(b"", timeout=5).decode() for _ in range(calls))


def assert_spread(counts, hosts):
    assert sorted(counts) == sorted(hosts), counts
    fair = sum(counts.values()) / len(hosts)
    assert min(counts.values()) >= fair * 0.5, counts


class Suite:
    def __init__(self, directory, port, weir):
        self.directory = directory
        self.port = port
        self.weir = weir

    def ways(self):
        yield "--listen", channel_to(self.weir.listener)
        yield "grpc_proxy", channel_to("greeter:50051", self.weir.outbound)
        yield "https_proxy", channel_to("greeter:50051", self.weir.outbound, "https_proxy")
        yield "http_proxy", channel_to("greeter:50051", self.weir.outbound, "http_proxy")

    def test_calls_are_spread_over_two_addresses_by_every_way_in(self):
        for way, channel in self.ways():
            with channel as opened:
                counts = count(opened)
                print(f"    {way}: {dict(counts)}")
                assert_spread(counts, HOSTS[:2])

    def test_four_call_types(self):
        with channel_to(self.weir.listener) as channel:
            assert method(channel, "stream_unary", "Collect")(iter([b"a", b"b", b"c"]), timeout=5) == b"abc"
            assert list(method(channel, "unary_stream", "Spell")(b"weir", timeout=5)) == [b"w", b"e", b"i", b"r"]
            talked = method(channel, "stream_stream", "Talk")(iter([b"x", b"y"]), timeout=5)
            assert list(talked) == [b"X", b"Y"]

    def test_binary_metadata_both_ways(self):
        with channel_to(self.weir.listener) as channel:
            raw = bytes(range(256))
            say_hello = method(channel, "unary_unary", "SayHello")
            _, call = say_hello.with_call(b"", timeout=5, metadata=(("raw-bin", raw),))
            assert dict(call.initial_metadata())["raw-bin"] == raw
            assert dict(call.trailing_metadata())["late-bin"] == raw[::-1]

    def test_error_with_its_message(self):
        with channel_to(self.weir.listener) as channel:
            try:
                method(channel, "unary_unary", "Fail")("größer als 100 %".encode(), timeout=5)
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.NOT_FOUND, error
                assert error.details() == "größer als 100 %", error.details()
            else:
                raise AssertionError("no error arrived")

    def test_deadline(self):
        with channel_to(self.weir.listener) as channel:
            begun = time.monotonic()
            try:
                method(channel, "unary_unary", "Sleep")(b"", timeout=0.3)
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, error
                assert time.monotonic() - begun < 2
            else:
                raise AssertionError("no error arrived")

    def test_large_messages(self):
        with channel_to(self.weir.listener) as channel:
            payload = os.urandom(3 * 1024 * 1024)
            assert method(channel, "stream_unary", "Collect")(iter([payload]), timeout=20) == payload

    def test_a_typo_in_the_file_is_reported_and_changes_nothing(self):
        write_endpoints(self.directory, self.port, HOSTS[:1], SLICE.replace("endpoints:", "endpoint:"))
        line = SLICE.split("\n").index("endpoints:") + 1
        where = f"endpoints.yaml:{line}"
        until("the report", lambda: any(where in text and "endpoint" in text for text in self.weir.errors))
        with channel_to(self.weir.listener) as channel:
            assert_spread(count(channel), HOSTS[:2])
        write_endpoints(self.directory, self.port, HOSTS[:2])

    def test_a_third_address_in_the_file_gets_its_share_without_a_restart(self):
        with channel_to(self.weir.listener) as listen, channel_to("greeter:50051", self.weir.outbound) as proxied:
            assert_spread(count(listen), HOSTS[:2])
            assert_spread(count(proxied), HOSTS[:2])
            write_endpoints(self.directory, self.port, HOSTS)
            until("the third answers", lambda: HOSTS[2] in count(listen, 10), timeout=2.0)
            for channel in (listen, proxied):
                counts = count(channel, 120)
                print(f"    {dict(counts)}")
                assert_spread(counts, HOSTS)


def main():
    if sys.platform != "linux":
        print("skipped: three loopback addresses need Linux")
        return 0
    print(f"grpcio {grpc.__version__}, Python {sys.version.split()[0]}")
    port, servers = serve()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="weir-python-") as directory:
        (pathlib.Path(directory) / "service.yaml").write_text(SERVICE)
        write_endpoints(directory, port, HOSTS[:2])
        weir = Weir(directory)
        suite = Suite(directory, port, weir)
        # In the order in which they are written: the last one adds an address for good.
        tests = [name for name in Suite.__dict__ if name.startswith("test_")]
        try:
            for name in tests:
                title = name.removeprefix("test_").replace("_", " ")
                try:
                    getattr(suite, name)()
                    print(f"ok   {title}")
                except Exception:
                    failed += 1
                    print(f"FAIL {title}")
                    traceback.print_exc(file=sys.stdout)
            if failed:
                print("weir logged:\n" + "".join(weir.errors))
        finally:
            code = weir.stop()
            for server in servers:
                server.stop(None)
        if code != 0:
            failed += 1
            print(f"FAIL weir run ended with code {code} on SIGTERM")
    print(f"{len(tests)} tests, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
