/* Counts the calls of this process that change files below one folder, and lets the n-th of them fail or kill the process.

   Loaded with LD_PRELOAD, so that it sees the calls of Python, of HDF5 and of SQLite. Steered by disk_calls_begin.
   A full disk takes half of a write, as a real one does, and refuses the next. Linux only. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, FAIL_ONCE, FAIL_ON, KILL };

static char folder[4096];
static size_t length;
static long at = -1;
static int mode = COUNT, failure = EIO;
static long number;
static char kinds[1 << 20];     /* one letter for each call */
static unsigned owner;          /* only this process is disturbed, none that it starts */

void disk_calls_begin(const char *below, long when, int how, int error)
{
    snprintf(folder, sizeof folder, "%s", below);
    length = strlen(folder);
    at = when; mode = how; failure = error; number = 0; owner = getpid();
}
long disk_calls_count(void) { return number; }
const char *disk_calls_kinds(void) { return kinds; }
void disk_calls_end(void) { length = 0; }

static int below(const char *path)
{
    char whole[8192];
    if (!length || getpid() != (int)owner) return 0;
    if (path[0] != '/') {
        if (!getcwd(whole, 4096)) return 0;
        strncat(whole, "/", 2); strncat(whole, path, 4090);
        path = whole;
    }
    return strncmp(path, folder, length) == 0;
}

static int open_below(int descriptor)
{
    char link[64], path[4096];
    if (!length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t got = readlink(link, path, sizeof path - 1);
    if (got <= 0) return 0;
    path[got] = 0;
    return below(path);
}

/* Returns 0 to go on, 1 to fail, 2 to do half and then fail or die. */
static int look(char kind, int divisible)
{
    long now = __sync_fetch_and_add(&number, 1);
    if (now < (long)sizeof kinds - 1) kinds[now] = kind;
    if (at < 0 || now < at) return 0;
    if (mode == KILL && now == at) {
        if (divisible) return 2;
        kill(getpid(), SIGKILL); pause();
    }
    if (failure == ENOSPC && (kind == 'u' || kind == 't')) return 0;      /* a full disk still frees */
    if (mode == FAIL_ONCE && now == at) return 1;
    if (mode == FAIL_ON) return (divisible && now == at && failure == ENOSPC) ? 2 : 1;
    return 0;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);
#define GUARD(kind) if (look(kind, 0)) { errno = failure; return -1; }

static int made(int flags) { return flags & (O_CREAT | O_TRUNC); }

#define OPEN(name) \
int name(const char *path, int flags, ...) \
{ \
    REAL(int, name, const char *, int, ...) \
    va_list rest; va_start(rest, flags); mode_t rights = made(flags) ? va_arg(rest, mode_t) : 0; va_end(rest); \
    if (made(flags) && below(path)) GUARD('o') \
    return real(path, flags, rights); \
}
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
int name(int place, const char *path, int flags, ...) \
{ \
    REAL(int, name, int, const char *, int, ...) \
    va_list rest; va_start(rest, flags); mode_t rights = made(flags) ? va_arg(rest, mode_t) : 0; va_end(rest); \
    if (made(flags) && below(path)) GUARD('o') \
    return real(place, path, flags, rights); \
}
OPENAT(openat)
OPENAT(openat64)

static void torn(void) { if (mode == KILL) { kill(getpid(), SIGKILL); pause(); } }

ssize_t write(int descriptor, const void *data, size_t size)
{
    REAL(ssize_t, write, int, const void *, size_t)
    if (open_below(descriptor)) {
        int what = look('w', size > 1);
        if (what == 1) { errno = failure; return -1; }
        if (what == 2) { ssize_t got = real(descriptor, data, size / 2); torn(); return got; }
    }
    return real(descriptor, data, size);
}

#define PWRITE(name, offset_type) \
ssize_t name(int descriptor, const void *data, size_t size, offset_type offset) \
{ \
    REAL(ssize_t, name, int, const void *, size_t, offset_type) \
    if (open_below(descriptor)) { \
        int what = look('w', size > 1); \
        if (what == 1) { errno = failure; return -1; } \
        if (what == 2) { ssize_t got = real(descriptor, data, size / 2, offset); torn(); return got; } \
    } \
    return real(descriptor, data, size, offset); \
}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define OF_DESCRIPTOR(name, kind) \
int name(int descriptor) \
{ \
    REAL(int, name, int) \
    if (open_below(descriptor)) GUARD(kind) \
    return real(descriptor); \
}
OF_DESCRIPTOR(fsync, 's')
OF_DESCRIPTOR(fdatasync, 's')

#define CUT(name, size_type) \
int name(int descriptor, size_type size) \
{ \
    REAL(int, name, int, size_type) \
    if (open_below(descriptor)) GUARD('t') \
    return real(descriptor, size); \
}
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define OF_PATH(name, kind) \
int name(const char *path) \
{ \
    REAL(int, name, const char *) \
    if (below(path)) GUARD(kind) \
    return real(path); \
}
OF_PATH(unlink, 'u')
OF_PATH(rmdir, 'u')

int mkdir(const char *path, mode_t rights)
{
    REAL(int, mkdir, const char *, mode_t)
    if (below(path)) GUARD('d')
    return real(path, rights);
}

#define MOVE(name) \
int name(const char *before, const char *after) \
{ \
    REAL(int, name, const char *, const char *) \
    if (below(after)) GUARD('r') \
    return real(before, after); \
}
MOVE(rename)
MOVE(link)
