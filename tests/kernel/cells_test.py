"""Cells run, fail, queue, count and are interrupted as the Jupyter protocol says."""

import time
import unittest

from kernel_client import HOOK, ROOT, KernelCase


class Cells(KernelCase):
    def test_a_cell_is_announced_with_its_code_and_count(self):
        before = self.run_cell("1").reply["execution_count"]
        cell = self.run_cell("const announced = 1;")
        self.assertEqual(
            cell.contents("execute_input"), [{"code": "const announced = 1;", "execution_count": before + 1}]
        )
        self.assertEqual(cell.reply["execution_count"], before + 1)

    def test_a_silent_cell_is_not_counted_and_shows_no_value(self):
        before = self.run_cell("1").reply["execution_count"]
        silent = self.run_cell("2", silent=True)
        self.assertEqual(silent.types, [])
        self.assertEqual(silent.reply["status"], "ok")
        self.assertEqual(self.run_cell("3").reply["execution_count"], before + 1)

    def test_a_cell_outside_the_history_is_not_counted(self):
        before = self.run_cell("1").reply["execution_count"]
        self.assertEqual(self.run_cell("2", store_history=False).result, "2")
        self.assertEqual(self.run_cell("3").reply["execution_count"], before + 1)

    def test_an_error_has_its_name_value_and_traceback(self):
        cell = self.run_cell('function deep() { throw new TypeError("bad"); }\ndeep();')
        (error,) = cell.contents("error")
        self.assertEqual((error["ename"], error["evalue"]), ("TypeError", "bad"))
        self.assertEqual(error["traceback"][0], "TypeError: bad")
        self.assertIn("    at deep (the cell)", error["traceback"])
        self.assertNotIn("tslab", "".join(error["traceback"]))
        self.assertEqual(cell.reply["traceback"], error["traceback"])

    def test_an_error_after_an_await_has_them_too(self):
        cell = self.run_cell('await null;\nthrow new RangeError("late");')
        self.assertEqual((cell.reply["ename"], cell.reply["evalue"]), ("RangeError", "late"))

    def test_anything_can_be_thrown(self):
        for code, name, value in (("'text'", "string", "text"), ("null", "object", "null"), ("undefined", "undefined", "undefined")):
            reply = self.run_cell(f"throw {code};").reply
            self.assertEqual((reply["status"], reply["ename"], reply["evalue"]), ("error", name, value))

    def test_a_mistake_in_types_stops_the_cell_before_it_runs(self):
        cell = self.run_cell('console.log("ran");\nconst wrong: number = "a";')
        self.assertEqual(cell.text(), "")
        self.assertEqual(cell.reply["evalue"], "2:7 - Type 'string' is not assignable to type 'number'.")
        self.assertEqual(cell.reply["traceback"][1:], ['    const wrong: number = "a";', "          ^"])

    def test_a_misspelt_hook_is_a_mistake_in_types(self):
        self.run_cell('import type { HookName } from "sparselens";')
        cell = self.run_cell('const hook: HookName = "blocks.3.hook_resid_pots";')
        self.assertIn("not assignable to type 'HookName'", cell.reply["evalue"])
        layer = self.run_cell("const layer: number = 30;\nconst made: HookName = `blocks.${layer}.attn.hook_z`;\nmade")
        self.assertEqual(layer.result, "blocks.30.attn.hook_z")

    def test_cells_are_checked_strictly(self):
        self.assertIn("implicitly has an 'any' type", self.run_cell("function f(x) { return x; }").reply["evalue"])

    def test_packages_are_typed_by_their_exports(self):
        cell = self.run_cell('import { kmeans } from "ml-kmeans";\nkmeans("no data", 1, {});')
        self.assertIn("not assignable to parameter of type 'number[][]'", cell.reply["evalue"])

    def test_the_project_is_imported_by_its_name(self):
        self.assertEqual(self.run_cell('import * as lens from "sparselens";\ntypeof lens').result, "object")

    def test_any_await_at_the_top_works(self):
        self.assertEqual(self.run_cell("await (Promise.resolve(5))").result, "5")
        self.assertEqual(self.run_cell("await [Promise.resolve(6)][0]").result, "6")
        self.assertEqual(self.run_cell("await (async () => 7)()").result, "7")
        self.assertEqual(self.run_cell("for await (const n of [1, 2]) console.log(n);").text(), "1\n2\n")

    def test_files_may_change_while_the_kernel_runs(self):
        self.run_cell('import nothing from "not-there-yet";')  # from now on, folders are watched
        file = ROOT / "notebooks" / "zz-changed.d.ts"
        try:
            for i in range(3):
                file.write_text(f"export declare const changed: {i};")
                time.sleep(0.2)
                self.assertEqual(self.run_cell(f"{i} + 1").result, str(i + 1))
        finally:
            file.unlink(missing_ok=True)
        time.sleep(0.3)
        self.assertEqual(self.run_cell("1").result, "1")

    def test_names_can_be_declared_again(self):
        self.run_cell("const again = 1;")
        self.assertEqual(self.run_cell('const again = "two";\nagain').result, "two")

    def test_a_short_property_may_name_a_variable_of_an_earlier_cell(self):
        self.run_cell("const far = 1;\nlet near = 2;")
        self.assertEqual(self.run_cell("const both = { far, near };\nboth").result, "{ far: 1, near: 2 }")
        self.assertEqual(self.run_cell("(({ far }: { far: number }) => ({ far }))({ far: 3 })").result, "{ far: 3 }")
        self.assertEqual(self.run_cell("({ near } = { near: 4 });\nnear").result, "4")

    def test_a_result_record_shows_itself_as_a_table(self):
        self.run_cell('import * as lens from "sparselens";')
        cell = self.run_cell('lens.sentencesOf(["One.", "<b>Two</b>."], "mine")')
        (shown,) = cell.contents("execute_result")
        self.assertIn("2 sentences (mine)", shown["data"]["text/plain"])
        self.assertIn("&lt;b&gt;Two", shown["data"]["text/html"])

    def test_a_failing_cell_aborts_those_that_wait(self):
        failing = self.send("await new Promise((r) => setTimeout(r, 200)); throw new Error('x');")
        waiting = [self.send(f"console.log({i})") for i in range(3)]
        self.assertEqual(self.reply(failing)["status"], "error")
        self.assertEqual([self.reply(request)["status"] for request in waiting], ["aborted"] * 3)
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_failing_cell_may_leave_the_others_alone(self):
        failing = self.send("throw new Error('x');", stop_on_error=False)
        after = self.send("1")
        self.assertEqual(self.reply(failing)["status"], "error")
        self.assertEqual(self.reply(after)["status"], "ok")

    def test_expressions_of_the_user_are_evaluated(self):
        expressions = {"good": "1 + 1", "bad": "nonsense"}
        reply = self.run_cell("const x = 1;", user_expressions=expressions).reply
        self.assertEqual(reply["user_expressions"]["good"]["data"], {"text/plain": "2"})
        self.assertEqual(reply["user_expressions"]["bad"]["status"], "error")

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
        const settings = { d_sae: 64, k: 3, architecture: "topk", training_tokens: 2e9 } as const;
    """

    def begin_training(self, code):
        """Sends a cell that trains for hours, and waits until it is past its first record."""
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

    def test_a_loop_of_trainings_ends_at_an_interrupt(self):
        code = "const many: lens.Sae[] = [];\nfor (const seed of [0, 1, 2]) many.push(await lens.trainSae(from, OPTIONS));"
        request = self.begin_training(code)
        self.manager.interrupt_kernel()
        reply = self.reply(request)
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Interrupted"))
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_second_interrupt_ends_a_cell_that_does_not_stop(self):
        code = "const late = await lens.trainSae(from, OPTIONS);\nconsole.log('waits'); await new Promise(() => {});"
        request = self.begin_training(code)
        self.manager.interrupt_kernel()
        self.wait_for_text("waits")
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")
        self.assertEqual(self.run_cell("1").result, "1")

    def test_what_goes_wrong_late_is_reported_and_survived(self):
        for code, message in (
            ("setTimeout(() => { throw new Error('thrown late'); }, 50);", "thrown late"),
            ("Promise.reject(new Error('never caught'));0", "never caught"),
        ):
            cell = self.run_cell(code)
            late = "".join(m["content"].get("text", "") for m in self.quiet(1))
            self.assertIn(message, cell.text("stderr") + late)
        self.assertEqual(self.run_cell("1").result, "1")


if __name__ == "__main__":
    unittest.main()
