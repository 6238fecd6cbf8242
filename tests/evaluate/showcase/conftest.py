"""A browser without a window, spoken to in WebDriver's own words; and photographs to show."""

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from paragonsr.evaluate.showcase import folder
from paragonsr.evaluate.showcase.gallery import Gallery, gather

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
AXE = "axe-core@4.14.1"


class Browser:
    """Chromium through ChromeDriver (W3C WebDriver, and Chrome's own commands through `devtools`)."""

    def __init__(self, port: int, profile: Path) -> None:
        self._root = f"http://127.0.0.1:{port}"
        options = {"args": [*FLAGS, f"--user-data-dir={profile}"]}
        logs = {"browser": "ALL", "performance": "ALL"}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logs}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._root += f"/session/{session['sessionId']}"

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def devtools(self, command: str, **parameters: Any) -> Any:
        """A command of Chrome's DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width: int, height: int, ratio: float = 1, *, phone: bool = False) -> None:
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio, mobile=phone
        )
        self.devtools("Emulation.setTouchEmulationEnabled", enabled=phone)

    def scheme(self, name: str) -> None:
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def open(self, url: str) -> None:
        """Load a page; what was logged before is forgotten."""
        self.log("browser")
        self.log("performance")
        self._call("POST", "/url", {"url": url})

    def js(self, code: str, *arguments: Any) -> Any:
        """The value that a function's body returns, or that of the promise it returns."""
        return self._call("POST", "/execute/sync", {"script": code, "args": list(arguments)})

    def axe(self, script: str) -> list[dict[str, Any]]:
        """What axe-core finds serious or critical in the page as it is."""
        self.js(script)
        found = self.js("return axe.run().then((result) => result.violations)")
        return [one for one in found if one["impact"] in ("serious", "critical")]

    def wait(self, code: str) -> None:
        """Until the expression is true, for ten seconds."""
        end = time.monotonic() + 10
        while not self.js(f"return !!({code})"):
            assert time.monotonic() < end, f"never true: {code}"
            time.sleep(0.02)

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, touch: bool = False) -> None:
        """Press at a place of the window, move to another, let go."""
        pause = {"type": "pointerMove", "duration": 40, "origin": "viewport"}
        actions = [
            {"type": "pointerMove", "duration": 0, "x": round(start[0]), "y": round(start[1])},
            {"type": "pointerDown", "button": 0},
            pause | {"x": round((start[0] + end[0]) / 2), "y": round((start[1] + end[1]) / 2)},
            pause | {"x": round(end[0]), "y": round(end[1])},
            {"type": "pointerUp", "button": 0},
        ]
        kind = {"pointerType": "touch" if touch else "mouse"}
        source = {"type": "pointer", "id": kind["pointerType"], "parameters": kind, "actions": actions}
        self._call("POST", "/actions", {"actions": [source]})

    def press(self, *keys: str) -> None:
        """Hold all of these keys, the last one last, and let go."""
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def picture(self) -> NDArray[np.uint8]:
        """What is in the window."""
        with Image.open(BytesIO(base64.b64decode(self._call("GET", "/screenshot")))) as image:
            return np.asarray(image.convert("RGB"))

    def log(self, kind: str) -> list[Any]:
        """What was logged since the last call: `browser` (console), `performance` (network among others)."""
        return self._call("POST", "/se/log", {"type": kind})

    def requests(self) -> list[str]:
        """The addresses of everything that was fetched since the last call, but for data inside the page."""
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith("data:")]

    def quit(self) -> None:
        self._call("DELETE", "")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests, skipped where it is missing (Debian: apt-get install chromium chromium-driver)."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("Chromium and ChromeDriver are not installed")
    log = tmp_path_factory.mktemp("chromedriver") / "log"
    with log.open("w") as out, subprocess.Popen(["chromedriver", "--port=0"], stdout=out, stderr=out) as driver:
        try:
            yield Browser(_port(log), tmp_path_factory.mktemp("profile"))
        finally:
            driver.terminate()


def _port(log: Path) -> int:
    """The free port that ChromeDriver has taken, as it says itself."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            if "started successfully on port" in line:
                return int(line.rstrip(".").rsplit(" ", 1)[1])
        time.sleep(0.05)
    raise AssertionError(f"ChromeDriver did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest) -> str:
    """axe-core's script, from npm into pytest's cache; skipped where npm or its registry cannot be reached."""
    folder = request.config.cache.mkdir(AXE.replace("@", "-"))
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not installed, and axe-core comes from it")
        done = subprocess.run([npm, "install", "--no-save", "--prefix", folder, AXE], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"axe-core cannot be had from npm: {done.stderr.splitlines()[-1:]}")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """24 crops of real photographs in 6 versions: scikit-image's three, each several times, moved around."""
    images = tmp_path_factory.mktemp("images")
    photographs = {"astronaut": data.astronaut(), "coffee": data.coffee(), "chelsea": data.chelsea()}
    for name, photograph in photographs.items():
        for turn in range(4):
            moved = np.roll(photograph, (turn * 60, turn * 90), (0, 1))
            Image.fromarray(moved).save(images / f"{name} {turn}.png", compress_level=1)
    (images / "broken <b>&.png").write_bytes(b"no picture")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARAGONSR_ASSETS", str(images))  # where no weights are
        return gather(["perceptual", "fidelity"], images, provider="cpu", threads=1)


@pytest.fixture(scope="session")
def shown(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that showcase."""
    out = tmp_path_factory.mktemp("out") / "showcase"
    folder.prepare(out, overwrite=False)
    folder.write(gallery, out)
    return out
