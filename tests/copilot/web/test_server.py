import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

SERVE = """
import sys
from pathlib import Path
from copilot.settings import Settings
from copilot.web.server import run
run(Settings(workspace=Path(sys.argv[1]), encoder="hash"), "127.0.0.1", 0)
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_server_with_open_streams_stops_when_asked_and_ends_them(filled: Path, asked: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(filled)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        transport = httpx2.HTTPTransport(retries=20)
        with (
            httpx2.Client(transport=transport, timeout=20) as client,
            client.stream("GET", f"{url}/v1/stream") as stream,
        ):
            lines = stream.iter_lines()
            next(lines)
            process.send_signal(asked)
            assert "event: " not in "".join(lines)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.stdout.close()
