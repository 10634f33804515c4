"""The kiosk: `python main.py`."""

import sys

if __name__ == "__main__":
    from installation.__main__ import main

    sys.exit(main())
