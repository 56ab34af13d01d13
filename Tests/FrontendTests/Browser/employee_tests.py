"""What the employee sees."""

from bank import NEWEST


def accounts_are_listed(bank):
    """the employee sees all accounts, twenty a page, and finds one by its number"""
    browser = bank.browser
    browser.until(lambda: len(bank.ask("{ all_last_transactions { iban } }")["all_last_transactions"]) > 22,
                  "more than 22 accounts", 120)
    browser.open("#/bank-employee")
    browser.until(lambda: len(browser.all("#accounts tbody tr")) == 20, "a full page")
    first = browser.text("#accounts tbody tr:first-child td:first-child")
    browser.until_text("#page-number", "Page 1 of ")
    browser.one("#next-page").click()
    browser.until_text("#page-number", "Page 2 of ")
    browser.until(lambda: browser.text("#accounts tbody tr:first-child td:first-child") > first, "later accounts")
    assert "page=2" in browser.driver.current_url
    browser.driver.refresh()
    browser.until_text("#page-number", "Page 2 of ")
    browser.one("#previous-page").click()
    browser.until_text("#page-number", "Page 1 of ")
    browser.one("#previous-page").click()
    assert "Page 1 of " in browser.text("#page-number"), "there is none before the first"
    bank.looks("bank-employee")
    browser.fill("#account-filter", bank.iban[4:])
    browser.until(lambda: len(browser.all("#accounts tbody tr")) == 1, "one account")
    browser.until_text("#account-count", "1 of ")
    assert "€34,89" in browser.text("#accounts tbody tr")
    assert "Debit" in browser.text("#accounts tbody tr")


def an_account_is_followed(bank):
    """the employee follows an account: its rows, and new ones as they happen"""
    browser = bank.browser
    browser.one("#accounts tbody tr a").click()
    browser.until(lambda: len(bank.shown_events()) == 9, "its rows")
    assert browser.driver.current_url.endswith(f"#/bank-employee/{bank.iban}")
    bank.deposit(bank.iban, 777, "while followed")
    browser.until(lambda: browser.text(NEWEST) == "€7,77", "the new row")
    browser.driver.refresh()
    browser.until(lambda: browser.text(NEWEST) == "€7,77", "the same after a reload")
    bank.looks("bank-employee-follows")
