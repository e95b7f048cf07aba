"""The cures of `doctor` in Chinese. graders/ says them in English, where they belong to the part that is missing."""

from __future__ import annotations

import re

# An English cure, with (.+) where a name stands -> the same, written in Chinese.
CHINESE = {
    r"in a container: --security-opt seccomp=deploy/seccomp\.json \(docs/deploy\.md\)": (
        "在容器里：加上 --security-opt seccomp=deploy/seccomp.json（见 docs/deploy.zh.md）"
    ),
    r"on Ubuntu 23\.10 and newer load the AppArmor profile deploy/apparmor/torchkata, or set (\S+)": (
        r"在 Ubuntu 23.10 及更新的系统上：加载 AppArmor 配置 deploy/apparmor/torchkata，或设置 \1"
    ),
    r"in a container on an AppArmor host: load deploy/apparmor/torchkata, then (--security-opt \S+)": (
        r"在开了 AppArmor 的主机上的容器里：先加载 deploy/apparmor/torchkata，再加上 \1"
    ),
    r"raise the number of namespaces: (sysctl \S+)": r"调高命名空间的数量上限：\1",
    r"allow user namespaces: (sysctl \S+)": r"允许用户命名空间：\1",
    r"Linux 5\.12 or newer is needed": "需要 Linux 5.12 或更新的内核",
    r"run Linux 5\.13 or newer with (\S+) \(gVisor has no Landlock\)": (
        r"换用 Linux 5.13 或更新的内核，并打开 \1（gVisor 里没有 Landlock）"
    ),
    r"add landlock to the kernel's lsm= parameter and start the machine again": (
        "在内核参数 lsm= 里加上 landlock，再重启机器"
    ),
    r"install libseccomp \(Debian, Ubuntu: apt-get install libseccomp2\) and the Python package pyseccomp": (
        "安装 libseccomp（Debian、Ubuntu：apt-get install libseccomp2）和 Python 包 pyseccomp"
    ),
    r"run Linux with CONFIG_SECCOMP_FILTER=y": "换用打开了 CONFIG_SECCOMP_FILTER=y 的 Linux 内核",
    r"give the process CAP_SETUID and CAP_SETGID, or start it as an ordinary user": (
        "给进程 CAP_SETUID 和 CAP_SETGID，或以普通用户启动"
    ),
    r"install Python and torch where other users can read them, or run as the user who owns them": (
        "把 Python 和 torch 装到其他用户读得到的地方，或以它们的所有者身份运行"
    ),
    r"see that torch can be imported by this Python; the message says what is missing": (
        "先让这个 Python 能导入 torch；缺什么，错误信息里写着"
    ),
    r"install Python so that this user can run it": "把 Python 装好，让这个用户能运行它",
    r"the machine may be overloaded; try again": "机器可能负载过高，请再试一次",
    r"mount cgroup2 at /sys/fs/cgroup, or in a container use --cgroupns=private": (
        "把 cgroup2 挂载到 /sys/fs/cgroup；在容器里则使用 --cgroupns=private"
    ),
    r"Docker 28 and newer: --security-opt writable-cgroups=true with --cgroupns=private, and deploy/entrypoint run "
    r"as root \(docs/deploy\.md\)": (
        "Docker 28 及更新版本：加上 --security-opt writable-cgroups=true 和 --cgroupns=private，并以 root 运行 "
        "deploy/entrypoint（见 docs/deploy.zh.md）"
    ),
    r"run it in a delegated cgroup \((systemd-run .+ torchkata \.\.\.), or the units of deploy/systemd\), or chown a cgroup "
    r"with its cgroup\.procs to this user and start it there": (
        r"放进委派的 cgroup 里运行（\1，或使用 deploy/systemd 里的单元）；也可以把一个 cgroup 连同其 cgroup.procs 用 chown "
        "交给这个用户，再从那里启动"
    ),
    r"enable them above it: (echo '.+') into the parent's cgroup\.subtree_control, or Delegate=yes": (
        r"在上一级打开它们：把 \1 的输出写入上级的 cgroup.subtree_control，或设置 Delegate=yes"
    ),
    r"move every process of it into a cgroup below it first; version 2 allows none beside children with controllers": (
        "先把其中的进程都移到下一级 cgroup；v2 不允许进程与带控制器的子组并存"
    ),
    r"see whether the cgroup is writable and its limits allow children \(cgroup\.max\.descendants\)": (
        "检查这个 cgroup 是否可写，以及它的限额是否允许再建子组（cgroup.max.descendants）"
    ),
    r"reinstall torch: (pip install .+)": r"重新安装 torch：\1",
    r"install it \(Debian, Ubuntu: apt-get install libseccomp2; Fedora: dnf install libseccomp\)": (
        "请安装它（Debian、Ubuntu：apt-get install libseccomp2；Fedora：dnf install libseccomp）"
    ),
    r"name another folder with --data or TORCHKATA_DATA": "用 --data 或 TORCHKATA_DATA 指定另一个目录",
    r"repair (\w+) first": r"先解决 \1",
    r"elsewhere: (sysctl \S+)": r"在其他环境：\1",
}


def cure_in(lang: str, cure: str) -> str:
    """A cure in the reader's language; several stand one after the other, with semicolons between."""
    if lang != "zh":
        return cure
    for pattern, chinese in CHINESE.items():
        if match := re.fullmatch(pattern, cure):
            return match.expand(chinese)
    parts = cure.split("; ")
    return "；".join(cure_in(lang, part) for part in parts) if len(parts) > 1 else cure
