"""What an agent tries that it must not be able to do, and what it must: Python source for an `obedient` agent.

Each leaves `result` as an object: by name the errno that came, 0 if it worked. Calls go past libc, by their numbers.
"""

REFUSED = """
import ctypes, os, platform, signal, socket, struct
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = {
    'x86_64': dict(bpf=321, io_uring_setup=425, io_uring_enter=426, io_uring_register=427, keyctl=250, add_key=248,
        request_key=249, userfaultfd=323, unshare=272, setns=308, mount=165, umount2=166, pivot_root=155, chroot=161,
        perf_event_open=298, open_by_handle_at=304, kexec_load=246, init_module=175, finit_module=313,
        delete_module=176, ptrace=101, personality=135, clone=56, clone3=435, process_vm_readv=310, prlimit64=302,
        syslog=103, swapon=167, reboot=169, mount_setattr=442, fsopen=430, open_tree=428, kill=62, tgkill=234,
        pidfd_open=434, pidfd_getfd=438, sched_setaffinity=203, setpriority=141, ioprio_set=251, quotactl=179),
    'aarch64': dict(bpf=280, io_uring_setup=425, io_uring_enter=426, io_uring_register=427, keyctl=219, add_key=217,
        request_key=218, userfaultfd=282, unshare=97, setns=268, mount=40, umount2=39, pivot_root=41, chroot=51,
        perf_event_open=241, open_by_handle_at=265, kexec_load=104, init_module=105, finit_module=273,
        delete_module=106, ptrace=117, personality=92, clone=220, clone3=435, process_vm_readv=270, prlimit64=261,
        syslog=116, swapon=224, reboot=142, mount_setattr=442, fsopen=430, open_tree=428, kill=129, tgkill=131,
        pidfd_open=434, pidfd_getfd=438, sched_setaffinity=122, setpriority=140, ioprio_set=30, quotactl=60),
}[platform.machine()]

def call(name, *arguments):
    whole = [ctypes.c_long(argument) for argument in arguments] + [ctypes.c_long(0)] * (6 - len(arguments))
    return ctypes.get_errno() if _libc.syscall(ctypes.c_long(_numbers[name]), *whole) < 0 else 0

def errno_of(attempt):
    try:
        attempt()
    except OSError as error:
        return error.errno
    return 0

result = {name: call(name) for name in (
    'bpf', 'io_uring_setup', 'io_uring_enter', 'io_uring_register', 'keyctl', 'add_key', 'request_key', 'userfaultfd',
    'setns', 'mount', 'umount2', 'pivot_root', 'chroot', 'perf_event_open', 'open_by_handle_at', 'kexec_load',
    'init_module', 'finit_module', 'delete_module', 'syslog', 'swapon', 'reboot', 'mount_setattr', 'fsopen',
    'open_tree', 'pidfd_getfd', 'quotactl')}
for _name, _flag in dict(user=0x10000000, files=0x20000, processes=0x20000000, network=0x40000000).items():
    result['unshare ' + _name] = call('unshare', _flag)
    result['clone ' + _name] = call('clone', 17 | _flag)
result['personality'] = call('personality', 0x40000)
result['keyring'] = call('keyctl', 1)
for _name, _kind in dict(
    packet=(17, 3), vsock=(40, 1), alg=(38, 5), raw=(2, 3, 1), raw6=(10, 3, 58), audit=(16, 3, 9), diag=(16, 3, 4),
    bluetooth=(31, 3), xdp=(44, 3), key=(15, 3, 2), old_packet=(2, 10), tipc=(30, 1),
).items():
    result['socket ' + _name] = errno_of(lambda: socket.socket(*_kind).close())
result['pair of tipc'] = errno_of(lambda: socket.socketpair(30, 1))
_terminal = os.open('/dev/null', os.O_RDONLY)
import fcntl
result['typing'] = errno_of(lambda: fcntl.ioctl(_terminal, 0x5412, b'x'))
"""

INIT = """
import os, resource
result = {
    'stop': call('kill', 1, 19), 'kill': call('kill', 1, 9), 'interrupt': call('kill', 1, 2),
    'thread': call('tgkill', 1, 1, 2),
    'limits': call('prlimit64', 1, 7), 'trace': call('ptrace', 16, 1), 'seize': call('ptrace', 0x4206, 1),
    'memory by call': call('process_vm_readv', 1), 'handle': call('pidfd_open', 1),
    'processors': call('sched_setaffinity', 1), 'nice': call('setpriority', 0, 1, 19),
    'nice to all of the user': call('setpriority', 2, 0, 19), 'disk': call('ioprio_set', 1, 1, 0x6007),
}
for _name in ('mem', 'environ', 'maps', 'cwd', 'root', 'exe', 'fd', 'syscall', 'stack', 'auxv'):
    _path = '/proc/1/' + _name
    result[_name] = errno_of(lambda: os.readlink(_path) if os.path.islink(_path) else os.listdir(_path)
        if os.path.isdir(_path) else open(_path, 'rb').read(1))
for _name in ('oom_score_adj', 'timerslack_ns', 'clear_refs', 'coredump_filter', 'autogroup', 'comm'):
    _path = '/proc/1/' + _name
    result['write ' + _name] = errno_of(lambda: os.write(os.open(_path, os.O_WRONLY), b'1')) \\
        if os.path.exists(_path) else 13
"""

