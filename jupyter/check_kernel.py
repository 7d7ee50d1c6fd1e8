"""Starts the kernel named sparselens in a folder and executes one cell:  check_kernel.py FOLDER"""

import sys

from jupyter_client.manager import start_new_kernel

CELL = 'import * as lens from "sparselens";\nconst names: string[] = Object.keys(lens);\nnames.length > 0'


def main(folder: str) -> int:
    manager, client = start_new_kernel(kernel_name="sparselens", cwd=folder)
    messages = []
    try:
        reply = client.execute_interactive(CELL, timeout=60, output_hook=messages.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    contents = [message["content"] for message in messages]
    results = [content["data"]["text/plain"] for content in contents if "execution_count" in content and "data" in content]
    if reply["content"]["status"] == "ok" and results == ["true"]:
        return 0
    for content in contents:
        if "traceback" in content:
            print("\n".join(content["traceback"]), file=sys.stderr)
    return 1


sys.exit(main(sys.argv[1]))
