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
        number = cell.reply["execution_count"]
        self.assertEqual(
            error["traceback"][1:],
            [
                f"    at deep (cell {number}:1:25)",
                f"    at cell {number}:2:1",
                "",
                f"cell {number}, line 1:",
                '    function deep() { throw new TypeError("bad"); }',
                "                            ^",
            ],
        )
        self.assertEqual(cell.reply["traceback"], error["traceback"])

    def test_an_error_after_an_await_has_them_too(self):
        cell = self.run_cell('await null;\nthrow new RangeError("late");')
        self.assertEqual((cell.reply["ename"], cell.reply["evalue"]), ("RangeError", "late"))

    def test_an_error_in_a_function_of_an_earlier_cell_shows_the_line_there(self):
        first = self.run_cell("interface Gone {}\n\nfunction earlier(x: number) {\n  if (x > 1) throw new Error('deep');\n}").reply
        cell = self.run_cell("// nothing\nearlier(2);").reply
        number = first["execution_count"]
        self.assertIn(f"    at earlier (cell {number}:4:20)", cell["traceback"])
        self.assertIn(f"    at cell {number + 1}:2:1", cell["traceback"])
        self.assertEqual(cell["traceback"][-2:], ["      if (x > 1) throw new Error('deep');", "                       ^"])

    def test_what_is_not_counted_does_not_take_the_place_of_a_cell_in_tracebacks(self):
        number = self.run_cell("function counted(): never {\n  throw new Error('x');\n}").reply["execution_count"]
        self.run_cell("\n\n\n1;", store_history=False)
        self.run_cell("\n\n2;", silent=True)
        self.run_cell("0;", user_expressions={"e": "\n\n\n3"})
        traceback = self.run_cell("counted();", store_history=False).reply["traceback"]
        self.assertIn(f"    at counted (cell {number}:2:9)", traceback)
        self.assertEqual(traceback[-2:], ["      throw new Error('x');", "            ^"])
        self.assertRegex(traceback[2], r"^    at code \d+:1:1$")

    def test_a_stack_that_a_cell_prints_has_its_lines_too(self):
        cell = self.run_cell("const none: number[] = [];\n\nconsole.log(new Error('mine').stack);")
        self.assertIn(f"cell {cell.reply['execution_count']}:3:13", cell.text())

    def test_an_error_in_the_project_shows_its_typescript_lines(self):
        self.run_cell('import * as lens from "sparselens";')
        cell = self.run_cell("lens.expect('x', 1, { atLeast: 2 });")
        self.assertRegex("\n".join(cell.reply["traceback"]), r"expect \(.*/src/notebook/expect\.ts:\d+:\d+\)")

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

    def test_a_cell_that_fails_keeps_its_imports_and_what_it_had_made(self):
        self.run_cell("const replaced = 1, untouched = 2;")
        code = (
            'import { basename } from "node:path";\nimport type { ParsedPath } from "node:path";\n'
            'const replaced = "new", made = [1];\nfunction double(x: number) { return 2 * x; }\ninterface Shape { a: number }\n'
            'if (made.length) throw new Error("x");\nconst untouched = "never", unmade = 3;'
        )
        self.assertEqual(self.run_cell(code).reply["ename"], "Error")
        self.assertEqual(
            self.run_cell("const s: Shape = { a: 1 }; let p: ParsedPath;\n[basename('/a/b'), replaced.toUpperCase(), made, double(2)].join()").result,
            "b,NEW,1,4",
        )
        self.assertEqual(self.run_cell("untouched.toFixed(1)").result, "2.0")
        self.assertIn("Cannot find name 'unmade'", self.run_cell("unmade").reply["evalue"])

    def test_a_cell_that_does_not_compile_changes_nothing(self):
        self.run_cell("const safe = 1;")
        self.run_cell('const safe: number = "x";')
        self.assertEqual(self.run_cell("safe").result, "1")

    def test_a_variable_that_is_declared_without_a_value_has_none(self):
        self.run_cell("let bare: number | undefined = 4;")
        self.run_cell("let bare: number | undefined;")
        self.assertEqual(self.run_cell("String(bare)").result, "undefined")

    def test_a_package_that_is_not_there_comes_with_its_installation(self):
        reply = self.run_cell('import x from "@nobody/no-such-package/sub";').reply
        self.assertIn("npm install @nobody/no-such-package", reply["evalue"])
        self.assertNotIn("npm install", self.run_cell('import y from "./no-such-file";').reply["evalue"])

    def test_a_cell_may_import_a_file_beside_the_notebook(self):
        file = ROOT / "notebooks" / "zz-beside.ts"
        try:
            file.write_text('export const beside = (x: number): string => "beside " + x;')
            self.assertEqual(self.run_cell('import { beside } from "./zz-beside";\nbeside(3)').result, "beside 3")
        finally:
            file.unlink(missing_ok=True)

    def test_a_module_whose_name_is_taken_is_spoken_of(self):
        self.run_cell('import * as path from "node:path";')
        cell = self.run_cell("const path = 3;")
        self.assertEqual(cell.reply["status"], "ok")
        self.assertIn('run import * as path from "node:path";', cell.text("stderr"))
        self.assertEqual(self.run_cell("const pathology = 3;").text("stderr"), "")

    def test_using_is_no_syntax_of_this_compiler_and_the_message_says_so(self):
        reply = self.run_cell("using x = { [Symbol.dispose]() {} };").reply
        self.assertIn("has no using yet", "\n".join(reply["traceback"]))

    def test_a_cell_cannot_end_the_process(self):
        self.run_cell("const stays = 1;")
        self.assertIn("process.exit(3) would end", self.run_cell("process.exit(3);").reply["evalue"])
        self.assertEqual(self.run_cell("stays").result, "1")

    def test_names_can_be_declared_again(self):
        self.run_cell("const again = 1;")
        self.assertEqual(self.run_cell('const again = "two";\nagain').result, "two")

    def test_a_notebook_is_one_program(self):
        self.run_cell("let x = 1; function f() { return x; } const g = () => x * 10;")
        self.run_cell("x = 5")
        self.assertEqual(self.run_cell("[f(), g(), x]").result, "[ 5, 50, 5 ]")
        self.run_cell(
            'let hook = "blocks.0.hook_resid_post";\nasync function width(): Promise<string> { await null; return hook; }'
        )
        self.run_cell('hook = "blocks.5.hook_resid_post"')
        self.assertEqual(self.run_cell("await width()").result, "blocks.5.hook_resid_post")
        self.run_cell("const LR = 0.1; function train() { return LR; }")
        self.run_cell("const LR = 0.5;")
        self.assertEqual(self.run_cell("train()").result, "0.5")

    def test_errors_name_variables_as_they_are_written(self):
        self.run_cell("const thing: any = { a: 1 };")
        cell = self.run_cell("try { thing.b(); } catch (e) { console.log((e as Error).message); }\nthing();")
        self.assertEqual(cell.text(), "thing.b is not a function\n")
        self.assertEqual(cell.reply["evalue"], "thing is not a function")
        self.assertEqual(cell.reply["traceback"][0], "TypeError: thing is not a function")
        self.assertEqual(self.run_cell("const arrow = () => 1; arrow").result, "[Function: arrow]")

    def test_values_whose_types_cannot_be_named_are_no_mistake(self):
        self.run_cell('import { kmeans } from "ml-kmeans";\nconst km = kmeans([[1, 1], [2, 2], [9, 9], [8, 8]], 2, { seed: 1 });')
        self.assertEqual(self.run_cell("km.clusters.length.toFixed(1)").result, "4.0")
        self.assertIn("does not exist on type 'KMeansResult'", self.run_cell("km.nothing").reply["evalue"])

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
