"""Clients of a GraphQL server's event streams: stream_peer.py PORT CASE. A case asserts what it sees."""

import json
import socket
import sys
import threading
import time

import httpx
import requests

PORT = int(sys.argv[1])
BASE = f"http://127.0.0.1:{PORT}"
STREAM = f"{BASE}/graphql/stream"
SSE = {"Accept": "text/event-stream"}
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def stats():
    return requests.post(f"{BASE}/graphql", json={"query": "{stats}"}, timeout=60).json()["data"]["stats"]


def stats_until(**wanted):
    for _ in range(400):
        found = stats()
        if all(found[name] == value for name, value in wanted.items()):
            return found
        time.sleep(0.05)
    raise AssertionError(f"the server counts {found}, not {wanted}")


def events(lines):
    """(event, data) pairs of a stream's lines, as the HTML standard reads them; comments as (None, text)."""
    event, data = "message", []
    for line in lines:
        if line == "":
            if data:
                yield event, "\n".join(data)
            event, data = "message", []
        elif line.startswith(":"):
            yield None, line
        else:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "data":
                data.append(value)
    assert event == "message" and not data, "the stream ended within an event"


def named(lines):
    return [(event, json.loads(data) if data else None) for event, data in events(lines) if event]


@case
def operations():
    expected = [("next", {"data": {"three": number}}) for number in [1, 2, 3]] + [("complete", None)]
    with httpx.Client(timeout=60) as client:
        for method, parameters in [
            ("POST", {"json": {"query": "subscription{three}"}}), ("GET", {"params": {"query": "subscription{three}"}}),
        ]:
            for accept in ["text/event-stream", "*/*", "text/*;q=0.5"]:
                with client.stream(method, STREAM, headers={"Accept": accept}, **parameters) as answer:
                    assert answer.status_code == 200
                    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8", answer.headers
                    assert answer.headers["cache-control"] == "no-store"
                    assert named(answer.iter_lines()) == expected
        answer = client.post(STREAM, headers=SSE, json={"query": "{variable}", "variables": {"value": "a\n\u2028b"}})
        assert named(answer.text.split("\n")) == [("next", {"data": {"variable": "a\n\u2028b"}}), ("complete", None)]
        answer = client.post(STREAM, headers=SSE, json={"query": "mutation{__typename}"})
        assert named(answer.text.split("\n"))[0] == ("next", {"data": {"__typename": "Mutation"}})
        answer = client.get(STREAM, headers={**SSE, "Authorization": "Bearer z"}, params={"query": "{whoami}"})
        who = named(answer.text.split("\n"))[0][1]["data"]["whoami"]
        assert who["transport"] == "eventStream" and who["authorization"] == "Bearer z", who
        assert who["address"] == "127.0.0.1", who
    stats_until(open=0, subscriptions=0)


@case
def errors():
    for query, code in [("subscription{refused}", "NO"), ("{nosuch}", None), ("{", None)]:
        answer = requests.post(STREAM, headers=SSE, json={"query": query}, timeout=20)
        found = named(answer.text.split("\n"))
        assert answer.status_code == 200 and len(found) == 2 and found[1] == ("complete", None), found
        assert found[0][0] == "next" and "data" not in found[0][1], found
        assert found[0][1]["errors"][0].get("extensions", {}).get("code") == code, found
    for query, code in [("subscription{broken}", "SOURCE"), ("subscription{crash}", "INTERNAL")]:
        found = named(requests.post(STREAM, headers=SSE, json={"query": query}, timeout=20).text.split("\n"))
        assert [event for event, _ in found] == ["next", "next", "complete"], found
        assert found[1][1]["errors"][0]["extensions"]["code"] == code, found
    for status, method, more in [
        (406, "POST", {"headers": {"Accept": "application/json"}, "json": {"query": "{hello}"}}),
        (415, "POST", {"headers": SSE, "data": {"query": "{hello}"}}),
        (400, "POST", {"headers": SSE, "json": [{"query": "{hello}"}]}), (400, "POST", {"headers": SSE, "json": {}}),
        (400, "GET", {"headers": SSE}), (405, "GET", {"headers": SSE, "params": {"query": "mutation{publish}"}}),
        (405, "PUT", {"headers": SSE}),
    ]:
        answer = requests.request(method, STREAM, timeout=20, **more)
        assert answer.status_code == status, (status, answer.status_code, more)
        assert answer.json()["errors"][0]["message"], answer.text
    assert stats()["open"] == 0


