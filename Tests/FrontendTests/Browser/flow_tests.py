"""The flow view."""

import re

from browser import DESKTOP


def the_flow_is_drawn(bank):
    """the flow view draws services, topics and databases, with rates that the table has too"""
    browser = bank.browser
    browser.open("#/flow")
    browser.until(lambda: len(browser.all(".node.topic")) >= 9, "topics")
    names = browser.script("return [...document.querySelectorAll('.node')].map((node) => node.dataset.name)")
    for name in ("command_handler", "graphql_endpoint", "balance_changed", "balancedb", "transactiondb"):
        assert name in names, names
    assert len(browser.all(".arrow.write")) == 2 and len(browser.all(".arrow.read")) == 2, "arrows of the databases"
    browser.until(lambda: browser.all(".node.topic.busy[data-name=balance_changed]"), "messages on balance_changed", 30)
    browser.until(lambda: browser.all(".arrow.busy[data-topic=balance_changed] .dots"), "dots on its arrows")
    rate = browser.until(lambda: figures(browser, "balance_changed"), "figures in the table")
    assert rate["records"] > 0 and rate["second"] != "0", rate
    assert figures(browser, "bank_meta")["second"] == "0", "a topic on which nothing happens"
    before = rate["records"]
    browser.until(lambda: figures(browser, "balance_changed")["records"] > before, "more records")
    bank.looks("flow", has_dark=True)
    browser.script("document.querySelector('.node[data-name=balance_changed]').dispatchEvent(new Event('click'))")
    browser.until_text(".flow-about", "Written by command_handler")
    bank.looks("flow-chosen")


def motion_is_spared(bank):
    """who prefers less motion sees no dots"""
    browser = bank.browser
    browser.resize(*DESKTOP, still=True)
    browser.open("#/flow")
    browser.until(lambda: browser.all(".node.topic.busy"), "messages", 30)
    assert not browser.all(".arrow .dots") and not browser.script("return document.getAnimations().length")
    browser.resize(*DESKTOP)


def figures(browser, topic):
    cells = browser.script("return [...document.querySelectorAll(`#flow-table tr[data-topic=${arguments[0]}] td`)]"
                           ".map((cell) => cell.textContent)", topic)
    if len(cells) != 5 or cells[1] == "–":
        return None
    return {"second": cells[0], "records": int(re.sub(r"\D", "", cells[1]))}
