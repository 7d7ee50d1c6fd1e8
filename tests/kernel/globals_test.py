"""What every cell has without importing it: prompt, confirm, console.clear and console.table."""

import unittest
from queue import Empty

from kernel_client import HOOK, KernelCase


class Globals(KernelCase):
    def asked(self, content):
        self.assertEqual(self.client.get_stdin_msg(timeout=10)["content"], content)

    def answers(self, code, *dialogue):
        """The result of a cell that asks for lines of input: (what it asks, the answer), one after the other."""
        request = self.send(code, allow_stdin=True)
        for prompt, line in dialogue:
            self.asked({"prompt": prompt, "password": False})
            self.client.input(line)
        messages = self.published(request)
        self.assertEqual(self.reply(request)["status"], "ok")
        return messages[-1]["content"]["data"]["text/plain"]

    def test_prompt_gives_the_line_that_is_typed(self):
        self.assertEqual(self.answers('"<" + (await prompt("name? ")) + ">"', ("name? ", " Ada é😀 ")), "< Ada é😀 >")
        self.assertEqual(self.answers("(await prompt()).length", ("", "")), "0")

    def test_a_password_is_asked_for_as_one(self):
        request = self.send('(await prompt("word? ", { password: true })).length', allow_stdin=True)
        self.asked({"prompt": "word? ", "password": True})
        self.client.input("secret")
        self.assertEqual(self.published(request)[-1]["content"]["data"]["text/plain"], "6")
        self.reply(request)

    def test_what_is_printed_before_a_question_is_there_when_it_is_asked(self):
        request = self.send('console.log("first"); await prompt("? ");', allow_stdin=True)
        self.asked({"prompt": "? ", "password": False})
        self.wait_for_text("first")
        self.client.input("")
        self.reply(request)

    def test_confirm_takes_y_and_n_and_asks_again_for_all_else(self):
        for line, value in (("y", "true"), ("Yes", "true"), (" n ", "false"), ("NO", "false")):
            self.assertEqual(self.answers('await confirm("Go on?")', ("Go on? [y/n] ", line)), value)
        again = "Please answer y or n. Go on? [y/n] "
        self.assertEqual(
            self.answers('await confirm("Go on? ")', ("Go on? [y/n] ", ""), (again, "maybe"), (again, "y")), "true"
        )
        self.assertEqual(self.answers("await confirm()", ("[y/n] ", "n")), "false")

    def test_questions_that_are_asked_at_once_are_asked_one_after_the_other(self):
        code = '(await Promise.all(["a", "b", "c"].map((name) => prompt(name)))).join()'
        self.assertEqual(self.answers(code, ("a", "1"), ("b", "2"), ("c", "3")), "1,2,3")

    def test_functions_and_later_cells_can_ask(self):
        self.run_cell('const ask = async (what: string) => Number(await prompt(`${what}? `));')
        self.assertEqual(self.answers('(await ask("n")) + (await ask("m"))', ("n? ", "1"), ("m? ", "2")), "3")

    def test_without_a_user_a_question_is_an_error_in_one_sentence(self):
        for code in ('await prompt("name? ")', 'await confirm("name? ")'):
            reply = self.run_cell(code).reply
            self.assertRegex(reply["evalue"], r'^"name\?.*" was asked for, but this client takes none, .*\.$')
        self.assertEqual(self.run_cell("1").result, "1")

    def test_a_question_that_comes_after_its_cell_is_refused(self):
        self.run_cell('setTimeout(() => prompt("late? ").catch((e) => console.log(e.message)), 300);0', allow_stdin=True)
        texts = [m["content"]["text"] for m in self.quiet(2) if m["msg_type"] == "stream"]
        self.assertIn("no cell is running", "".join(texts))
        with self.assertRaises(Empty):
            self.client.get_stdin_msg(timeout=0.2)

    def test_an_interrupt_ends_a_cell_that_asks_and_the_next_one_can_ask(self):
        for code in ('await prompt("name? ")', 'await confirm("sure? ")'):
            request = self.send(f'try {{ {code} }} finally {{ console.log("went on"); }}', allow_stdin=True)
            self.client.get_stdin_msg(timeout=10)
            self.manager.interrupt_kernel()
            self.assertEqual(self.reply(request)["ename"], "Interrupted")
            self.published(request)
            self.client.input("too late")
            self.assertEqual(self.answers('await prompt("again? ")', ("again? ", "yes")), "yes")

    def test_a_forgotten_await_is_a_mistake_in_types_with_a_hint(self):
        for code in (
            'const name: string = prompt("name? ");',
            'prompt("name? ").trim();',
            '"hello " + prompt("name? ");',
            '`hello ${prompt("name? ")}`;',
            'if (confirm("go on? ")) console.log("went on");',
        ):
            cell = self.run_cell(code, allow_stdin=True)
            self.assertEqual(cell.reply["status"], "error", code)
            self.assertIn("Did you forget to use 'await'?", cell.reply["evalue"])

    def test_shift_tab_shows_what_they_take_and_do(self):
        for code, expected in (
            ("prompt(", "Asks for a line of text in a box below the cell"),
            ("confirm(", "answered by y or n"),
            ("console.table(", "Shows an array, an object or a Map as a table"),
            ("console.clear(", "Clears all that the cell has printed and shown"),
        ):
            text = self.reply(self.client.inspect(code, len(code)))["data"]["text/plain"]
            self.assertIn(expected, text)

    def test_console_clear_clears_the_cell_in_its_place(self):
        cell = self.run_cell('console.log("gone"); console.clear(); console.log("stays")')
        self.assertEqual(cell.types, ["execute_input", "stream", "clear_output", "stream"])
        self.assertEqual(cell.contents("clear_output"), [{"wait": False}])

    def test_a_named_output_that_was_cleared_is_shown_anew(self):
        show = 'hook.publish({ data: { "text/plain": "%s" }, transient: { display_id: "d" } }, %s);'
        code = HOOK + show % ("1", "false") + "console.clear();" + show % ("2", "true") + show % ("3", "true")
        self.assertEqual(
            self.run_cell(code).types[1:],
            ["display_data", "clear_output", "update_display_data", "display_data", "update_display_data"],
        )

    def test_console_table_shows_a_table(self):
        (content,) = self.run_cell('console.table([{ a: 1, b: "<i>" }, { b: 2 }]);').contents("display_data")
        self.assertEqual(
            content["data"]["text/plain"], "(index)  a  b\n-------  -  ---\n      0  1  <i>\n      1     2"
        )
        self.assertIn("<td style=\"text-align:left\">&lt;i&gt;</td>", content["data"]["text/html"])
        self.assertEqual(self.run_cell('console.table(5); console.table("a");').text(), "5\na\n")

    def test_console_table_takes_the_columns_to_show(self):
        cell = self.run_cell('console.table([{ a: 1, b: 2 }], ["b"]);')
        self.assertEqual(cell.shown(), ["(index)  b\n-------  -\n      0  2"])
        wrong = self.run_cell('console.table([{ a: 1 }], "a" as any);').reply
        self.assertIn("give an array of their names", wrong["evalue"])


if __name__ == "__main__":
    unittest.main()
