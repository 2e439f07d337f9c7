"""The build itself: configuration, rule contract, start-up comparison, job wrapper, run cache."""

import sys

if sys.platform == "win32":  # which has no fcntl and no pwd, as the modules below would say
    raise SystemExit(
        "The build needs Linux or macOS. On Windows run it in WSL, the Windows Subsystem for "
        "Linux: `wsl --install` sets it up."
    )
