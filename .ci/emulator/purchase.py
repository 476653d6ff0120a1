"""A shop and its shopper: one order paid by a webhook, one found by the reconciler, one that outlives the stack."""
import json
import time
import uuid

from failure import Failure, require
from gateway import Request
from processes import post

SHOP = "https://shop.example"
WAIT_S = 20
JSON = {"content-type": "application/json"}
# One back-office request for each function that a purchase does not use.
BACK_OFFICE = [("create-checkout-session", "/admin/checkout-sessions"), ("customers", "/admin/customers"), ("link-generator", "/admin/payment-links"),
               ("operations", "/admin/quarantine"), ("operations", "/admin/health"), ("orders", "/admin/orders")]


class Shop:
    """A merchant, their shop and its shopper, in front of the deployed stack."""

    def __init__(self, functions, lomi, table, table_name):
        self.functions, self.lomi, self.table, self.table_name = functions, lomi, table, table_name

    def offer(self):
        """The merchant puts a product on sale."""
        body = json.dumps({"title": "Tasse en grès", "currency_code": "XOF", "amount": 6500}).encode()
        answer = self.functions.send("catalog", Request(
            "PUT /admin/products/{sku}", "/admin/products/MUG-01", JSON, body, {"sku": "MUG-01"}, iam=True))
        require(answer.status == 200, f"catalog answered {answer.status} to a product: {answer.text()}")
        answer = self.functions.send("catalog", Request("GET /products", "/products"))
        require("MUG-01" in answer.text(), f"the shop does not see the product: {answer.text()}")

    def create(self, binary, path, members):
        """An order for two cups, by page or by card form."""
        headers = {**JSON, "idempotency-key": str(uuid.uuid4())}
        body = json.dumps({"items": [{"sku": "MUG-01", "quantity": 2}], **members}).encode()
        answer = self.functions.send(binary, Request(f"POST {path}", path, headers, body))
        require(answer.status == 201, f"{binary} answered {answer.status}: {answer.text()}")
        order = answer.json()
        require(order["amount"] == 13000, f"two cups of 6500 francs cost {order['amount']}")
        return order

    def open_order(self):
        urls = {name: f"{SHOP}/return.html#{{ORDER_ID}}.{{ORDER_TOKEN}}" for name in ("success_url", "cancel_url")}
        return self.create("create-checkout-session", "/checkout-sessions", urls)

    def visit_every_function(self):
        """Each function starts with its own variables and works with its own permissions."""
        shopper = {"customer_email": "awa@shop.example", "customer_name": "Awa Koné"}
        self.create("create-payment-intent", "/payment-intents", shopper)
        for binary, path in BACK_OFFICE:
            answer = self.functions.send(binary, Request(f"GET {path}", path, iam=True))
            require(answer.status == 200, f"{binary} answered {answer.status} to GET {path}: {answer.text()}")

    def pay(self, order):
        post(f"{self.lomi}/_sim/sessions/{order['checkout_session_id']}/pay", {"method": "wave"})

    def status(self, order):
        """The order as its return page shows it."""
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
        """The order in the table: unlike the return page, this calls no function."""
        return self.stored(f"ORDER#{order['order_id']}", "ORDER")["status"]["S"]

    def require_told(self, order):
        item = self.stored(f"OUTBOX#{order['order_id']}#order.paid", "OUTBOX")
        require(item, f"the table has no outbox item for {order['order_id']}, though it is paid")

    def make_due(self, order):
        """Makes the order due now instead of in some minutes; nothing else changes."""
        self.table.update_item(
            TableName=self.table_name, Key={"PK": {"S": f"ORDER#{order['order_id']}"}, "SK": {"S": "ORDER"}},
            UpdateExpression="SET due_at_ms = :now", ConditionExpression="attribute_exists(due_at_ms)",
            ExpressionAttributeValues={":now": {"N": "0"}})


def by_webhook(shop, receiver):
    """An order is paid by lomi's signed event alone."""
    order = shop.open_order()
    receiver.answers.clear()
    shop.pay(order)
    answer = first(receiver.answers)
    if isinstance(answer, Exception):
        raise answer
    require(answer.status == 200 and answer.json().get("outcome") == "applied",
            f"webhook-handler answered {answer.status} to lomi.'s event: {answer.text()}")
    status = shop.stored_status(order)
    require(status == "paid", f"the order is {status} after its event")
    status = shop.status(order)
    require(status == "paid", f"the return page shows {status} after the event")
    shop.require_told(order)


def by_reconciler(shop, receiver):
    """The event of a paid order is lost; the reconciler polls lomi."""
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


def outlives(shop, delete):
    """The orders are still in the table after the stack is deleted."""
    order = shop.open_order()
    delete()
    require(not shop.functions.exists("orders"), "the stack is deleted, and still has functions")
    try:
        status = shop.stored_status(order)
    except shop.table.exceptions.ResourceNotFoundException as gone:
        raise Failure("the deleted stack took its orders along") from gone
    require(status == "open", f"the order is {status} after the stack is deleted")


def first(answers):
    deadline = time.monotonic() + WAIT_S
    while not answers:
        if time.monotonic() > deadline:
            raise Failure(f"lomi. sent no event within {WAIT_S} s")
        time.sleep(0.05)
    return answers[0]
