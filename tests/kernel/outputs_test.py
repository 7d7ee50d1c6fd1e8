"""What cells print and show reaches the client, whole and in order."""

import unittest

from kernel_client import HOOK, KernelCase


class Outputs(KernelCase):
    def test_twenty_thousand_prints_arrive_in_order(self):
        cell = self.run_cell("for (let i = 0; i < 20000; i++) console.log(i);", timeout=60)
        self.assertEqual(cell.text(), "".join(f"{i}\n" for i in range(20000)))
        self.assertEqual(cell.reply["status"], "ok")

    def test_three_thousand_displays_arrive_in_order(self):
        code = HOOK + 'for (let i = 0; i < 3000; i++) hook.publish({ data: { "text/plain": `${i}` } });'
        self.assertEqual(self.run_cell(code, timeout=60).shown(), [str(i) for i in range(3000)])

    def test_ten_megabytes_of_text_arrive(self):
        cell = self.run_cell('for (let i = 0; i < 100; i++) console.log("x".repeat(99999));', timeout=60)
        self.assertEqual(len(cell.text()), 10_000_000)

    def test_more_text_than_anybody_reads_is_cut_and_counted(self):
        cell = self.run_cell('for (let i = 0; i < 1000; i++) console.log("x".repeat(99999));', timeout=120)
        self.assertEqual(len(cell.text()), 32_000_000)
        self.assertIn("100,000,000 characters; only the first 32,000,000", cell.text("stderr"))
        self.assertEqual(self.run_cell("console.log('next')").text(), "next\n")

    def test_what_is_printed_in_a_loop_that_never_ends_arrives_meanwhile(self):
        request = self.send('console.log("first"); for (;;) {}')
        self.wait_for_text("first")
        self.manager.interrupt_kernel()
        self.assertEqual(self.reply(request)["ename"], "Interrupted")

    def test_what_native_code_prints_arrives(self):
        code = 'import { writeSync } from "node:fs";\nwriteSync(1, "from one\\n"); writeSync(2, "from two\\n");'
        cell = self.run_cell(code + "await new Promise((r) => setTimeout(r, 300));")
        self.assertEqual((cell.text(), cell.text("stderr")), ("from one\n", "from two\n"))

    def test_what_only_sounds_like_last_words_arrives_too(self):
        code = 'import { writeSync } from "node:fs";\nwriteSync(2, "FATAL ERROR: of another program\\n"); writeSync(1, "goes on\\n");'
        cell = self.run_cell(code + "await new Promise((r) => setTimeout(r, 5000));")
        text = cell.text("stderr") + cell.text()
        self.assertIn("FATAL ERROR: of another program\n", text)
        self.assertIn("goes on\n", text)

    def test_large_values_are_cut_with_the_count(self):
        self.assertTrue(self.run_cell('"x".repeat(10_000_000)').result.endswith("x… (9,900,000 more characters are not shown)"))
        self.assertIn("9999900 more items", self.run_cell("Array.from({ length: 10_000_000 }, (_, i) => ({ i }))").result)
        self.assertIn("[Circular *1]", self.run_cell("const round: any = {}; round.self = round; round").result)

    def test_both_streams_keep_their_order(self):
        cell = self.run_cell('for (const i of [1, 2, 3]) { console.log("out" + i); console.error("err" + i); }')
        self.assertEqual(
            [(c["name"], c["text"]) for c in cell.contents("stream")],
            [(n, f"{n[3:]}{i}\n") for i in (1, 2, 3) for n in ("stdout", "stderr")],
        )

    def test_a_character_cut_between_two_writes_stays_whole(self):
        cell = self.run_cell(
            'const bytes = Buffer.from("é€😀");\nfor (const byte of bytes) process.stdout.write(Buffer.from([byte]));'
        )
        self.assertEqual(cell.text(), "é€😀")

    def test_printing_late_belongs_to_a_cell_and_is_not_lost(self):
        self.run_cell('setTimeout(() => console.log("late"), 500);0')
        texts = [m["content"]["text"] for m in self.quiet(2) if m["msg_type"] == "stream"]
        self.assertEqual("".join(texts), "late\n")

    def test_a_value_is_a_result_and_not_text(self):
        cell = self.run_cell("6 * 7")
        self.assertEqual(cell.types, ["execute_input", "execute_result"])
        self.assertEqual(cell.result, "42")
        self.assertEqual(cell.contents("execute_result")[0]["execution_count"], cell.reply["execution_count"])

    def test_undefined_is_no_result(self):
        for code in ("undefined", "const nothing = 1;", "void 0", "null"):
            self.assertEqual(self.run_cell(code).types, ["execute_input"], code)

    def test_a_value_with_a_display_method_shows_all_its_types(self):
        for modifier in ("", "async "):
            cell = self.run_cell(
                f'({{ {modifier}[Symbol.for("Jupyter.display")]() '
                '{ return { "text/html": "<b>x</b>", "text/plain": "x" }; } })'
            )
            (result,) = cell.contents("execute_result")
            self.assertEqual(result["data"], {"text/html": "<b>x</b>", "text/plain": "x"})

    def test_a_display_method_that_throws_is_the_cells_error(self):
        cell = self.run_cell('({ [Symbol.for("Jupyter.display")]() { throw new RangeError("no"); } })')
        self.assertEqual((cell.reply["ename"], cell.reply["evalue"]), ("RangeError", "no"))

    def test_two_displays_come_in_the_order_of_their_calls(self):
        code = HOOK + (
            "const later = (text: string, ms: number) =>\n"
            "  new Promise((resolve) => setTimeout(() => resolve({ data: { 'text/plain': text } }), ms));\n"
            'hook.pending(later("slow", 300)); console.log("printed"); hook.pending(later("fast", 10));\n'
            'hook.publish({ data: { "text/plain": "at once" } }); "value"'
        )
        cell = self.run_cell(code)
        self.assertEqual(cell.shown(), ["slow", "fast", "at once", "value"])
        self.assertEqual(cell.types[:3], ["execute_input", "display_data", "stream"])

    def test_a_cell_waits_for_work_that_publishes_by_itself(self):
        code = HOOK + (
            "hook.pending((async () => { await new Promise((r) => setTimeout(r, 200));\n"
            'hook.publish({ data: { "text/plain": "done" } }); })());'
        )
        self.assertEqual(self.run_cell(code).shown(), ["done"])

    def test_a_display_that_fails_fails_the_cell(self):
        cell = self.run_cell(HOOK + 'hook.pending(Promise.reject(new Error("no chart")));')
        self.assertEqual((cell.reply["status"], cell.reply["evalue"]), ("error", "no chart"))
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_display_can_be_replaced(self):
        cell = self.run_cell(
            HOOK + 'const transient = { display_id: "a" };\n'
            'hook.publish({ data: { "text/plain": "1" }, transient });\n'
            'hook.publish({ data: { "text/plain": "2" }, transient }, true);'
        )
        self.assertEqual(cell.types[1:], ["display_data", "update_display_data"])
        self.assertEqual(cell.contents("update_display_data")[0]["transient"], {"display_id": "a"})

    def test_outputs_can_be_cleared(self):
        cell = self.run_cell(HOOK + "hook.clear(true);")
        self.assertEqual(cell.contents("clear_output"), [{"wait": True}])

    def test_a_circular_output_is_the_cells_error(self):
        cell = self.run_cell(HOOK + 'const a: any = {}; a.a = a; hook.publish({ data: { "application/json": a } });')
        self.assertEqual(cell.reply["status"], "error")
        self.assertIn("circular", cell.reply["evalue"])

    def test_tslabs_display_shows(self):
        cell = self.run_cell('import { display } from "tslab";\ndisplay.html("<i>x</i>");')
        self.assertEqual(cell.contents("display_data")[0]["data"]["text/html"], "<i>x</i>")


if __name__ == "__main__":
    unittest.main()
