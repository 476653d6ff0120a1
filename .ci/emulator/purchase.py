"""Two orders through the deployed functions: one that a webhook turns paid, one that the reconciler has to find."""
import json
import time
import uuid

from gateway import Request
from failure import Failure, require
from processes import post

SHOP = "https://shop.example"
WAIT_S = 20
# The functions that take part.
FUNCTIONS = {"catalog", "create-checkout-session", "orders", "reconciler", "webhook-handler"}


class Shop:
    """A merchant, their shop and its shopper, in front of the deployed stack."""

    def __init__(self, functions, lomi, table, table_name):
        self.functions, self.lomi, self.table, self.table_name = functions, lomi, table, table_name

    def offer(self):
        """The merchant puts a product on sale."""
        body = json.dumps({"title": "Tasse en grès", "currency_code": "XOF", "amount": 6500}).encode()
        answer = self.functions.send("catalog", Request(
            "PUT /admin/products/{sku}", "/admin/products/MUG-01", {"content-type": "application/json"}, body,
            {"sku": "MUG-01"}, iam=True))
        require(answer.status == 200, f"catalog answered {answer.status} to a product: {answer.text()}")

    def open_order(self):
        """The shopper goes to pay two cups."""
        urls = {name: f"{SHOP}/return.html#{{ORDER_ID}}.{{ORDER_TOKEN}}" for name in ("success_url", "cancel_url")}
        body = json.dumps({"items": [{"sku": "MUG-01", "quantity": 2}], **urls}).encode()
        headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
        answer = self.functions.send(
            "create-checkout-session", Request("POST /checkout-sessions", "/checkout-sessions", headers, body))
        require(answer.status == 201, f"create-checkout-session answered {answer.status}: {answer.text()}")
        order = answer.json()
        require(order["amount"] == 13000, f"two cups of 6500 francs cost {order['amount']}")
        return order

    def pay(self, order):
        post(f"{self.lomi}/_sim/sessions/{order['checkout_session_id']}/pay", {"method": "wave"})

    def status(self, order):
        """What the order's return page shows."""
        path = f"/orders/{order['order_id']}"
        answer = self.functions.send("orders", Request(
            "GET /orders/{order_id}", path, {"authorization": f"Bearer {order['order_token']}"}, b"",
            {"order_id": order["order_id"]}))
        require(answer.status == 200, f"orders answered {answer.status}: {answer.text()}")
        return answer.json()["status"]

    def stored(self, key, kind):
        """One item of the table, by its keys."""
        keys = {"PK": {"S": key}, "SK": {"S": kind}}
        return self.table.get_item(TableName=self.table_name, Key=keys, ConsistentRead=True).get("Item")

    def stored_status(self, order):
        """What the table holds: unlike the return page, it asks nobody."""
        return self.stored(f"ORDER#{order['order_id']}", "ORDER")["status"]["S"]

    def require_told(self, order):
        item = self.stored(f"OUTBOX#{order['order_id']}#order.paid", "OUTBOX")
        require(item, f"the table has no outbox item for {order['order_id']}, though it is paid")

    def make_due(self, order):
        """The reconciler's turn comes now, not in some minutes: nothing but the clock is brought forward."""
        self.table.update_item(
            TableName=self.table_name, Key={"PK": {"S": f"ORDER#{order['order_id']}"}, "SK": {"S": "ORDER"}},
            UpdateExpression="SET due_at_ms = :now", ConditionExpression="attribute_exists(due_at_ms)",
            ExpressionAttributeValues={":now": {"N": "0"}})


def by_webhook(shop, receiver):
    """An order is paid, and lomi.'s signed event is all that tells of it."""
    order = shop.open_order()
    receiver.answers.clear()
    shop.pay(order)
    answer = first(receiver.answers)
    if isinstance(answer, Exception):
        raise answer
    outcome = answer.text()
    require(answer.status == 200 and answer.json().get("outcome") == "applied",
            f"webhook-handler answered {answer.status} to lomi.'s event: {outcome}")
    status = shop.stored_status(order)
    require(status == "paid", f"the order is {status} after its event")
    status = shop.status(order)
    require(status == "paid", f"the return page shows {status} after the event")
    shop.require_told(order)


def by_reconciler(shop, receiver):
    """The event of a paid order is lost; the reconciler asks lomi."""
    order = shop.open_order()
    receiver.answers.clear()
    post(f"{shop.lomi}/_sim/faults", {"target": "webhook", "kind": "lose"})
    shop.pay(order)
    status = shop.stored_status(order)
    require(status == "open" and not receiver.answers, f"the order is {status} although nobody told")
    shop.make_due(order)
    shop.functions.invoke("reconciler", {})
    status = shop.stored_status(order)
    require(status == "paid", f"the order is {status} after the reconciler's run")
    require(shop.status(order) == "paid", "the return page does not show what the reconciler found")
    shop.require_told(order)


def first(answers):
    deadline = time.monotonic() + WAIT_S
    while not answers:
        if time.monotonic() > deadline:
            raise Failure(f"lomi. sent no event within {WAIT_S} s")
        time.sleep(0.05)
    return answers[0]
