# hostile: takes away from itself what the code around it needs
# line: B84
# verdict: passed error crashed
import resource

for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_NPROC):
    resource.setrlimit(kind, (0, 0))
