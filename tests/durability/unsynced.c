// What a process does to the files of one folder, and what it tells its clients, in order. Loaded
// by LD_PRELOAD; the environment names the folder (DISK_FOLDER) and the file of the records
// (DISK_OPERATIONS). With DISK_DIE_BEFORE_SYNC=n the process is killed when it asks for its n-th
// sync, before anything of it is done; with DISK_DIE_HOLDING=text, when it asks for the first sync
// after it has written the text.
//
// Each call is carried out by the kernel as it is, then one record is appended:
//
//   kind (1 byte), number (4: the thread, or the client's port), offset (8), length of the path
//   (4), length of the data (4), path, data; numbers little-endian, as every machine is that this runs on
//
// A sync has two records, since it covers only what was written before it began, and only once it
// has ended well. All other calls are carried out and recorded under one lock, so that their
// order is the order of the records.
//
// What would escape the records (a writable mapping, a rename, room asked for in advance) is
// recorded as `U`, for the reader to stop at. SQLite's index of the log (-shm) is left out: it is
// shared memory that is built anew after a power cut.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <unistd.h>

#define MOST_FILES 65536
#define LONGEST_PATH 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static int records = -1;
static long syncs_left = -1;
static const char *deadly;
static int holds_deadly;
// The path of each open file that is recorded, by its descriptor; never freed, for readers
// without the lock.
static const char *paths[MOST_FILES];

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("DISK_OPERATIONS");
    const char *die = getenv("DISK_DIE_BEFORE_SYNC");
    folder = getenv("DISK_FOLDER");
    deadly = getenv("DISK_DIE_HOLDING");
    if (!file || !folder) {
        folder = NULL;
        return;
    }
    records = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (records < 0) {
        abort();
    }
    if (die) {
        syncs_left = strtol(die, NULL, 10);
    }
}

static const char *path_of(int file) {
    if (file < 0 || file >= MOST_FILES) {
        return NULL;
    }
    return __atomic_load_n(&paths[file], __ATOMIC_ACQUIRE);
}

static void record(char kind, uint32_t number, int64_t offset, const char *path,
                   const struct iovec *data, int parts, size_t length) {
    uint32_t path_length = strlen(path), data_length = length;
    char head[21];
    int saved = errno;
    head[0] = kind;
    memcpy(head + 1, &number, 4);
    memcpy(head + 5, &offset, 8);
    memcpy(head + 13, &path_length, 4);
    memcpy(head + 17, &data_length, 4);
    syscall(SYS_write, records, head, sizeof head);
    syscall(SYS_write, records, path, path_length);
    for (int part = 0; part < parts && length > 0; part++) {
        size_t some = data[part].iov_len < length ? data[part].iov_len : length;
        syscall(SYS_write, records, data[part].iov_base, some);
        length -= some;
    }
    errno = saved;
}

static void note(char kind, uint32_t number, int64_t offset, const char *path) {
    record(kind, number, offset, path, NULL, 0, 0);
}

static void note_locked(char kind, uint32_t number, int64_t offset, const char *path) {
    pthread_mutex_lock(&lock);
    note(kind, number, offset, path);
    pthread_mutex_unlock(&lock);
}

// The path below the folder, "." for the folder itself; NULL for what is elsewhere.
static const char *below_folder(const char *path) {
    size_t length = strlen(folder), whole = strlen(path);
    if (strncmp(path, folder, length) != 0) {
        return NULL;
    }
    if (path[length] == 0) {
        return ".";
    }
    if (path[length] != '/' || (whole > 4 && strcmp(path + whole - 4, "-shm") == 0)) {
        return NULL;
    }
    return path + length + 1;
}

static int opened(int directory, const char *path, int flags, mode_t mode) {
    if (!folder) {
        return syscall(SYS_openat, directory, path, flags, mode);
    }
    pthread_mutex_lock(&lock);
    int was_there = syscall(SYS_faccessat, directory, path, F_OK) == 0;
    int file = syscall(SYS_openat, directory, path, flags, mode);
    if (file >= 0 && file < MOST_FILES) {
        char link[64], real[LONGEST_PATH];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, real, sizeof real - 1);
        real[length < 0 ? 0 : length] = 0;
        const char *name = below_folder(real);
        __atomic_store_n(&paths[file], name ? strdup(name) : NULL, __ATOMIC_RELEASE);
        if (name && !was_there && (flags & O_CREAT)) {
            note('C', 0, 0, name);
        } else if (name && (flags & O_TRUNC)) {
            note('T', 0, 0, name);
        }
    }
    pthread_mutex_unlock(&lock);
    return file;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        return opened(AT_FDCWD, path, flags, mode);                                                \
    }
#define OPEN_AT(name)                                                                              \
    int name(int directory, const char *path, int flags, ...) {                                    \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        return opened(directory, path, flags, mode);                                               \
    }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int file) {
    if (!path_of(file)) {
        return syscall(SYS_close, file);
    }
    pthread_mutex_lock(&lock);
    __atomic_store_n(&paths[file], NULL, __ATOMIC_RELEASE);
    int result = syscall(SYS_close, file);
    pthread_mutex_unlock(&lock);
    return result;
}

