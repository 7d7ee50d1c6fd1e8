"""Cells that do not end by themselves end when they are interrupted, and leave the others alone."""

import time
import unittest

from kernel_client import HOOK, KernelCase


class Interrupts(KernelCase):
    def test_nothing_holds_out_against_an_interrupt(self):
        self.run_cell("const kept = 'still here';")
        for code in (
            'console.log("on"); while (true) {}',
            'await null; console.log("on"); while (true) {}',
            'await new Promise((r) => setTimeout(r, 10)); console.log("on"); while (true) {}',
            'console.log("on"); while (true) await null;',
            'console.log("on"); /(a+)+$/.test("a".repeat(50) + "b");',
            'console.log("on"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);',
            'console.log("on"); for (;;) { try { for (;;) {} } catch {} finally { console.log("held out"); } }',
            'for (let i = 0; ; i++) console.log("on", i);',
            'console.log("on"); ({ [Symbol.for("Jupyter.display")]() { for (;;) {} } })',
        ):
            start = time.time()
            request = self.send(code)
            self.assertEqual(self.interrupt(request)["ename"], "Interrupted", code)
            self.assertEqual(self.run_cell("kept").result, "still here", code)
            self.assertLess(time.time() - start, 20, code)  # or it would never end

    def test_a_loop_that_a_cell_left_behind_ends_too(self):
        self.run_cell("setTimeout(() => { for (;;) {} }, 10);0")
        time.sleep(0.3)
        request = self.send("1")
        time.sleep(0.3)
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_step_of_the_project_that_hears_nothing_comes_to_its_end(self):
        self.run_cell('import * as lens from "sparselens";\nconst small = await lens.loadModel("tiny-gpt2");')
        code = (
            "const counts = (globalThis as any)[Symbol.for('sparselens.interrupt')].counts;\nlet whole = 0;\n"
            'console.log("on"); counts[1]++; for (const end = Date.now() + 2000; Date.now() < end; ); counts[1]--; whole = 1;\n'
            "await small.loss('a b');"
        )
        self.assertEqual(self.interrupt(self.send(code))["ename"], "Interrupted")
        self.assertEqual(self.run_cell("whole").result, "1")

    def test_an_interrupt_ends_a_wait_for_input(self):
        request = self.send(HOOK + 'console.log("on"); await hook.input("name? ")', allow_stdin=True)
        self.client.get_stdin_msg(timeout=10)
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")

    def test_completion_works_while_a_loop_runs(self):
        self.run_cell("const someArray = [1];")
        request = self.send('console.log("on"); for (;;) {}')
        self.wait_for_text("on")
        self.assertIn("findIndex", self.reply(self.client.complete("someArray.find", 14))["matches"])
        inspected = self.reply(self.client.inspect("someArray.find", 12))
        self.assertIn("const someArray: number[]", self.reply(self.client.inspect("someArray", 3))["data"]["text/plain"])
        self.assertTrue(inspected["found"])
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")

    def test_an_await_can_be_interrupted(self):
        self.run_cell("const kept = 'still here';")
        start = time.time()
        reply = self.interrupt(self.send('console.log("on"); await new Promise(() => {});'))
        self.assertEqual(reply["ename"], "Interrupted")
        self.assertLess(time.time() - start, 2)
        self.assertEqual(self.run_cell("kept").result, "still here")

    def test_a_loop_can_be_interrupted(self):
        reply = self.interrupt(self.send('console.log("on"); while (true) {}'))
        self.assertEqual(reply["ename"], "Interrupted")
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_display_that_never_comes_can_be_interrupted(self):
        reply = self.interrupt(self.send(HOOK + 'console.log("on"); hook.pending(new Promise(() => {}));'))
        self.assertEqual(reply["ename"], "Interrupted")
        self.assertEqual(self.run_cell("1").result, "1")

    def test_an_interrupted_cell_aborts_those_that_wait(self):
        request = self.send('console.log("on"); await new Promise(() => {});')
        waiting = self.send("1")
        self.assertEqual(self.interrupt(request)["ename"], "Interrupted")
        self.assertEqual(self.reply(waiting)["status"], "aborted")

    def test_a_message_interrupts_too(self):
        request = self.send('console.log("on"); await new Promise(() => {});')
        self.wait_for_text("on")
        self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))
        self.assertEqual(self.client.get_control_msg(timeout=10)["content"]["status"], "ok")
        self.assertEqual(self.reply(request)["ename"], "Interrupted")

    def test_an_interrupt_between_cells_does_nothing(self):
        self.manager.interrupt_kernel()
        time.sleep(0.2)
        self.assertEqual(self.run_cell("await null; 1").result, "1")

    TRAIN = """
        const from = lens.plantedDictionary({ n_tokens: 4000, d_in: 16, d_true: 32, active: 3 }).acts;
        const settings = { d_sae: 64, k: 3, architecture: "topk", training_tokens: 3e8 } as const;
    """

    def begin_training(self, code):
        """Sends a cell that trains for minutes, and waits until it is past its first record."""
        self.run_cell('import * as lens from "sparselens";\n' + self.TRAIN)
        options = '{ ...settings, onRecord: (r) => console.log("on") }'
        request = self.send(code.replace("OPTIONS", options))
        self.wait_for_text("on")
        return request

    def test_an_interrupted_training_gives_the_cell_what_it_has(self):
        request = self.begin_training('const sae = await lens.trainSae(from, OPTIONS);\nconsole.log("after");')
        waiting = self.send("1")
        start = time.time()
        self.manager.interrupt_kernel()
        messages = self.published(request)
        self.assertEqual(self.reply(request)["status"], "ok")
        self.assertLess(time.time() - start, 10)
        self.assertIn("after", "".join(m["content"].get("text", "") for m in messages))
        self.assertEqual(self.reply(waiting)["status"], "aborted")
        self.assertEqual(self.run_cell("sae.stopped").result, "interrupted")
        self.assertEqual(self.run_cell("sae.W_dec.every(Number.isFinite)").result, "true")

    def test_what_comes_after_an_interrupted_training_goes_on_until_the_next_interrupt(self):
        code = (
            "const many: lens.Sae[] = [];\n"
            "for (const seed of [0, 1]) { many.push(await lens.trainSae(from, { ...OPTIONS, seed })); console.log('went on'); }\n"
        )
        request = self.begin_training(code)
        self.manager.interrupt_kernel()
        self.wait_for_text("went on")
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")
        self.assertEqual(self.run_cell("many[0].stopped").result, "interrupted")

    def test_what_an_interrupted_training_gave_can_be_used_at_once(self):
        request = self.begin_training("const used = await (await lens.trainSae(from, OPTIONS)).encode(from);")
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["status"], "ok")
        self.assertEqual(self.run_cell("used.d_sae").result, "64")

    def test_a_long_function_that_has_nothing_to_give_stops_with_its_cell(self):
        self.run_cell('import * as lens from "sparselens";\nconst tiny = await lens.loadModel("tiny-gpt2");')
        code = (
            'const texts = Array.from({ length: 100_000 }, (_, i) => `The ${i} cats sat.`);\nlet over = "";\n'
            'console.log("on"); await lens.extract(tiny, texts, { hook_name: "blocks.5.hook_resid_post" })'
            '.catch((e) => { over = e.name; throw e; });'
        )
        self.assertEqual(self.interrupt(self.send(code))["ename"], "Interrupted")
        self.assertEqual(self.run_cell("over").result, "Interrupted")

    def test_a_second_interrupt_ends_a_cell_that_does_not_stop(self):
        code = "const late = await lens.trainSae(from, OPTIONS);\nconsole.log('waits'); await new Promise(() => {});"
        request = self.begin_training(code)
        self.manager.interrupt_kernel()
        self.wait_for_text("waits")
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")
        self.assertEqual(self.run_cell("1").result, "1")


if __name__ == "__main__":
    unittest.main()
