"""Runs modules.js in the page that is served at argv[1]."""

import pathlib
import sys

from browser import Browser, report

source = (pathlib.Path(__file__).parent / "modules.js").read_text()
with Browser(sys.argv[1]) as browser:
    browser.open("#/background")
    report(browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "const failed = (error) => done([{ name: 'modules.js', failure: String(error) }]);"
        f"(async () => {{ {source} }})().then(done, failed);"))
