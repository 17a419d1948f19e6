"""Programs that mean harm, for the tests of the runner.

Each tries one thing. Where it is refused, the program goes on and defines ``f`` as its test wants it, so it passes; a
program that got what it wanted leaves at once, and does not pass. Those that use up time, memory or processes do not
pass either.
"""

from __future__ import annotations

import textwrap

RIGHT = "def f(x): return x + 1\n"
TEST = "assert f(1) == 2"

_REFUSED = """\
import os
def attack():
{attack}
try:
    attack()
except {errors}:
    pass
else:
    os._exit(0)
"""


def refused(attack: str, errors: str = "OSError") -> str:
    """Return a program that passes if the statements of ``attack`` end in one of ``errors``."""
    return _REFUSED.format(attack=textwrap.indent(textwrap.dedent(attack).strip(), "    "), errors=errors) + RIGHT


def absent(path: str) -> str:
    """Return a program that passes if it can see nothing at ``path``."""
    return f"import os\nassert not os.path.lexists({path!r})\n" + RIGHT


# These end by themselves, or by a limit other than that of the wall clock; none of them may pass.
ENDED = {
    "loop": "while True: pass",
    "loop in C": "sum(range(10 ** 18))",
    "memory at once": "block = bytearray(1 << 40)\n" + RIGHT,
    "memory bit by bit": "blocks = []\nwhile True: blocks.append(bytearray(1 << 24))",
    "a number without end": "x = 3\nwhile True: x = x * x",
    "a regular expression without end": "import re\nre.match('(a+)+b', 'a' * 64)",
    "recursion": "def g(): return g()\ng()",
    "recursion in C": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef g(): return g() + g()\ng()",
    "crash": "import ctypes\nctypes.string_at(0)",
    "abort": "import os\nos.abort()",
    "kill itself": "import os\nos.kill(os.getpid(), 9)",
    "leave early": "import os\nos._exit(0)",
    "catch every error": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "a destructor that does not end": "class A:\n    def __del__(self):\n        while True: pass\nA()",
    "a handler at exit that does not end": "import atexit\ndef g():\n    while True: pass\natexit.register(g)\nraise E",
    "print without end": "while True: print('x' * 10 ** 6)",
    "a large file": "file = open('large', 'wb')\nwhile True: file.write(bytes(1 << 20))",
    "a child that answers": "import os\nif os.fork(): os._exit(0)\n" + RIGHT,
    "source that cannot be compiled": "(" * 100_000,
    "a tree too deep to compile": "x = " + "-" * 200_000 + "1",
    "zeros": "\0" * 1000,
    "a false word": "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'0' * 32)\n"
    "    except OSError: pass\nos._exit(0)",
}

# These wait, and end when their time is up.
WAITING = {
    "sleep": "import time\nwhile True: time.sleep(600)",
    "wait for input that never comes": "import os\nr, w = os.pipe()\nos.read(r, 1)",
    "deadlock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "stop itself": "import os\nos.kill(os.getpid(), 19)\nimport time\nwhile True: time.sleep(600)",
    "ignore all signals": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\nimport time\nwhile True: time.sleep(600)",
    "a full pipe": "import os\nfor fd in range(3, 64):\n    try:\n        while os.write(fd, b'0' * 65536): pass\n"
    "    except OSError: pass",
}

# These start processes without end.
FORKING = {
    "fork": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "fork and leave": "import os\nwhile True:\n    try:\n        if os.fork(): os._exit(0)\n"
    "        os.setsid()\n    except OSError: pass",
}

# These ask for more than they may have, over and over; what they leave must go.
GREEDY = {
    "3,000 folders in each other": "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n" + RIGHT,
    "folders without permissions": "import os\nfor _ in range(50):\n    os.mkdir('d')\n    os.chdir('d')\n"
    "os.chmod('.', 0)\n" + RIGHT,
    "2,000 files": "for i in range(2000): open(f'file {i}', 'w').close()\n" + RIGHT,
    "links in a circle": "import os\nos.symlink('b', 'a')\nos.symlink('a', 'b')\nos.symlink('/', 'root')\n" + RIGHT,
    "a name that is no text": "import os\nopen(os.fsencode('x') + b'\\xff\\n', 'w').close()\n" + RIGHT,
    "a queue and a socket in the folder": "import os, socket\nos.mkfifo('queue')\n"
    "socket.socket(socket.AF_UNIX).bind('socket')\n" + RIGHT,
    "folders that take the place of others": "import os, secrets\nfor _ in range(99):\n"
    "    os.makedirs(f'{secrets.token_hex(16)}/a/b')\n" + RIGHT,
}


def network(port: int, abstract: str) -> dict[str, str]:
    """Return programs that connect to servers of the machine, by TCP and by an abstract Unix socket, or elsewhere."""
    connect = "import socket\ns = socket.socket(socket.{family}{kind})\ns.settimeout(5)\ns.connect({address!r})"
    inet = connect.format(family="AF_INET", kind="", address=("127.0.0.1", port))
    return {
        "TCP": refused(inet),
        "any name": refused("import socket\nsocket.create_connection(('example.com', 80), timeout=5)"),
        "UDP to the outside": refused(
            "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))"
        ),
        "an abstract Unix socket": refused(connect.format(family="AF_UNIX", kind="", address="\0" + abstract)),
        "raw packets": refused("import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)"),
    }


