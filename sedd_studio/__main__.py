"""`python -m sedd_studio` opens the studio."""

import sys

from sedd_studio.window.app import main

sys.exit(main())
