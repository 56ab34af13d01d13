"""A client of the endpoint as others would write one: HTTP, WebSocket and server-sent events, on one port.

endpoint_client.py PORT prints one JSON object with what it saw; endpoint_client.py PORT stop keeps subscriptions open
until the endpoint stops.
"""

import asyncio
import json
import sys
import uuid

import httpx
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import connect

PORT = int(sys.argv[1])
BASE = f"http://127.0.0.1:{PORT}"


async def over_http(http):
    """Makes an account, deposits and transfers; gives the account."""
    transport = HTTPXAsyncTransport(url=f"{BASE}/graphql", timeout=90)
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        made = await session.execute(
            gql('mutation { create_account(username: "python client", password: "password") { iban token reason } }'))
        account = made["create_account"]
        move = gql("""
            mutation ($uuid: String!, $token: String!, $cents: String, $from: String!, $to: String!) {
              transfer(uuid: $uuid, token: $token, amount_cents: $cents, from: $from, to: $to, descr: "by python") {
                uuid success reason
              }
            }""")
        id = str(uuid.uuid4())
        deposit = {"uuid": id, "token": "cash", "cents": "123456", "from": "cash", "to": account["iban"]}
        first = (await session.execute(move, variable_values=deposit))["transfer"]
        again = (await session.execute(move, variable_values=deposit))["transfer"]
        other = (await session.execute(move, variable_values={**deposit, "cents": "1"}))["transfer"]
        known = await session.execute(
            gql('{ account(username: "python client", password: "password") { iban token } }'))
        wrong = await session.execute(
            gql('{ account(username: "python client", password: "passwort") { iban token reason } }'))
    return account, {
        "first": first, "again": again == first, "other": other["reason"],
        "known": known["account"] == {"iban": account["iban"], "token": account["token"]},
        "wrong": wrong["account"], "id": id,
    }


async def legacy(iban, token):
    """The seed's page: sub-protocol graphql-ws on /graphql-ws, subscriptions only."""
    answers = {}
    async with connect(f"ws://127.0.0.1:{PORT}/graphql-ws", subprotocols=["graphql-ws"],
                       origin="http://localhost:8181") as socket:

        async def ask(id, query, variables):
            await socket.send(json.dumps(
                {"type": "start", "id": id, "payload": {"query": query, "variables": variables}}))

        await socket.send(json.dumps({"type": "connection_init", "payload": {}}))
        await ask("rows", """subscription ($iban: String) { stream_transactions(iban: $iban) {
            id event_id iban new_balance new_balance_cents changed_by changed_by_cents from_to descr direction } }""",
                  {"iban": iban})
        await ask("login", """subscription { get_account(username: "python client", password: "password") {
            iban token reason } }""", {})
        # The stream has begun once its later neighbour has answered: messages are handled in order.
        rows, done = [], set()
        while len(rows) < 1 or not {"login", "move"} <= done:
            message = json.loads(await asyncio.wait_for(socket.recv(), 90))
            if message["type"] == "data":
                if message["id"] == "rows":
                    rows.append(message["payload"]["data"]["stream_transactions"])
                else:
                    answers[message["id"]] = message["payload"]
            if message["type"] == "complete":
                done.add(message["id"])
                if message["id"] == "login":
                    await ask("move", """subscription ($uuid: String!, $token: String!, $iban: String!) {
                        money_transfer(uuid: $uuid, token: $token, amount: 1111, from: $iban,
                          to: "NL66OPEN0000000000", descr: "over the old protocol") { uuid success reason } }""",
                              {"uuid": str(uuid.uuid4()), "token": token, "iban": iban})
        answers["rows"] = rows
    return answers


async def modern(iban):
    """Queries over the new protocol, with paging."""
    transport = WebsocketsTransport(url=f"ws://127.0.0.1:{PORT}/graphql")
    async with Client(transport=transport) as session:
        page = gql("""query ($iban: String!, $before: ID, $count: Int!) {
            transactions_by_iban(iban: $iban, max_items: $count, before: $before) { id event_id direction } }""")
        newest = (await session.execute(page, variable_values={"iban": iban, "count": 1}))["transactions_by_iban"]
        older = (await session.execute(page, variable_values={
            "iban": iban, "count": 10, "before": str(newest[0]["id"])}))["transactions_by_iban"]
        filtered = await session.execute(gql("""query ($iban: String!) {
            pin: transactions_by_iban(iban: $iban, max_items: 10, descr_includes: "BY PYTHON") { descr }
            debits: transactions_by_iban(iban: $iban, max_items: 10, direction: DEBIT, max_amount: -1000) { descr }
            none: transactions_by_iban(iban: $iban, max_items: 10, min_amount: 1, max_amount: 2) { descr } }"""),
            variable_values={"iban": iban})
        # The other account's row comes through another partition, a little later perhaps.
        last = gql("{ all_last_transactions { iban } }")
        for _ in range(200):
            filtered.update(await session.execute(last))
            if len(filtered["all_last_transactions"]) == 2:
                break
            await asyncio.sleep(0.1)
    return {"newest": newest, "older": older, "filtered": filtered}


async def flow(http):
    """The first two events of /flow."""
    events, name = [], None
    async with http.stream("GET", f"{BASE}/flow", headers={"Origin": "http://127.0.0.1:8181"}) as response:
        allowed = response.headers.get("access-control-allow-origin")
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                events.append([name, json.loads(line[6:])])
            if len(events) == 3:
                break
    return {"allowed": allowed, "events": events}


async def main():
    async with httpx.AsyncClient(timeout=90) as http:
        account, over = await over_http(http)
        errors = {}
        for name, query in {
            "too many": '{ transactions_by_iban(iban: "x", max_items: 1001) { id } }',
            "not a number": '{ transactions_by_iban(iban: "x", max_items: 1, before: "x") { id } }',
            "unknown": "{ nothing }",
        }.items():
            response = await http.post(f"{BASE}/graphql", json={"query": query})
            errors[name] = response.json()["errors"][0]
        print(json.dumps({
            "account": account, "http": over, "errors": errors,
            "legacy": await legacy(account["iban"], account["token"]), "modern": await modern(account["iban"]),
            "flow": await flow(http),
            "graphiql": (await http.get(f"{BASE}/graphiql")).status_code,
        }))


async def subscribed(path, protocol, begin):
    """Subscribes, and gives the types of all that comes until the connection is closed, and the code of closing."""
    types = []
    async with connect(f"ws://127.0.0.1:{PORT}{path}", subprotocols=[protocol]) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.send(json.dumps({
            "type": begin, "id": "1", "payload": {"query": "subscription { stream_transactions { event_id } }"}}))
        async for message in socket:
            types.append(json.loads(message)["type"])
    return {"types": types, "code": socket.close_code}


async def until_stopped():
    """Also asks for /flow, of which the endpoint gives one at a time here."""
    async with httpx.AsyncClient(timeout=90) as http:
        async with http.stream("GET", f"{BASE}/flow") as first:
            second = await http.get(f"{BASE}/flow")
            flow = {"first": first.status_code, "second": second.status_code,
                    "retry": second.headers.get("retry-after")}
    sockets = await asyncio.gather(
        subscribed("/graphql", "graphql-transport-ws", "subscribe"), subscribed("/graphql-ws", "graphql-ws", "start"))
    print(json.dumps({"flow": flow, "sockets": sockets}))


asyncio.run(until_stopped() if sys.argv[2:] == ["stop"] else main())