def processes(outside: int, secret: str) -> dict[str, str]:
    """Return programs that reach for processes that are not theirs, such as that with the number ``outside``."""
    ptrace = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.ptrace(16, {pid}, None, None): raise OSError(ctypes.get_errno(), 'ptrace')"
    )
    return {
        "kill a process of the machine": refused(f"import os\nos.kill({outside}, 9)"),
        "trace a process of the machine": refused(ptrace.format(pid=outside)),
        "see how many processes run": "import os\nassert len([p for p in os.listdir('/proc') if p.isdigit()]) < 9\n"
        + RIGHT,
        "the root folder of process 1": refused(f"open('/proc/1/root{secret}').read()"),
        "the environment of process 1": "try: text = open('/proc/1/environ', 'rb').read()\n"
        "except OSError: text = b''\nassert b'HOME' not in text and b'PATH' not in text\n" + RIGHT,
        "the files of process 1": "import os\ntry: fds = os.listdir('/proc/1/fd')\nexcept OSError: fds = []\n"
        f"assert not any({secret.rpartition('/')[0]!r} in os.readlink('/proc/1/fd/' + fd) for fd in fds)\n" + RIGHT,
        "shared memory of others": "assert open('/proc/sysvipc/shm').read().count('\\n') == 1\n" + RIGHT,
    }


def rights() -> dict[str, str]:
    """Return programs that reach for rights over the machine."""
    call = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nif {call}: raise OSError(ctypes.get_errno(), 'no')"
    return {
        "become root": refused("import os\nos.setuid(0)"),
        "mount": refused(call.format(call="libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)")),
        "a user namespace of its own": refused(call.format(call="libc.unshare(0x10000000)")),
        "enter the namespaces of process 1": refused(
            "import ctypes\nfd = open('/proc/1/ns/mnt').fileno()\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "if libc.setns(fd, 0): raise OSError(ctypes.get_errno(), 'no')"
        ),
        "change the root folder": refused("import os\nos.chroot('/tmp')"),
        "no rights at all": "assert 'CapEff:\\t0000000000000000' in open('/proc/self/status').read()\n" + RIGHT,
        "programs that make root": "assert 'NoNewPrivs:\\t1' in open('/proc/self/status').read()\n" + RIGHT,
        "set the clock": refused("import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)"),
        "settings of the kernel": refused("open('/proc/sys/kernel/hostname', 'w').write('x')"),
        "set the name of the machine": refused("import socket\nsocket.sethostname('x')"),
        "a device": refused("import os\nos.mknod('disk', 0o60600, os.makedev(8, 0))"),
        "raise a limit": refused(
            "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "(OSError, ValueError)"
        ),
    }


def files(secret: str, unix: str, home: str) -> dict[str, str]:
    """Return programs that read and write files of the user: ``secret``, whose folder can be written, and ``home``.

    The server at the path ``unix`` is reached through a file, too.
    """
    folder = secret.rpartition("/")[0]
    return {
        "read a file of the user": refused(f"open({secret!r}).read()"),
        "write a file of the user": refused(f"open({secret!r}, 'w')"),
        "delete a file of the user": refused(f"import os\nos.unlink({secret!r})"),
        "write beside it": refused(f"open({folder + '/new'!r}, 'w')"),
        "write in the root folder": refused("open('/new', 'w')"),
        "write in the system": refused("open('/usr/new', 'w')"),
        "write in Python": refused("import os\nopen(os.__file__, 'a')"),
        "write in /dev": refused("open('/dev/new', 'w')"),
        "delete the system": refused("import os\nos.unlink('/usr/bin/env')"),
        "the keys of the user": absent(home + "/.ssh"),
        "the accounts of the machine": absent("/etc/shadow"),
        "what runs on the machine": absent("/run"),
        "files of others in /tmp": "import os\nassert os.listdir('/tmp') and not [n for n in os.listdir('/tmp') "
        "if n.startswith('codeshift-')]\n" + RIGHT,
        "a Unix socket": refused(f"import socket\nsocket.socket(socket.AF_UNIX).connect({unix!r})"),
        "out by a link": refused(f"import os\nos.symlink({secret!r}, 'link')\nopen('link').read()"),
        "out by many dots": refused(f"open('../' * 40 + {secret.lstrip('/')!r}).read()"),
        "fill the folder": refused("for i in range(10 ** 6): open(f'f{i}', 'wb').write(bytes(1 << 20))"),
        "fill shared memory": refused("for i in range(10 ** 6): open(f'/dev/shm/f{i}', 'wb').write(bytes(1 << 20))"),
        "fill memory by files in memory": refused("import os\nfds = [os.memfd_create('m') for _ in range(10 ** 6)]\n"),
    }


def many() -> dict[str, str]:
    """Return programs that start more processes or threads than they may."""
    return {
        "count forks": refused("import os, time\nfor _ in range(64):\n    if not os.fork():\n        time.sleep(600)"),
        "threads": refused(
            "import threading, time\nfor _ in range(64): threading.Thread(target=time.sleep, args=(600,)).start()",
            "RuntimeError",
        ),
    }
