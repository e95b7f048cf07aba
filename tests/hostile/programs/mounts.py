# hostile: asks for mounts and other roots, by the old calls and by the new ones
# line: B41
# verdict: passed
# prints: refused 16
import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
here = -100
calls = (
    lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    lambda: libc.mount(b"/", b"/tmp", None, 4096, None),
    lambda: libc.mount(None, b"/", None, 32 | 4096, None),  # MS_REMOUNT without MS_RDONLY
    lambda: libc.mount(b"proc", b"/proc", b"proc", 0, None),
    lambda: libc.mount(b"sysfs", b"/sys", b"sysfs", 0, None),
    lambda: libc.umount(b"/tmp"),
    lambda: libc.umount2(b"/packages", 2),
    lambda: libc.syscall(155, b"/", b"/tmp"),  # pivot_root
    lambda: libc.chroot(b"/tmp"),
    lambda: libc.syscall(428, here, b"/", 1),  # open_tree
    lambda: libc.syscall(429, here, b"/tmp", here, b"/dev", 0),  # move_mount
    lambda: libc.syscall(430, b"tmpfs", 0),  # fsopen
    lambda: libc.syscall(433, here, b"/", 0),  # fspick
    lambda: libc.syscall(442, here, b"/", 0, ctypes.create_string_buffer(32), 32),  # mount_setattr
    lambda: libc.syscall(457, ctypes.create_string_buffer(32), ctypes.create_string_buffer(512), 512, 0),  # statmount
    lambda: libc.syscall(467, here, b"/", 1, 0, 0),  # open_tree_attr
)
refused = 0
for call in calls:
    ctypes.set_errno(0)
    refused += call() == -1 and ctypes.get_errno() == errno.EPERM
print("refused", refused)
