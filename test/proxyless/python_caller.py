"""Calls through grpcio (C-core) and its xDS resolver, as it is told on standard input. See caller-protocol.ts."""

import base64
import json
import sys
import threading
import time

import grpc

channels = {}


def channel_to(target):
    if target not in channels:
        channels[target] = grpc.insecure_channel(target)
    return channels[target]


def server_in(reply):
    """Field 2 of EchoReply; every field before it is read over."""
    at = 0
    while at < len(reply):
        tag, at = varint(reply, at)
        if tag & 7 == 2:
            length, at = varint(reply, at)
            if tag >> 3 == 2:
                return reply[at : at + length].decode()
            at += length
        else:
            _, at = varint(reply, at)
    return ""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.servers = {}
        self.codes = {}
        self.messages = []
        self.latencies = []

    def count(self, code, server, message, begun):
        with self.lock:
            self.codes[code] = self.codes.get(code, 0) + 1
            self.latencies.append((time.monotonic() - begun) * 1000)
            if code == 0:
                self.servers[server] = self.servers.get(server, 0) + 1
            elif message not in self.messages:
                self.messages.append(message)

    def answer(self):
        with self.lock:
            return {
                "servers": dict(self.servers),
                "codes": dict(self.codes),
                "messages": list(self.messages),
                "latenciesMs": list(self.latencies),
            }


def call(order, tally):
    method = channel_to(order["target"]).unary_unary(order["method"])
    begun = time.monotonic()
    try:
        reply = method(
            base64.b64decode(order["request"]),
            timeout=order["timeoutMs"] / 1000,
            metadata=tuple(order["metadata"].items()),
        )
        tally.count(0, server_in(reply), "", begun)
    except grpc.RpcError as error:
        tally.count(error.code().value[0], "", error.details(), begun)


class Workers:
    """Threads that call while `goes_on` says so."""

    def __init__(self, order, count, goes_on):
        self.tally = Tally()
        self.threads = [threading.Thread(target=self._run, args=(order, goes_on)) for _ in range(count)]
        channel_to(order["target"])
        for thread in self.threads:
            thread.start()
            time.sleep(order.get("staggerMs", 0) / 1000)

    def _run(self, order, goes_on):
        while goes_on():
            call(order, self.tally)

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.tally.answer()


load = None
stopped = threading.Event()


def obey(order):
    global load
    op = order["op"]
    if op == "calls":
        left = [order["count"]]
        lock = threading.Lock()

        def goes_on():
            with lock:
                left[0] -= 1
                return left[0] >= 0

        return Workers(order, order["concurrency"], goes_on).join()
    if op == "start":
        stopped.clear()
        load = Workers(order, 4, lambda: not stopped.is_set())
        return Tally().answer()
    if op == "stop":
        stopped.set()
        return load.join()
    if op == "forget":
        channel = channels.pop(order["target"], None)
        if channel is not None:
            channel.close()
        return Tally().answer()
    raise ValueError(op)


print(json.dumps({"event": "ready", "version": grpc.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(obey(json.loads(line))), flush=True)
