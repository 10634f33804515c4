"""A director as a process of its own, to be killed: prints its child's pid, then looks after it."""

import os
import sys
import time

from installation.supervisor import ChildPlan, Said, Supervisor

if __name__ == "__main__":
    entry = f"tests.installation.children:{sys.argv[1]}"
    supervisor = Supervisor([ChildPlan("child", entry, (), 60, 60)], time.monotonic())
    while True:
        for news in supervisor.wait(0.1):
            if isinstance(news, Said):
                print(os.getpid(), supervisor.pid("child"), flush=True)
