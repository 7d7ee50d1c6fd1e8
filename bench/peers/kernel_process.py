"""A Jupyter kernel that the benchmark starts, talks to and kills. It speaks through jupyter_client's own session."""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

clock = time.perf_counter

context = zmq.Context()
context.rcvhwm = 0  # what is lost, the kernel has lost
context.linger = 0

alive = set()  # the kernels to kill, whatever happens


class Failed(Exception):
    """The kernel has not done what it was asked to: the seconds waited, and why, in words."""

    def __init__(self, seconds, why):
        super().__init__(why)
        self.seconds, self.why = seconds, why


class Cell:
    """What became of a cell: its reply, its plain text (prints, values), and the ms until reply and idle were there."""

    def __init__(self, reply, text, ms):
        self.reply, self.text, self.ms = reply, text, ms


class Kernel:
    """A running kernel; it is started as Jupyter does it: in a session of its own, with the connection file in argv."""

    def __init__(self, argv, cwd, folder, interrupt="signal", env={}):
        self.interrupt_mode, self.heard, self.printed = interrupt, False, []
        self.file = file = os.path.join(folder, f"kernel-{os.getpid()}-{time.monotonic_ns()}.json")
        _, info = write_connection_file(file, key=os.urandom(16).hex().encode())
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [part.replace("{connection_file}", file) for part in argv],
            cwd=cwd,
            env={**os.environ, **env, "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        alive.add(self)
        self.await_ports([port for name, port in info.items() if name.endswith("_port")])
        self.session = Session(key=info["key"].encode())
        self.sockets = {
            name: connected(kind, info[f"{name}_port"], self.session.bsession)
            for name, kind in (("shell", zmq.DEALER), ("control", zmq.DEALER), ("iopub", zmq.SUB))
        }
        self.poller = zmq.Poller()
        for channel in self.sockets.values():
            self.poller.register(channel, zmq.POLLIN)
        self.await_start()

    def await_ports(self, ports, seconds=60):
        """Waits until the kernel listens: stock tslab stays deaf when a request comes before it has all its ports."""
        end = clock() + seconds
        for port in ports:
            while not listens(port):
                if clock() > end or self.process.poll() is not None:
                    self.give_up(seconds)
                time.sleep(0.005)

    def await_start(self, seconds=30):
        """Waits until it answers, and until what it publishes is heard."""
        try:
            self.ask("kernel_info_request", {}, seconds)
            while not self.heard:
                self.ask("kernel_info_request", {}, seconds)
                self.listen(0.02)
        except Failed:
            self.give_up(seconds)

    def give_up(self, seconds):
        code = self.process.poll()
        self.errors.seek(0)
        said = self.errors.read()[-2000:].decode(errors="replace").strip()
        self.end()
        what = f"did not start within {seconds} s" if code is None else f"ended at its start ({code})"
        sys.exit(f"The kernel {what}. {said}")

    def send(self, kind, content, channel="shell"):
        return self.session.send(self.sockets[channel], kind, content)["header"]["msg_id"]

    def messages(self, seconds):
        """Channel, id of the request, and message, as they come; Failed when the time is over."""
        names = {channel: name for name, channel in self.sockets.items()}
        end = clock() + seconds
        while (left := end - clock()) > 0 and self.process.poll() is None:
            for channel, _ in self.poller.poll(min(left, 0.25) * 1000):
                _, message = self.session.recv(channel)
                self.heard = self.heard or names[channel] == "iopub"
                yield names[channel], message["parent_header"].get("msg_id"), message
        if self.process.poll() is not None:
            raise Failed(seconds, "the kernel ended")
        raise Failed(seconds, f"no answer within {seconds:g} s")

    def listen(self, seconds):
        """Takes what comes in that time, and leaves it."""
        try:
            for _ in self.messages(seconds):
                pass
        except Failed:
            pass

    def ask(self, kind, content, seconds=30):
        """The content of the reply."""
        request = self.send(kind, content)
        for channel, parent, message in self.messages(seconds):
            if channel == "shell" and parent == request:
                return message["content"]

    def begin(self, code):
        """Sends a cell and returns the id of the request."""
        content = {"code": code, "silent": False, "store_history": True}
        more = {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        return self.send("execute_request", {**content, **more})

    def finish(self, request, start, seconds):
        """Waits for a cell's reply and idle; what it has printed until then is in `printed`, also when it is late."""
        reply, idle = None, False
        self.printed = []
        for channel, parent, message in self.messages(seconds):
            if parent != request:
                continue
            content = message["content"]
            if channel == "shell":
                reply = content
            elif "execution_state" in content:
                idle = content["execution_state"] == "idle"
            elif content.get("name") == "stdout":
                self.printed.append(content["text"])
            elif "data" in content:
                self.printed.append(content["data"].get("text/plain", ""))
            if reply and idle:
                return Cell(reply, "".join(self.printed), (clock() - start) * 1e3)

    def execute(self, code, seconds=30):
        """Runs a cell."""
        start = clock()
        cell = self.finish(self.begin(code), start, seconds)
        if cell.reply["status"] != "ok":
            why = cell.reply.get("evalue") or cell.text or cell.reply["status"]
            raise Failed(clock() - start, f"the cell {code!r} failed: {why}")
        return cell

    def interrupt(self):
        if self.interrupt_mode == "message":
            self.send("interrupt_request", {}, "control")
        else:
            os.killpg(self.process.pid, signal.SIGINT)

    def peak_mb(self):
        """The most memory that its processes have held (RSS), summed, in 10⁶ bytes; None where the system does not say."""
        peaks = [peak_of(pid) for pid in tree(self.process.pid)]
        return sum(peaks) / 1e6 if all(peaks) else None

    def kill(self):
        self.end()
        for channel in self.sockets.values():
            channel.close(linger=0)

    def end(self):
        """Ends its processes, from any thread. The kernel last: another thread that sees it gone may end this program."""
        for pid in reversed(tree(self.process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        try:
            os.remove(self.file)
        except FileNotFoundError:
            pass  # a kernel may do it itself
        alive.discard(self)


def connected(kind, port, identity):
    channel = context.socket(kind)
    if kind == zmq.SUB:
        channel.subscribe(b"")
    else:
        channel.identity = identity
    channel.connect(f"tcp://127.0.0.1:{port}")
    return channel


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def die_with_parent():
    """In the child: on Linux it goes even where this program is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def tree(root):
    """A process, its children, theirs, and so on; where there is no /proc, the process alone."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                parents[int(pid)] = int(stat.read().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            pass  # it has just ended
    found = [root]
    for pid in found:  # grows meanwhile
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def peak_of(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def end_all():
    for kernel in list(alive):
        kernel.end()
