"""What the Python peers share: one line on the versions, then one run for each line read (see bench/peer.ts)."""
import json
import signal
import sys
import time

import numpy as np
import threadpoolctl

settings = json.loads(sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its standard input


def serve(work, steps=1, **versions):
    """`work()` does the work; what it returns, if anything, is called for the value after the clock has stopped."""
    check_products()
    print(json.dumps({**versions, "blas": blas()}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(steps):
            value = work()
        run = {"ms": (time.perf_counter() - start) * 1e3 / steps}
        if value is not None:
            run["value"] = value()
        print(json.dumps(run), flush=True)


def check_products():
    """OpenBLAS's own choice of kernels is wrong on some processors."""
    draw = np.random.default_rng(0)
    a, b = draw.standard_normal((301, 403), "f4"), draw.standard_normal((403, 205), "f4")
    if np.abs(a @ b - a.astype("f8") @ b.astype("f8")).max() > 1e-3:
        sys.exit(f"{blas()} multiplies wrongly on this machine: nothing can be compared with it.")


def blas():
    """The libraries behind the products, their kernels and their threads; PyTorch's is within its own."""
    found = {
        f'{one["internal_api"]} {one["version"]}, {one.get("architecture", "unknown")} kernels, {one["num_threads"]} threads'
        for one in threadpoolctl.threadpool_info()
        if one["user_api"] == "blas"
    }
    torch = sys.modules.get("torch")
    if torch:
        return f"MKL within PyTorch, {torch.get_num_threads()} threads" if torch.backends.mkl.is_available() else "PyTorch's own"
    return "; ".join(sorted(found)) or "unknown"
