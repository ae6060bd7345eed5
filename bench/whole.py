"""Against a real server and account: samples to the spool as tokens, a page with 5 000 names, and an agent that idles on a display.

``python -m bench.whole`` prints one JSON object. ``--seconds`` is how long the agent is watched.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from reteamz.agent.control import Request, ask
from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.demo.server import free_port, serving
from reteamz.owner.client import Owner
from reteamz.wire.roster import Mode

PASSWORD = "correct horse battery staple"
NAMES = 5_000
RUNS = 5
LAST_NAME_READABLE = """() => new Promise(done => {
    const look = () => {
        const names = document.querySelectorAll("#ranking tbody th .name");
        const last = names[names.length - 1];
        if (document.documentElement.classList.contains("started") && last && !last.textContent.startsWith("rtz1."))
            // Readable is what was drawn: the frame after this one begins when this one's layout is done.
            requestAnimationFrame(() => done([performance.now(), names.length]));
        else requestAnimationFrame(look);
    };
    look();
})"""

SINCE_LOAD = "readable => [readable, readable - (performance.timing.loadEventEnd - performance.timing.navigationStart)]"


def now() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def samples(count: int) -> list[Sample]:
    """Return seconds of distinct titles."""
    start = now() - 3_600_000 - count * 1_000
    return [
        Sample(
            start + n * 1_000, duration=1_000, person="Otti Marsh", app="Writer", title=f"Offer {n:05} for row {n % 97}"
        )
        for n in range(count)
    ]


def enrolled(owner: Owner, folder: Path, http: httpx.Client, pulse: int) -> Device:
    """Return a confirmed computer."""
    enroll(folder, owner.enrolment_code(), http, now)
    device = Device.open(folder, http, now, pulse_ms=pulse)
    owner.confirm(owner.waiting())
    device.sync.poll_once()
    return device


def to_spool(owner: Owner, folder: Path, http: httpx.Client) -> dict[str, int]:
    """Return samples a second through merge, policy, tokens, signature and a durable spool: distinct titles, and the same again."""
    device = enrolled(owner, folder, http, 0)
    told = {}
    for what in ("distinct_titles_per_s", "known_titles_per_s"):
        seen = samples(20_000)
        began = time.perf_counter()
        for sample in seen:
            device.feed(sample)
        device.flush()
        told[what] = round(len(seen) / (time.perf_counter() - began))
    device.close()
    return told


def page_of_names(url: str, folder: Path, mode: Mode, http: httpx.Client) -> dict[str, Any]:
    """Return when the last of 5 000 names is readable: after the click, and after the page has loaded."""
    owner = Owner.sign_up(url, f"{mode}@company.example", PASSWORD, "Works", mode=mode, now=now)
    device = enrolled(owner, folder, http, 0)
    for sample in samples(NAMES):
        device.feed(sample)
    device.flush()
    device.sync.push_all()
    device.close()
    owner.close()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        _log_in(page, url, f"{mode}@company.example")
        taken = []
        for _ in range(RUNS):
            page.goto(f"{url}/titles?sort=name&range=last7", wait_until="commit")
            readable, count = page.evaluate(LAST_NAME_READABLE)
            assert count == NAMES, count
            page.wait_for_function("performance.timing.loadEventEnd > 0")
            taken.append(page.evaluate(SINCE_LOAD, readable))
        browser.close()
    return {
        "since_the_click_ms": round(statistics.median(whole for whole, _ in taken)),
        "since_load_ms": round(statistics.median(since for _, since in taken)),
    }


def _log_in(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{url}/")
    page.wait_for_selector("html.started", state="attached")


@contextmanager
def display() -> Iterator[str]:
    """Run an X server of our own."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-noreset"]
    process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def agent_at(folder: Path, screen: str) -> Iterator[int]:
    """Run an agent on a display; yield its process once it is at work."""
    command = [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder), "run", "--port", "0"]
    agent = subprocess.Popen(command, env={**os.environ, "DISPLAY": screen}, stdout=subprocess.DEVNULL)
    while ask(folder, Request("status")) is None:
        assert agent.poll() is None
        # It tells nobody when it is ready: it is asked.
        time.sleep(0.1)
    # The start itself is not what is measured.
    time.sleep(5)
    try:
        yield agent.pid
    finally:
        agent.terminate()
        agent.wait(30)


def idle_agent(owner: Owner, folder: Path, http: httpx.Client, seconds: int) -> dict[str, Any]:
    """Return what an agent costs that looks once a second at a display where nothing happens."""
    enrolled(owner, folder, http, 5_000).close()
    with display() as number:
        window = subprocess.Popen(
            ["xterm", "-T", "Offer 4711", "-e", "sleep", "3600"], env={**os.environ, "DISPLAY": number}
        )
        with agent_at(folder, number) as agent:
            before, began = cpu_s(agent), time.monotonic()
            time.sleep(seconds)
            spent, passed = cpu_s(agent) - before, time.monotonic() - began
            resident = resident_mb(agent)
        window.terminate()
        window.wait(30)
    return {
        "seconds": round(passed),
        "cpu_percent": round(100 * spent / passed, 2),
        "resident_mb": round(resident, 1),
    }


def cpu_s(pid: int) -> float:
    """Return the processor's time that a process has spent, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def resident_mb(pid: int) -> float:
    """Return how much memory a process holds, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="bench-") as name, httpx.Client() as http:
        folder = Path(name)
        with serving(folder / "server", free_port()) as url:
            owner = Owner.sign_up(url, "bench@company.example", PASSWORD, "Works", now=now)
            told = {
                "sample_to_spool": to_spool(owner, folder / "spool", http),
                "page_of_5000_names": page_of_names(url, folder / "encrypted", "encrypted", http),
                "the_same_page_plain": page_of_names(url, folder / "plain", "plain", http),
                "idle_agent": idle_agent(owner, folder / "idle", http, seconds),
            }
            owner.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
