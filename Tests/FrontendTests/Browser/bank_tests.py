"""The page of a bank that runs, as people use it.

argv: the page's address, the endpoint's port, the bank's home, the folder for screenshots, the names of tests to run
instead of all.
"""

import sys

import client_tests as client
import employee_tests as employee
import fault_tests as fault
import flow_tests as flow
import view_tests as view
from bank import Bank
from browser import Browser, run

# In this order: most go on with the account that an earlier one has made.
TESTS = [
    view.home_is_live, client.short_passwords_are_refused, client.an_account_is_made, client.deposits_appear,
    client.transfers_appear, client.transfer_by_keyboard, client.refusals_are_told, client.client_looks,
    client.fields_are_asked_for, client.rows_are_chosen, client.the_token_stays_in_memory,
    client.passwords_are_checked, employee.accounts_are_listed, employee.an_account_is_followed, flow.the_flow_is_drawn,
    flow.motion_is_spared, fault.a_restart_loses_nothing_and_pays_once, fault.a_second_press_does_not_pay_twice,
    client.older_rows_are_shown, view.other_views_look, view.nothing_jumps_while_it_fills, view.the_keyboard_is_enough, view.the_background_leads_on,
    view.the_browser_has_no_complaints,
]

if __name__ == "__main__":
    page, port, home, shots = sys.argv[1:5]
    only = sys.argv[5:]
    with Browser(page) as browser:
        run([test for test in TESTS if not only or test.__name__ in only], Bank(browser, int(port), home, shots))