@case
def going():
    """A client that goes is noticed at once, and its subscription is cancelled."""
    for query in ["subscription{ticks}", "subscription{never}"]:
        with httpx.Client(timeout=60) as client:
            with client.stream("POST", STREAM, headers=SSE, json={"query": query}) as answer:
                # Kept, because the stream is closed with its iterator.
                found = events(answer.iter_lines())
                assert next(found)[0] is None, "a comment comes first"
                stats_until(open=1, subscriptions=1)
        stats_until(open=0, subscriptions=0)


@case
def keep_alive():
    with httpx.stream("GET", STREAM, headers=SSE, params={"query": "subscription{never}"}, timeout=60) as answer:
        comments = 0
        for event, _ in events(answer.iter_lines()):
            assert event is None
            comments += 1
            if comments == 4:
                break


@case
def generic():
    """A stream of the service's own, with data of two lines."""
    with httpx.stream("GET", f"{BASE}/events", headers={"Origin": "https://bank.example"}, timeout=60) as answer:
        assert answer.headers["access-control-allow-origin"] == "https://bank.example"
        found = []
        for event, data in events(answer.iter_lines()):
            if event:
                found.append((event, data))
            if len(found) == 3:
                break
    assert found == [("number", f"{count}\nof many") for count in [1, 2, 3]], found
    stats_until(open=0)


@case
def slow_reader():
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", PORT))
    slow.sendall(b"GET /graphql/stream?query=subscription%7Bhub%7D HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    results = []

    def read():
        with httpx.stream("GET", STREAM, params={"query": "subscription{hub}"}, timeout=60) as answer:
            for event, data in events(answer.iter_lines()):
                if event == "next":
                    results.append(json.loads(data)["data"]["hub"]["n"])
                if len(results) == 3000:
                    return

    reading = threading.Thread(target=read)
    reading.start()
    stats_until(listening=2)
    requests.post(
        f"{BASE}/graphql", timeout=60,
        json={"query": "mutation{publish}", "variables": {"count": 3000, "bytes": 4000}})
    reading.join(60)
    assert results == list(range(3000)), len(results)
    found = stats_until(open=0, listening=0)
    assert found["dropped"] == 1, found
    slow.close()


def ended(connection):
    """Reads until the server has closed; returns what came."""
    connection.settimeout(20)
    data = b""
    try:
        while part := connection.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


POST = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@case
def deadlines():
    # Nothing at all, half a head, a head without its body.
    for text in [b"", b"GET /graphql HTTP/1.1\r\nHo", POST + b"Content-Length: 1000\r\n\r\n["]:
        connection = socket.create_connection(("127.0.0.1", PORT))
        connection.sendall(text)
        assert b" 200 " not in ended(connection)
    # A body that comes byte by byte is no better.
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.sendall(POST + b"Content-Length: 1000\r\n\r\n[")
    try:
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)
        raise AssertionError("it may go on for ten times the deadline")
    except ConnectionError:
        pass
    body = json.dumps({"query": "{variable}", "variables": {"value": "x" * (24 << 20)}}).encode()
    request = POST + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    deaf, slow = socket.socket(), socket.socket()
    for one in [deaf, slow]:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        one.connect(("127.0.0.1", PORT))
        one.sendall(request)
    # Slow, and longer at it than the deadline.
    got = 0
    for number in range(1, 13):
        time.sleep(0.4)
        while got < number * (3 << 19):
            part = slow.recv(1 << 20)
            assert part, f"closed after {got} bytes, while they were read"
            got += len(part)
    while got < 24 << 20:
        part = slow.recv(1 << 20)
        assert part, f"closed after {got} bytes"
        got += len(part)
    slow.close()
    # The one that asks.
    stats_until(http=1)
    assert len(ended(deaf)) < 24 << 20
    # A stream whose client reads stays, however little there is to say.
    stream = socket.create_connection(("127.0.0.1", PORT))
    stream.sendall(b"GET /graphql/stream?query=subscription%7Bnever%7D HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    stream.settimeout(3)
    try:
        while stream.recv(4096):
            pass
        raise AssertionError("the stream ended")
    except TimeoutError:
        pass


@case
def too_many():
    held = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]
    for one in held:
        one.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 200 ")
    third = socket.create_connection(("127.0.0.1", PORT))
    third.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert ended(third).startswith(b"HTTP/1.1 503 ")
    assert ended(socket.create_connection(("127.0.0.1", PORT))) == b""
    held[0].close()
    for _ in range(400):
        answer = requests.get(f"{BASE}/health", headers={"Connection": "close"}, timeout=20)
        if answer.status_code == 200:
            break
        time.sleep(0.05)
    assert answer.text == "well", answer.text


CASES[sys.argv[2]]()
print("ok")
