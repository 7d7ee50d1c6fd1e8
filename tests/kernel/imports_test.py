"""What cells import: CommonJS and ES modules, beside the notebook and from packages."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from kernel_client import KernelCase, start_new_kernel

FILES = {
    "plain.js": 'module.exports = { a: 1, greet(n) { return "hi " + n; } };',
    "named.js": "exports.x = 3;\nexports.y = function () { return 4; };",
    "made.js": "const made = {};\nmade.z = 1;\nmodule.exports = made;\nmade.late = 2;",
    "five.js": "module.exports = 5;",
    "klass.js": "module.exports = class K { constructor() { this.v = 2; } };\nmodule.exports.extra = 1;",
    "chain.js": 'const p = require("./plain");\nconst { x } = require("./named");\nexports.both = [p.a, x];',
    "transpiled.js": 'Object.defineProperty(exports, "__esModule", { value: true });\nexports.default = 31;\nexports.w = 32;',
    "fn.cjs": "module.exports = function () { return 7; };\nmodule.exports.more = 8;",
    "esm.js": "export default 9;\nexport const m = 8;",
    "mod.mjs": "export default 9;\nexport const m = 8;",
    "waits.mjs": "export default await Promise.resolve(1);",
    "data.json": '{ "k": 5, "list": [1] }',
    "side.ts": "export const a = 1;\nexport function add(n: number) { return a + n; }\nadd(2);",
    "mixed.ts": (
        'import p from "./plain";\nimport { x } from "./named";\nimport d from "./data.json";\nimport m from "./mod.mjs";\n'
        'import f from "./fn.cjs";\nimport c from "cjs";\nexport default [p.a, x, d.k, m, f(), c.a];'
    ),
    "node_modules/cjs/index.js": "module.exports = { a: 1 };\nmodule.exports.b = 2;",
    "node_modules/typed/index.js": "module.exports = () => 1;\nmodule.exports.b = 2;",
    "node_modules/typed/index.d.ts": "declare function f(): number;\ndeclare namespace f { const b: number; }\nexport = f;",
    "node_modules/nodefault/index.js": 'Object.defineProperty(exports, "__esModule", { value: true });\nexports.w = 1;',
    "node_modules/esm/index.js": "export default 11;\nexport const b = 12;",
}
PACKAGES = {"cjs": {}, "typed": {"types": "index.d.ts"}, "nodefault": {}, "esm": {"type": "module", "exports": "./index.js"}}


class Imports(KernelCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, text in FILES.items():
            file = Path(cls.folder.name, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        for name, fields in PACKAGES.items():
            package = {"name": name, "version": "1.0.0", "main": "index.js", **fields}
            Path(cls.folder.name, "node_modules", name, "package.json").write_text(json.dumps(package))
        cls.manager, cls.client = start_new_kernel(
            kernel_name="sparselens", cwd=cls.folder.name, startup_timeout=60, stderr=subprocess.DEVNULL
        )

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def imported(self, clause, module, expression):
        """An expression of what is imported, in its cell and in a later one, as JSON."""
        code = f'import {clause} from "{module}";\nJSON.stringify({expression})'
        cell = self.run_cell(code)
        self.assertEqual(cell.reply["status"], "ok", f"{code}: {cell.reply.get('evalue')}")
        self.assertEqual(cell.text("stderr"), "")
        self.assertEqual(self.run_cell(f"JSON.stringify({expression})").result, cell.result, code)
        return json.loads(cell.result)

    def test_the_default_of_a_commonjs_file_is_what_it_exports(self):
        for module in ("./plain", "./plain.js"):
            self.assertEqual(self.imported("p", module, '[p.a, p.greet("x")]'), [1, "hi x"])
        self.assertEqual(self.imported("n", "./named", "[n.x, n.y(), Object.keys(n)]"), [3, 4, ["x", "y"]])
        self.assertEqual(self.imported("made", "./made", "made"), {"z": 1, "late": 2})
        self.assertEqual(self.imported("five", "./five", "five"), 5)
        self.assertEqual(self.imported("K", "./klass", "[new K().v, K.extra]"), [2, 1])
        self.assertEqual(self.imported("chain", "./chain", "chain"), {"both": [1, 3]})
        self.assertEqual(self.imported("fn", "./fn.cjs", "[fn(), fn.more]"), [7, 8])
        self.assertEqual(self.imported("{ default as q }", "./plain", "q.a"), 1)

    def test_a_file_that_a_compiler_made_keeps_its_own_default(self):
        self.assertEqual(self.imported("t, { w }", "./transpiled", "[t, w]"), [31, 32])

    def test_names_and_all_of_a_commonjs_file_can_be_imported(self):
        self.assertEqual(self.imported("{ a, greet }", "./plain", "[a, greet(1 as any)]"), [1, "hi 1"])
        self.assertEqual(self.imported("{ x as x2 }", "./named", "x2"), 3)
        self.assertEqual(self.imported("* as all", "./named", "[all.x, all.y()]"), [3, 4])
        self.assertEqual(self.imported("both, { a as a2 }", "./plain", "[both.a, a2]"), [1, 1])

    def test_javascript_beside_the_notebook_needs_no_types(self):
        self.assertEqual(self.imported("{ greet }", "./plain", 'greet("b")'), "hi b")

    def test_es_modules_json_and_typescript_are_imported_alike(self):
        for module in ("./esm", "./esm.js", "./mod.mjs"):
            self.assertEqual(self.imported("e, { m }", module, "[e, m]"), [9, 8])
        self.assertEqual(self.imported("d, { k }", "./data.json", "[d, k]"), [{"k": 5, "list": [1]}, 5])
        self.assertEqual(self.imported("mixed", "./mixed", "mixed"), [1, 3, 5, 9, 7, 1])

    def test_a_file_has_no_other_names_than_it_exports(self):
        self.assertEqual(self.imported("* as side", "./side", "Object.keys(side)"), ["a", "add"])

    def test_packages_of_both_kinds_are_imported(self):
        self.assertEqual(self.imported("c, { b }", "cjs", "[c, b]"), [{"a": 1, "b": 2}, 2])
        self.assertEqual(self.imported("* as call", "cjs", "[call.a, call.b]"), [1, 2])
        self.assertEqual(self.imported("t, { b as tb }", "typed", "[t(), t.b, tb]"), [1, 2, 2])
        self.assertEqual(self.imported("e, { b as eb }", "esm", "[e, eb]"), [11, 12])

    def test_a_name_that_a_package_lacks_is_an_error_and_not_undefined(self):
        cases = (
            ("n", "nodefault", 'The package "nodefault" has no default export: it exports w.'),
            ("{ w, v }", "nodefault", 'The package "nodefault" has no export v: it exports w.'),
            ("{ c }", "cjs", 'The package "cjs" has no export c: it exports a, b.'),
        )
        for clause, module, sentence in cases:
            reply = self.run_cell(f'import {clause} from "{module}";').reply
            self.assertEqual((reply["status"], reply.get("evalue")), ("error", sentence))
        self.assertIn("no exported member 'b'", self.run_cell('import { b } from "./plain";').reply["evalue"])

    def test_a_dynamic_import_gives_the_same_names(self):
        code = 'const d = await import("./plain"), e = await import("./mod.mjs"), c = await import("cjs");\n'
        self.assertEqual(self.run_cell(f"{code}[d.default.a, d.a, e.default, e.m, c.default.a].join()").result, "1,1,9,8,1")

    def test_a_module_that_has_to_be_waited_for_is_refused_in_one_sentence(self):
        for code in ('import w from "./waits.mjs"; w', '(await import("./waits.mjs")).default'):
            self.assertRegex(self.run_cell(code).reply["evalue"], r"^A module that this cell imports has an await at its top")


if __name__ == "__main__":
    unittest.main()