RIGHTS = """
import ctypes
_libc = ctypes.CDLL(None)
result = {line.split(':')[0]: line.split(':')[1].strip() for line in open('/proc/self/status')
    if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp:'))}
result['securebits'] = _libc.prctl(27, 0, 0, 0, 0)
result['core'] = __import__('resource').getrlimit(4)[1]
"""
RIGHTS_OF_NOBODY = {
    **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16),
    "NoNewPrivs": "1",
    "Seccomp": "2",
    "core": 1,
}

# Each of these works, or raises.
HONEST = {
    "threads": """
import threading
threads = [threading.Thread(target=len, args=('x',)) for _ in range(20)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
""",
    "subprocess": """
import subprocess
assert subprocess.run(['sh', '-c', 'echo 1 | cat'], capture_output=True).stdout == b'1\\n'
subprocess.run(['true'], start_new_session=True, preexec_fn=lambda: None, check=True)
""",
    "asyncio": """
import asyncio
async def work():
    await (await asyncio.create_subprocess_exec('true')).wait()
    await asyncio.to_thread(len, 'x')
asyncio.run(work())
""",
    "shared memory": """
from multiprocessing import shared_memory
shared = shared_memory.SharedMemory(create=True, size=4096)
shared.buf[0] = 1; shared.close(); shared.unlink()
""",
    "semaphores": """
import multiprocessing
lock = multiprocessing.Lock(); lock.acquire(); lock.release()
""",
    "mmap": """
import mmap
area = mmap.mmap(-1, 1 << 20); area[0] = 1; area.madvise(mmap.MADV_DONTNEED)
""",
    "descriptors of events": """
import ctypes, os
libc = ctypes.CDLL(None)
assert libc.eventfd(1, 0) > 0 and libc.signalfd(-1, bytes(128), 0) > 0 and libc.timerfd_create(1, 0) > 0
assert libc.inotify_add_watch(libc.inotify_init1(0), b'/tmp', 0xfff) > 0
""",
    "pidfd": """
import os, signal
child = os.fork()
if not child:
    signal.pause()
signal.pidfd_send_signal(os.pidfd_open(child), 9); os.waitpid(child, 0)
""",
    "memfd": "import os; fd = os.memfd_create('x'); os.write(fd, b'x'); os.truncate(fd, 1 << 20)",
    "sqlite": """
import sqlite3
base = sqlite3.connect('/tmp/base'); base.execute('pragma journal_mode=wal'); base.execute('create table t(x)')
base.commit(); base.close()
""",
    "cryptography": """
import hashlib, os, ssl
ssl.create_default_context(); hashlib.scrypt(b'x', salt=b'y', n=2, r=8, p=1); os.urandom(8)
""",
    "sockets": """
import socket
server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname()).close()
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close(); socket.socketpair(); socket.if_nameindex()
""",
    "limits and priorities": """
import os, resource
resource.getrlimit(7); resource.prlimit(os.getpid(), 7); os.nice(1)
os.sched_setaffinity(0, os.sched_getaffinity(0))
""",
    "terminals": """
import os, pty
child, terminal = pty.fork()
if not child:
    os.execlp('tty', 'tty')
assert b'/dev/pts/' in os.read(terminal, 100); os.waitpid(child, 0)
""",
    "files": """
import os, shutil
os.makedirs('/tmp/a/b', exist_ok=True); open('/tmp/a/f', 'w').write('x'); os.link('/tmp/a/f', '/tmp/a/b/g')
os.rename('/tmp/a/f', '/tmp/a/b/f'); os.symlink('f', '/tmp/a/b/s'); os.mkfifo('/tmp/a/b/p')
os.chmod('/tmp/a/b/f', 0o600); os.truncate('/tmp/a/b/f', 0); shutil.rmtree('/tmp/a')
""",
    "its code": """
import os
open('obedient.py', 'a').close(); os.makedirs('new/folder'); os.rename('new', 'renamed')
""",
    "tracing a child": """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if not child:
    signal.pause()
traced, number = libc.ptrace(16, child, 0, 0), ctypes.get_errno()
os.kill(child, 9); os.waitpid(child, 0)
assert traced == 0, number
""",
}

COMMANDS = {
    "git": "cd /tmp && git init -q r && cd r && "
    "git -c user.name=a -c user.email=b commit -q --allow-empty -m x && git log --oneline",
    "node": 'node -e \'require("os").networkInterfaces(); require("fs").writeFileSync("/tmp/n", "x"); '
    'require("child_process").execSync("true"); '
    'new (require("worker_threads").Worker)("process.exit(0)", {eval: true})\'',
    "curl": "curl --version && (curl -s --max-time 2 http://127.0.0.1:9/ ; test $? = 7)",
    "bash": "x=$(seq 1 100 | sort -n | tail -1); (sleep 0.01 &) ; test $x = 100 && cat <(echo hi)",
    "python": "python3 -m venv --without-pip /tmp/v && /tmp/v/bin/python -c 'print(1)'",
    "tar": "seq 10000 > /tmp/f && tar czf /tmp/t.tgz -C /tmp f && rm /tmp/f && tar xzf /tmp/t.tgz -C /tmp",
    "openssl": "openssl genpkey -algorithm ed25519",
}
