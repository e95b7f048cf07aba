"""What helps when a part of the isolation is missing: by part and errno, one sentence an operator can act on."""

from __future__ import annotations

import errno

# Files of the source tree: deploy/ and docs/deploy.md say how they are used.
_DOCKER = "in a container: --security-opt seccomp=deploy/seccomp.json (docs/deploy.md)"
_APPARMOR = (
    "on Ubuntu 23.10 and newer load the AppArmor profile deploy/apparmor/torchkata, or set "
    "kernel.apparmor_restrict_unprivileged_userns=0"
)
_CURES: dict[tuple[str, int | None], str] = {
    ("user_namespaces", errno.EPERM): f"{_DOCKER}; elsewhere: sysctl kernel.unprivileged_userns_clone=1; {_APPARMOR}",
    ("user_namespaces", errno.ENOSPC): "raise the number of namespaces: sysctl user.max_user_namespaces=15000",
    ("user_namespaces", errno.EUSERS): "raise the number of namespaces: sysctl user.max_user_namespaces=15000",
    ("user_namespaces", None): "allow user namespaces: sysctl user.max_user_namespaces=15000",
    ("user_map", None): _APPARMOR,
    (
        "mounts",
        errno.EACCES,
    ): "in a container on an AppArmor host: load deploy/apparmor/torchkata, then --security-opt apparmor=torchkata",
    ("mounts", errno.ENOSYS): "Linux 5.12 or newer is needed",
    ("mounts", None): _DOCKER,
    ("pivot_root", None): _DOCKER,
    ("zygote_root", None): _DOCKER,
    ("landlock", errno.ENOSYS): "run Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK=y (gVisor has no Landlock)",
    ("landlock", None): "add landlock to the kernel's lsm= parameter and start the machine again",
    (
        "seccomp",
        None,
    ): "install libseccomp (Debian, Ubuntu: apt-get install libseccomp2) and the Python package pyseccomp",
    ("no_new_privs", None): "run Linux with CONFIG_SECCOMP_FILTER=y",
    ("user", None): "give the process CAP_SETUID and CAP_SETGID, or start it as an ordinary user",
    (
        "zygote_start",
        None,
    ): "install Python and torch where other users can read them, or run as the user who owns them",
    ("zygote", None): "see that torch can be imported by this Python; the message says what is missing",
}


def cure_for(part: str, number: int | None) -> str:
    """The cure for a part that failed with an errno."""
    return _CURES.get((part, number)) or _CURES.get((part, None), "")
