"""A client of the kernel under test, for the tests beside this file."""

import os
import subprocess
import time
import unittest
from pathlib import Path
from queue import Empty

ROOT = Path(__file__).resolve().parents[2]
os.environ["JUPYTER_PATH"] = str(ROOT / "jupyter")  # read by jupyter_core when it is imported

from jupyter_client.manager import start_new_kernel  # noqa: E402

HOOK = 'const hook = (globalThis as any)[Symbol.for("sparselens.kernel")];\n'


class Cell:
    """What became of a cell: its reply, and the messages it published, status aside."""

    def __init__(self, reply, messages):
        self.reply = reply
        self.messages = messages

    @property
    def types(self):
        return [message["msg_type"] for message in self.messages]

    def contents(self, kind):
        return [message["content"] for message in self.messages if message["msg_type"] == kind]

    def text(self, name="stdout"):
        return "".join(c["text"] for c in self.contents("stream") if c["name"] == name)

    @property
    def result(self):
        return next((c["data"]["text/plain"] for c in self.contents("execute_result")), None)

    def shown(self):
        """The plain text of displays and of the result, in their order."""
        kinds = ("display_data", "update_display_data", "execute_result")
        return [m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] in kinds]


class KernelCase(unittest.TestCase):
    """Cases on one kernel, which runs in notebooks/."""

    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = start_new_kernel(
            kernel_name="sparselens",
            cwd=str(ROOT / "notebooks"),
            startup_timeout=60,
            stderr=subprocess.DEVNULL,  # what is for the terminal
        )

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel(now=True)

    def send(self, code, **options):
        """Sends a cell and returns the id of its request."""
        return self.client.execute(code, **{"allow_stdin": False, **options})

    def reply(self, request, timeout=30):
        while True:
            message = self.client.get_shell_msg(timeout=timeout)
            if message["parent_header"]["msg_id"] == request:
                return message["content"]

    def published(self, request, timeout=30):
        """What is published for a request until it is idle; other requests' messages are left out."""
        messages = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                return messages
            if message["msg_type"] != "status":
                messages.append(message)

    def interrupt(self, request):
        """Interrupts a cell that prints "on" as its last step before a wait, and returns its reply."""
        self.wait_for_text("on")
        self.manager.interrupt_kernel()
        return self.reply(request)

    def wait_for_text(self, text):
        """Waits until a cell has printed something, and is past it."""
        while text not in self.client.get_iopub_msg(timeout=30)["content"].get("text", ""):
            pass
        time.sleep(0.3)

    def run_cell(self, code, timeout=30, **options):
        request = self.send(code, **options)
        messages = self.published(request, timeout)
        return Cell(self.reply(request, timeout), messages)

    def quiet(self, seconds=0.3):
        """The messages that are published in the next moments."""
        messages = []
        try:
            while True:
                messages.append(self.client.get_iopub_msg(timeout=seconds))
        except Empty:
            return messages