// Writes at the offset, or where the file stands if that is negative.
static ssize_t written(int file, const struct iovec *data, int parts, off64_t offset) {
    pthread_mutex_lock(&lock);
    ssize_t result;
    if (offset >= 0) {
        result = syscall(SYS_pwritev, file, data, parts, (long)offset, 0L);
    } else {
        result = syscall(SYS_writev, file, data, parts);
        offset = syscall(SYS_lseek, file, 0L, SEEK_CUR) - (result > 0 ? result : 0);
    }
    if (result > 0) {
        record('W', 0, offset, path_of(file), data, parts, result);
        for (int part = 0; deadly && part < parts; part++) {
            holds_deadly |=
                memmem(data[part].iov_base, data[part].iov_len, deadly, strlen(deadly)) != NULL;
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

// Whether the bytes begin an answer 200, or a WebSocket's frame of text.
static char kind_of(const struct iovec *data, int parts) {
    static const char answer[] = "HTTP/1.1 200";
    if (!folder || parts < 1 || data[0].iov_len < sizeof answer - 1) {
        return 0;
    }
    if (memcmp(data[0].iov_base, answer, sizeof answer - 1) == 0) {
        return 'A';
    }
    return *(unsigned char *)data[0].iov_base == 0x81 ? 'F' : 0;
}

static ssize_t told(int file, const struct msghdr *message, int flags) {
    char kind = kind_of(message->msg_iov, message->msg_iovlen);
    if (!kind) {
        return syscall(SYS_sendmsg, file, message, flags);
    }
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    pthread_mutex_lock(&lock);
    int is_peer = getpeername(file, (struct sockaddr *)&peer, &size) == 0;
    ssize_t result = syscall(SYS_sendmsg, file, message, flags);
    if (is_peer && peer.ss_family == AF_INET && result > 0) {
        uint32_t port = ntohs(((struct sockaddr_in *)&peer)->sin_port);
        record(kind, port, 0, "", message->msg_iov, message->msg_iovlen, result);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int is_socket(int file) {
    struct stat status;
    return folder && fstat(file, &status) == 0 && S_ISSOCK(status.st_mode);
}

ssize_t writev(int file, const struct iovec *data, int parts) {
    if (path_of(file)) {
        return written(file, data, parts, -1);
    }
    if (kind_of(data, parts) && is_socket(file)) {
        struct msghdr message = {.msg_iov = (struct iovec *)data, .msg_iovlen = parts};
        return told(file, &message, MSG_NOSIGNAL);
    }
    return syscall(SYS_writev, file, data, parts);
}

ssize_t write(int file, const void *bytes, size_t length) {
    struct iovec data = {(void *)bytes, length};
    return writev(file, &data, 1);
}

ssize_t send(int file, const void *bytes, size_t length, int flags) {
    struct iovec data = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    return told(file, &message, flags);
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
    return told(file, message, flags);
}

ssize_t pwritev64(int file, const struct iovec *data, int parts, off64_t offset) {
    if (path_of(file)) {
        return written(file, data, parts, offset);
    }
    return syscall(SYS_pwritev, file, data, parts, (long)offset, 0L);
}

ssize_t pwritev(int file, const struct iovec *data, int parts, off_t offset) {
    return pwritev64(file, data, parts, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    struct iovec data = {(void *)bytes, length};
    return pwritev64(file, &data, 1, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    return pwrite64(file, bytes, length, offset);
}

int ftruncate64(int file, off64_t length) {
    const char *path = path_of(file);
    if (!path) {
        return syscall(SYS_ftruncate, file, length);
    }
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_ftruncate, file, length);
    if (result == 0) {
        note('T', 0, length, path);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synced(int file, long call) {
    const char *path = path_of(file);
    if (!path) {
        return syscall(call, file);
    }
    uint32_t thread = syscall(SYS_gettid);
    pthread_mutex_lock(&lock);
    if (holds_deadly || (syncs_left > 0 && --syncs_left == 0)) {
        kill(getpid(), SIGKILL);
    }
    note('B', thread, 0, path);
    pthread_mutex_unlock(&lock);
    int result = syscall(call, file);
    if (result == 0) {
        note_locked('S', thread, 0, path);
    }
    return result;
}

int fsync(int file) { return synced(file, SYS_fsync); }

int fdatasync(int file) { return synced(file, SYS_fdatasync); }

static int removed(int directory, const char *path, int flags) {
    if (!folder) {
        return syscall(SYS_unlinkat, directory, path, flags);
    }
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_unlinkat, directory, path, flags);
    const char *name = result == 0 ? below_folder(path) : NULL;
    if (name) {
        note('R', 0, 0, name);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }

int unlinkat(int directory, const char *path, int flags) { return removed(directory, path, flags); }

int rename(const char *from, const char *to) {
    if (folder && (below_folder(from) || below_folder(to))) {
        note_locked('U', 0, 0, "rename");
    }
    return syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int fallocate64(int file, int mode, off64_t offset, off64_t length) {
    if (path_of(file)) {
        note_locked('U', 0, 0, "fallocate");
    }
    return syscall(SYS_fallocate, file, mode, offset, length);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
    return fallocate64(file, mode, offset, length);
}

int posix_fallocate64(int file, off64_t offset, off64_t length) {
    return fallocate64(file, 0, offset, length) == 0 ? 0 : errno;
}

int posix_fallocate(int file, off_t offset, off_t length) {
    return posix_fallocate64(file, offset, length);
}

void *mmap64(void *place, size_t length, int rights, int flags, int file, off64_t offset) {
    if (path_of(file) && (rights & PROT_WRITE) && (flags & MAP_SHARED)) {
        note_locked('U', 0, 0, "mmap");
    }
    return (void *)syscall(SYS_mmap, place, length, rights, flags, file, offset);
}

void *mmap(void *place, size_t length, int rights, int flags, int file, off_t offset) {
    return mmap64(place, length, rights, flags, file, offset);
}
