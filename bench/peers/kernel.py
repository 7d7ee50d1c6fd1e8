"""Measures one Jupyter kernel, whichever it is: a contender of bench/suites/kernel.ts, served as bench/peer.ts wants it.

A run is printed with ms, and where they apply: value (see the task), peak_mb of the kernel's processes, failed (why it
did not do the work: ms is then what was waited) and remark (what else was not as it should be).
"""
import json
import os
import signal
import statistics
import sys
import threading
from contextlib import contextmanager
from queue import SimpleQueue

import jupyter_client
from kernel_process import Failed, Kernel, clock, end_all

settings = json.loads(sys.argv[1])
kept = None  # the kernel that runs share
first = None  # the ms of the first question to it
n = 0  # counts cells, so that no two are the same


def start():
    return Kernel(**{name: settings[name] for name in ("argv", "cwd", "folder", "interrupt", "env")})


@contextmanager
def new_kernel():
    """One for a single run, which gets a place to note the run in."""
    kernel, run = start(), {}
    try:
        yield kernel, run
        run["peak_mb"] = kernel.peak_mb()
    finally:
        kernel.kill()


def shared():
    """The kernel that runs share, with the cells that make it ready."""
    global kept
    if not kept:
        kept = start()
        for code in settings.get("setup", []):
            kept.execute(code)
    return kept


def drop():
    global kept
    if kept:
        kept.kill()
    kept = None


def cell(kernel, template="1 + #", seconds=30):
    """Runs a cell with a number of its own in it, and returns the ms."""
    global n
    n += 1
    ran = kernel.execute(template.replace("#", str(n)), seconds)
    if template == "1 + #" and ran.text.strip() != str(n + 1):
        sys.exit(f"1 + {n} came out as {ran.text!r}.")
    return ran.ms


def trivial(kernel, count=15):
    return [cell(kernel) for _ in range(count)]


def start_up():
    """From nothing to the first result."""
    begun = clock()
    with new_kernel() as (kernel, run):
        cell(kernel)
        run["ms"] = (clock() - begun) * 1e3
    return run


def first_use():
    """Some cells on a new kernel, whose start is not counted; the value is the ms of the first one."""
    with new_kernel() as (kernel, run):
        times = [kernel.execute(code).ms for code in settings["cells"]]
        run.update(ms=sum(times), value=times[0])
    return run


def trivial_cells():
    """The value is the slowest."""
    times = trivial(shared())
    return {"ms": statistics.median(times), "value": max(times)}


def many_cells():
    """A trivial cell after many others; the value is the ms before them. It ends early, with a remark, when time is over."""
    with new_kernel() as (kernel, run):
        trivial(kernel)
        run["value"] = statistics.median(trivial(kernel))
        end = clock() + settings["seconds"]
        done, lost = 0, 0
        while done < settings["count"] and clock() < end:
            try:
                cell(kernel, settings["declare"] if done % 2 else "1 + #", 2)
            except Failed:  # stock tslab loses every 512th message: an idle, say
                lost += 1
            done += 1
        run["ms"] = statistics.median(trivial(kernel))
        remarks = [f"only {done} cells in {settings['seconds']} s"] if done < settings["count"] else []
        remarks += [f"{lost} of them without an end"] if lost else []
        run.update({"remark": ", ".join(remarks)} if remarks else {})
    return run


def prints():
    """A cell that prints lines; the value is how many arrived in their order."""
    kernel = shared()
    try:
        run = {"ms": kernel.execute(settings["code"], settings["limit"]).ms}
    except Failed as failed:
        run = given_up(failed)
    lines = "".join(kernel.printed).splitlines()
    return {**run, "value": sum(line == f"line {i}" for i, line in enumerate(lines))}


def question(kind):
    """A question about code after a cell, as when a user types, whose answer must have `expect`; the value: the first ms."""
    global first
    kernel, code = shared(), settings["code"]
    cell(kernel)
    begun = clock()
    reply = kernel.ask(kind, {"code": code, "cursor_pos": len(code), "detail_level": 0})
    ms = (clock() - begun) * 1e3
    first = first or ms
    return {"ms": ms, "value": first, **unexpected(reply)}


def complete():
    return question("complete_request")


def inspect():
    return question("inspect_request")


def unexpected(reply):
    found = settings["expect"] in json.dumps(reply.get("matches") or reply.get("data", {}))
    return {} if found else {"remark": f"without {settings['expect']}"}


def complete_busy():
    """A completion half a second into a cell that never yields, and a remark where it waits for the cell's end."""
    kernel = shared()
    begun = clock()
    running = kernel.begin(settings["busy"].replace("#", str(n)))
    kernel.listen(0.5)
    asked = clock()
    content = {"code": settings["code"], "cursor_pos": len(settings["code"])}
    request = kernel.send("complete_request", content)
    for channel, parent, message in kernel.messages(30):
        if channel == "shell" and parent == request:
            break
    answered = clock()
    run = {"ms": (answered - asked) * 1e3, **unexpected(message["content"])}
    if answered > begun + settings["seconds"] - 0.3:
        run["remark"] = "no answer while the cell ran"
    kernel.listen(max(0, begun + settings["seconds"] + 0.5 - clock()))
    cell(kernel)  # the cell has ended, and the kernel lives
    return run


def interrupt():
    """From the interrupt of a cell to its reply and idle. Later cells must find what earlier ones declared."""
    kernel = shared()
    cell(kernel, settings["declare"])
    request = kernel.begin(settings["code"])
    kernel.listen(0.5)
    begun = clock()
    kernel.interrupt()
    ended = kernel.finish(request, begun, settings["limit"])
    run = {"ms": ended.ms}
    if ended.reply["status"] == "ok":
        run["remark"] = "ended without an error"
    kernel.listen(0.3)  # stock tslab takes no cell for that long
    if kernel.execute(settings["kept"].replace("#", str(n))).text.strip() != str(n):
        run["remark"] = "variables lost"
    return run


def given_up(failed):
    """The run of a kernel that did not do its work: it is ended, and the next run begins with a new one."""
    drop()
    return {"ms": failed.seconds * 1e3, "failed": failed.why}


tasks = {
    task.__name__: task
    for task in (start_up, first_use, trivial_cells, many_cells, prints, complete, inspect, complete_busy, interrupt)
}


def run_once(task):
    """A task's run, with the memory of the kernel that runs share."""
    try:
        run = task()
    except Failed as failed:
        run = given_up(failed)
    return {"peak_mb": kept.peak_mb(), **run} if kept else run


def read(lines):
    """Passes the requests on; where the one who asks has gone, no kernel is left."""
    try:
        for _ in sys.stdin:
            lines.put("run")
        end_all()
    finally:
        os._exit(0)


def main():
    signal.signal(signal.SIGINT, lambda *_: None)  # it ends with its standard input; ignored, it would be so in kernels too
    lines = SimpleQueue()
    threading.Thread(target=read, args=(lines,), daemon=True).start()
    versions = {**settings["versions"], "jupyter_client": jupyter_client.__version__}
    print(json.dumps(versions), flush=True)
    task = tasks[settings["task"]]
    try:
        while True:
            lines.get()
            print(json.dumps(run_once(task)), flush=True)
    finally:
        end_all()


if __name__ == "__main__":
    main()
