"""The other messages of the Jupyter protocol, and jupyter_kernel_test's own checks where that is installed."""

import os
import subprocess
import sys
import time
import unittest

from kernel_client import HOOK, ROOT, KernelCase

try:
    from jupyter_kernel_test import KernelTests
except ImportError:
    KernelTests = None


class Protocol(KernelCase):
    def ask(self, request, timeout=30):
        return self.reply(request, timeout)

    def send_shell(self, kind, content):
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def test_a_request_is_answered_while_a_cell_runs(self):
        running = self.send("await new Promise((r) => setTimeout(r, 1500));")
        time.sleep(0.3)
        start = time.time()
        self.assertIn("console", self.ask(self.client.complete("consol"))["matches"])
        self.assertLess(time.time() - start, 1)
        self.assertEqual(self.reply(running)["status"], "ok")

    def test_hook_names_are_completed(self):
        self.run_cell('import * as lens from "sparselens";')
        code = 'const hook: lens.HookName = "blocks.5.hook_re"'
        matches = self.ask(self.client.complete(code, len(code) - 1))["matches"]
        self.assertIn("blocks.5.hook_resid_post", matches)
        options = 'lens.ablate; ({ hook_name: "bl" }) satisfies { hook_name: lens.HookName }'
        self.assertIn("blocks.0.attn.hook_z", self.ask(self.client.complete(options, options.index('bl"') + 2))["matches"])

    def test_completion_counts_characters(self):
        content = self.ask(self.client.complete('"😀"; consol'))
        self.assertEqual((content["cursor_start"], content["cursor_end"]), (5, 11))

    def test_inspection_shows_the_type(self):
        self.run_cell("/** The answer. */\nconst answer = 42;")
        content = self.ask(self.client.inspect("answer", 3))
        self.assertTrue(content["found"])
        self.assertIn("const answer: 42", content["data"]["text/plain"])

    def test_inspection_of_nothing_finds_nothing(self):
        self.assertEqual(self.ask(self.client.inspect("  ", 1))["found"], False)

    def test_history_knows_the_cells_and_their_values(self):
        count = self.run_cell("111 + 111").reply["execution_count"]
        self.run_cell("333", store_history=False)
        tail = self.ask(self.client.history(hist_access_type="tail", n=1, output=True))
        self.assertEqual(tail["history"], [[1, count, ["111 + 111", "222"]]])
        found = self.ask(self.client.history(hist_access_type="search", pattern="11? +*"))
        self.assertEqual(found["history"], [[1, count, "111 + 111"]])
        ranged = self.ask(self.client.history(hist_access_type="range", session=1, start=count, stop=count + 1))
        self.assertEqual(ranged["history"], [[1, count, "111 + 111"]])

    def test_there_are_no_comms_and_one_that_is_opened_is_closed(self):
        self.assertEqual(self.ask(self.client.comm_info())["comms"], {})
        request = self.send_shell("comm_open", {"comm_id": "c", "target_name": "nobody", "data": {}})
        self.assertEqual([m["msg_type"] for m in self.published(request)], ["comm_close"])

    def test_a_line_of_input_reaches_the_cell(self):
        request = self.send(HOOK + 'await hook.input("name? ")', allow_stdin=True)
        asked = self.client.get_stdin_msg(timeout=10)
        self.assertEqual(asked["content"], {"prompt": "name? ", "password": False})
        self.client.input("Ada")
        messages = self.published(request)
        self.assertEqual(messages[-1]["content"]["data"]["text/plain"], "Ada")

    def test_input_without_a_user_is_an_error(self):
        self.assertIn("takes none", self.run_cell(HOOK + "await hook.input()").reply["evalue"])

    def test_a_message_with_a_wrong_signature_is_left_out(self):
        key = self.client.session.key
        self.client.session.key = b"wrong"
        self.send('console.log("forged")')
        self.client.session.key = key
        cell = self.run_cell("1")
        self.assertEqual((cell.result, cell.text()), ("1", ""))

    def test_an_unknown_request_is_survived(self):
        self.assertEqual(self.published(self.send_shell("unheard_of_request", {})), [])
        self.assertEqual(self.run_cell("1").result, "1")

    def test_the_heart_beats(self):
        self.client.hb_channel.unpause()
        time.sleep(1.5)
        self.assertTrue(self.client.hb_channel.is_beating())


class Endings(KernelCase):
    """Each ends its kernel."""

    setUp = KernelCase.setUpClass.__func__
    tearDown = KernelCase.tearDownClass.__func__
    setUpClass = tearDownClass = classmethod(lambda cls: None)

    def test_a_shutdown_is_answered_and_done(self):
        self.client.shutdown()
        reply = self.client.get_control_msg(timeout=10)["content"]
        self.assertEqual(reply, {"status": "ok", "restart": False})
        for _ in range(50):
            if not self.manager.is_alive():
                return
            time.sleep(0.1)
        self.fail("the kernel lives on")

    def test_a_restart_forgets_the_variables(self):
        self.run_cell("const forgotten = 1;")
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=30)
        cell = self.run_cell("typeof forgotten")
        self.assertEqual(cell.reply["execution_count"], 1)
        self.assertNotEqual(cell.result, "number")


class Launch(unittest.TestCase):
    """How the program behaves that Jupyter starts."""

    def start(self, *arguments, **options):
        command = ["node", str(ROOT / "dist/kernel/main.js"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)

    def test_a_missing_connection_file_is_named(self):
        result = self.start("/nowhere/connection.json")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere/connection.json cannot be read", result.stderr)

    def test_no_connection_file_is_said(self):
        self.assertIn("No connection file was given", self.start().stderr)

    def test_another_file_is_no_connection_file(self):
        self.assertIn("is not a Jupyter connection file", self.start(str(ROOT / "package.json")).stderr)

    @unittest.skipIf(os.name == "nt", "no process groups here")
    def test_a_client_that_is_killed_takes_the_kernel_along(self):
        program = (
            "from kernel_client import KernelCase; import os, signal; KernelCase.setUpClass();"
            "print(KernelCase.manager.provisioner.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        client = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT / "tests/kernel", timeout=60
        )
        kernel = int(client.stdout)
        for _ in range(100):
            try:
                os.kill(kernel, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        self.fail("the kernel lives on")


if KernelTests:

    class Conformance(KernelTests):
        """jupyter_kernel_test's checks."""

        kernel_name = "sparselens"
        language_name = "typescript"
        file_extension = ".ts"
        code_hello_world = 'console.log("hello, world")'
        code_stderr = 'console.error("to stderr")'
        completion_samples = [{"text": "consol", "matches": {"console"}}]
        complete_code_samples = ["1", 'console.log("x")', "function f() {\n  return 1;\n}\n\n"]
        incomplete_code_samples = ["function f() {", "const x = ["]
        invalid_code_samples = ["const = 3", "let 1x"]
        code_generate_error = "throw new Error('x')"
        code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": '"a" + "b"', "result": "ab"}]
        code_display_data = [
            {"code": HOOK + 'hook.publish({ data: { "image/png": "" } })', "mime": "image/png"}
        ]
        code_history_pattern = "6 *"
        supported_history_operations = ("tail", "range", "search")
        code_inspect_sample = "console"
        code_clear_output = HOOK + "hook.clear()"
        test_pager = None  # no magic here that opens one


del KernelTests  # or unittest would run it as it is


if __name__ == "__main__":
    unittest.main()
