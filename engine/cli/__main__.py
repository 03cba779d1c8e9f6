"""`python -m engine.cli`, for launchers that start modules."""

from __future__ import annotations

import os
import sys

from engine.cli import main


def leave(code: int) -> None:
    """Ends one of several processes at once, with what it printed written out.

    Taken down in the usual way it is now and then aborted: threads of torch's process group are still at work then.
    """
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


try:
    main()
except SystemExit as end:
    if "RANK" in os.environ:  # by which a launcher tells a process that it is one of several
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    raise
