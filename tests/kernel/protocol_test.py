"""The other messages of the Jupyter protocol, and jupyter_kernel_test's own checks where that is installed."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from kernel_client import HOOK, ROOT, KernelCase, start_new_kernel

try:
    from jupyter_kernel_test import KernelTests
except ImportError:
    KernelTests = None


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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
        found = self.ask(self.client.complete(code, len(code) - 1))
        self.assertIn("blocks.5.hook_resid_post", found["matches"])
        self.assertTrue(all(name.startswith("blocks.5.hook_re") for name in found["matches"]))
        self.assertEqual(code[found["cursor_start"] : found["cursor_end"]], "blocks.5.hook_re")
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

    def test_the_options_of_a_function_are_completed(self):
        self.run_cell('import * as lens from "sparselens";\nconst some = null as unknown as lens.Activations;')
        code = "lens.trainSae(some, { "
        found = self.ask(self.client.complete(code, len(code)))
        self.assertLessEqual({"architecture", "d_sae", "k"}, set(found["matches"]))
        kinds = {t["text"]: t["type"] for t in found["metadata"]["_jupyter_types_experimental"]}
        self.assertEqual(kinds["architecture"], "property")

    def test_inspection_among_the_arguments_shows_the_function(self):
        self.run_cell('import * as lens from "sparselens";')
        code = "lens.trainSae(some, "
        text = self.ask(self.client.inspect(code, len(code)))["data"]["text/plain"]
        self.assertTrue(text.startswith("trainSae(acts: lens.Activations, options: lens.TrainOptions): Promise<lens.Sae>"))
        self.assertIn("Trains a sparse autoencoder", text)
        code = 'lens.trainSae(some, { early_stopping_patience: 3 })'
        self.assertIn("TrainOptions.early_stopping_patience", self.ask(self.client.inspect(code, 25))["data"]["text/plain"])

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

    def test_the_kernel_tells_where_it_listens(self):
        ports = self.ask(self.send_shell("connect_request", {}))
        for name in ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"):
            self.assertEqual(ports[name], getattr(self.client, name))

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


    def test_a_process_that_dies_is_spoken_of_and_replaced(self):
        self.run_cell("const gone = 1;")
        cell = self.run_cell('console.log("last words"); process.abort();')
        self.assertEqual((cell.reply["status"], cell.reply["ename"]), ("error", "ProcessEnded"))
        self.assertIn("All variables are gone", cell.reply["evalue"])
        self.assertEqual((cell.text(), cell.text("stderr")), ("last words\n", ""))
        self.assertIn("Cannot find name 'gone'", self.run_cell("gone").reply["evalue"])
        self.assertEqual(self.run_cell("6 * 7").result, "42")

    def test_memory_that_does_not_suffice_is_spoken_of(self):
        KernelCase.tearDownClass.__func__(self)
        with mock.patch.dict(os.environ, {"NODE_OPTIONS": "--max-old-space-size=300"}):
            KernelCase.setUpClass.__func__(self)
        code = "const all: unknown[] = [];\nfor (;;) all.push(new Array(1e5).fill(Math.random()));"
        self.assertIn("JavaScript memory was full", self.run_cell(code, timeout=120).reply["evalue"])
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_process_that_dies_between_two_cells_is_spoken_of(self):
        self.run_cell('setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);0')
        late = [m["content"]["text"] for m in self.quiet(2) if m["msg_type"] == "stream"]
        self.assertIn("All variables are gone", "".join(late))
        self.assertEqual(self.run_cell("1").result, "1")

    def test_two_kernels_do_not_know_each_other(self):
        manager, client = start_new_kernel(kernel_name="sparselens", cwd=str(ROOT / "notebooks"), startup_timeout=60)
        try:
            self.run_cell("const mine = 1;")
            reply = client.execute_interactive("typeof mine", timeout=30, output_hook=lambda message: None)
            self.assertNotEqual(reply["content"]["status"], "unknown")
            self.assertEqual(self.run_cell("mine").result, "1")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    def test_a_folder_may_have_spaces_and_quotes_in_its_name(self):
        with tempfile.TemporaryDirectory(prefix="sparse lens's \"box\" ") as folder:
            (Path(folder) / "beside.ts").write_text("export const beside: number = 5;")
            manager, client = start_new_kernel(kernel_name="sparselens", cwd=folder, startup_timeout=60)
            try:
                messages = []
                code = (
                    'import { beside } from "./beside";\n'
                    'import * as lens from "sparselens";\n'  # which is found from anywhere
                    'if (beside === 5) throw new Error(`five ${typeof lens.trainSae}`);'
                )
                client.execute_interactive(code, timeout=30, allow_stdin=False, output_hook=messages.append)
                (error,) = [m["content"] for m in messages if m["msg_type"] == "error"]
                self.assertEqual(error["traceback"][:2], ["Error: five function", "    at cell 1:3:25"])
            finally:
                client.stop_channels()
                manager.shutdown_kernel(now=True)


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

    def test_a_port_that_is_taken_is_named(self):
        with socket.socket() as taken, tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            ports = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
            connection = {name: taken.getsockname()[1] for name in ports}
            json.dump({**connection, "ip": "127.0.0.1", "transport": "tcp", "key": "k"}, file)
            file.flush()
            result = self.start(file.name)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Another program may hold that port", result.stderr)

    @unittest.skipIf(os.name == "nt", "no process groups here")
    def test_a_client_that_is_killed_takes_the_kernel_along(self):
        program = (
            "from kernel_client import KernelCase; import os, signal, time; KernelCase.setUpClass();"
            "KernelCase().run_cell('setInterval(() => {}, 1e6); process.pid');"
            "print(KernelCase.manager.provisioner.pid, KernelCase().run_cell('process.pid').result, flush=True);"
            "KernelCase().send('for (;;) {}'); time.sleep(0.5); os.kill(os.getpid(), signal.SIGKILL)"
        )
        client = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT / "tests/kernel", timeout=60
        )
        living = [int(pid) for pid in client.stdout.split()]
        self.assertEqual(len(living), 2)  # the kernel and the process that runs the cells
        for _ in range(100):
            living = [pid for pid in living if is_alive(pid)]
            if not living:
                return
            time.sleep(0.1)
        self.fail(f"{len(living)} processes live on")


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
