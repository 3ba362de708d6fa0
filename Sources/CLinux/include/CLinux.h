// What Linux offers and the Glibc overlay of Swift leaves out, in plain C types.
// Every function that fails returns -1 with errno set, and none retries: the callers decide that.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sys/types.h>

// Errors and names: strerror_r(3) and strerrorname_np(3).
const char *clinux_error_name(int error);
const char *clinux_error_text(int error, char *buffer, size_t capacity);

// Processes: pidfd_open(2), pidfd_getfd(2), pidfd_send_signal(2), ioctl_pidfd(2).
static const uint64_t CLINUX_PROCESS_INFO_PID = UINT64_C(1) << 0;
static const uint64_t CLINUX_PROCESS_INFO_CREDENTIALS = UINT64_C(1) << 1;
static const uint64_t CLINUX_PROCESS_INFO_CONTROL_GROUP = UINT64_C(1) << 2;
static const uint64_t CLINUX_PROCESS_INFO_EXIT = UINT64_C(1) << 3;

// The first published layout of struct pidfd_info; later kernels only append to it.
struct clinux_process_info {
    uint64_t mask;
    uint64_t control_group;
    uint32_t pid, thread_group, parent;
    uint32_t real_uid, real_gid, effective_uid, effective_gid;
    uint32_t saved_uid, saved_gid, file_system_uid, file_system_gid;
    int32_t exit_code;
};

int clinux_pidfd_open(pid_t pid);
// Of one thread: Linux 6.9.
int clinux_pidfd_open_thread(pid_t tid);
int clinux_pidfd_getfd(int pidfd, int number);
int clinux_pidfd_send_signal(int pidfd, int signal);
// By the inode that pidfs gave the process, which is its file handle: open_by_handle_at(2), Linux
// 6.14. Any pidfd names the file system. ESTALE once the process has been reaped.
int clinux_pidfd_reopen(int any_pidfd, uint64_t inode);
int clinux_pidfd_get_info(int pidfd, uint64_t mask, struct clinux_process_info *info);
// waitid(2) with P_PIDFD, changing nothing: EBADF says that the descriptor is no pidfd.
int clinux_pidfd_wait_probe(int descriptor);
// Whether the file system of the descriptor is pidfs: fstatfs(2).
int clinux_is_pidfs(int descriptor);
// A child that ends at once with the code and sends no SIGCHLD; its pid. Reap with clinux_reap.
pid_t clinux_spawn_ending_child(int code);
// waitpid(2) with __WALL.
pid_t clinux_reap(pid_t pid, int *status);
// fork(2), which Swift hides because only async-signal-safe code is sound in the child.
pid_t clinux_fork(void);
// W* of wait(2): -1 where the status is not of that kind.
int clinux_exit_code(int status);
int clinux_ending_signal(int status);

// Device and inode without asking a remote or user-space file system: statx(2).
int clinux_file_identity(
    int directory, const char *path, int follow, uint64_t *device, uint64_t *inode);
// The same of an absolute path that leads through no symbolic link: openat2(2), Linux 5.6. Whoever
// may make links could have us walk through many long ones, or into a file system that hangs.
int clinux_linkless_file_identity(const char *path, uint64_t *device, uint64_t *inode);
// As that, part by part, for where openat2(2) is missing.
int clinux_walked_file_identity(const char *path, uint64_t *device, uint64_t *inode);

// The file that a process executes, and when that file was last changed in any way, a rename, a
// removal or a new link included: statx(2) of /proc/PID/exe.
struct clinux_file_mark {
    uint64_t device, inode;
    int64_t changed_seconds;
    uint32_t changed_nanoseconds;
};
int clinux_executable_mark(pid_t pid, struct clinux_file_mark *mark);

// Whether two processes have one table of descriptors: 1 or 0. kcmp(2), KCMP_FILES.
int clinux_shares_descriptors(pid_t one, pid_t other);

// Messages with descriptors: sendmsg(2), recvmsg(2), unix(7), cmsg(3).
struct clinux_received {
    int32_t is_truncated, is_control_truncated;
    int32_t control_byte_count;
    int32_t has_credentials;
    int32_t pid;
    uint32_t uid, gid;
    int32_t descriptor_count;
    // A descriptor of SCM_PIDFD, or -1.
    int32_t process_descriptor;
};

// Space for the most descriptors of one message (253), credentials and a pidfd.
size_t clinux_control_capacity(void);
// More than the control space can hold, so that the parser never runs out of room.
size_t clinux_descriptor_capacity(void);
ssize_t clinux_receive(
    int socket, void *bytes, size_t byte_capacity, void *control, int *descriptors, int flags,
    struct clinux_received *received);
// The same with room for credentials and as many descriptors as are expected at most: the kernel
// makes no number for the others, and closes them unless the message stays in the queue (MSG_PEEK).
enum { CLINUX_DESCRIPTORS_EXPECTED = 2 };
ssize_t clinux_receive_expected(
    int socket, void *bytes, size_t byte_capacity, void *control, int *descriptors, int flags,
    struct clinux_received *received);
// Takes the next message off the queue, and nothing of it.
ssize_t clinux_drop_message(int socket);
ssize_t clinux_send(
    int socket, const void *bytes, size_t byte_count, const int *descriptors,
    size_t descriptor_count, int flags);

// Sockets: socket(2), accept4(2), unix(7), socket(7).
int clinux_socket(int family, int type, int protocol);
int clinux_socket_pair(int family, int type, int descriptors[2]);
int clinux_accept(int socket, int non_blocking);
// The bytes of a path, or of an abstract name with its leading NUL.
int clinux_bind_unix(int socket, const char *name, size_t count);
int clinux_connect_unix(int socket, const char *name, size_t count);
int clinux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid);
int clinux_peer_pidfd(int socket);
int clinux_set_pass_rights(int socket, int value);
int clinux_set_pass_pidfd(int socket, int value);
// Neither a pidfd of the sender nor its security label comes with a message. It cannot fail in a
// way that matters: a kernel without one of the two options passes nothing of it.
void clinux_pass_only_credentials(int socket);
int clinux_socket_cookie(int socket, uint64_t *cookie);
// A small number that goes with an open file: fcntl(2), F_SETSIG and F_GETSIG. 0 without a mark.
int clinux_set_mark(int file, int mark);
int clinux_mark(int file);
// A descriptor of the network namespace of the socket: SIOCGSKNS.
int clinux_socket_namespace(int socket);
int clinux_maximum_pacing_rate(int socket, uint64_t *rate);
// The state of a TCP connection, TCP_INFO: tcp(7). Others have none.
int clinux_tcp_state(int socket);
// More of it. Of a connection the bytes that came, its end among them, and those the peer has
// acknowledged; of a listener the connections that wait. Fields the kernel lacks are 0.
struct clinux_tcp_flow {
    int32_t state;
    uint32_t waiting;
    uint64_t received, acknowledged;
};
int clinux_tcp_flow(int socket, struct clinux_tcp_flow *flow);
// What waits to be received takes so much memory: socket(7), SO_MEMINFO.
int clinux_receive_memory(int socket, uint32_t *byte_count);
// The same of UDP exactly, where that gives memory back for several messages together:
// sock_diag(7). The number is another one for each question.
int clinux_datagram_queue(int diagnosis, int socket, uint32_t number, uint32_t *byte_count);
// One byte that is looked at and left: recv(2) with MSG_PEEK. 0 is the end of a stream.
ssize_t clinux_peek(int socket);

// Of the network namespace of the socket: SO_NETNS_COOKIE, since Linux 5.14.
int clinux_namespace_cookie(int socket, uint64_t *cookie);

// Sockets of the whole network namespace: sock_diag(7), netlink(7). The groups tell of the end of
// TCP and UDP sockets, of IPv4 and IPv6.
#define CLINUX_DESTROYED_INTERNET_FIRST 1
#define CLINUX_DESTROYED_INTERNET_LAST 4
int clinux_diagnosis_socket(void);
// Gives it a number, without which it gets nothing that is sent to all.
int clinux_diagnosis_bind(int socket);
int clinux_diagnosis_group(int socket, int group, int joins);
ssize_t clinux_diagnosis_send(int socket, const void *bytes, size_t byte_count);
ssize_t clinux_diagnosis_receive(
    int socket, void *bytes, size_t capacity, int waits, int *is_truncated, int *is_kernel);
// A descriptor of the PID namespace of a process: PIDFD_GET_PID_NAMESPACE.
int clinux_pidfd_pid_namespace(int pidfd);
// Our number of the process that has this one in a PID namespace: NS_GET_PID_FROM_PIDNS.
int clinux_translate_process(int namespace, int number);
// A descriptor of an io_uring, for tests: io_uring_setup(2).
int clinux_ring_descriptor(void);
// A page that never arrives, for tests, and the descriptor that is readable once somebody waits for
// it: userfaultfd(2).
int clinux_unanswered_page(void **page);

// Waiting: epoll(7), eventfd(2), signalfd(2), timerfd_create(2).
#define CLINUX_READABLE 0x001u
#define CLINUX_URGENT 0x002u
#define CLINUX_WRITABLE 0x004u
#define CLINUX_ERROR 0x008u
#define CLINUX_HANG_UP 0x010u
#define CLINUX_PEER_HANG_UP 0x2000u
#define CLINUX_EDGE_TRIGGERED 0x80000000u

int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int clinux_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token);
int clinux_epoll_remove(int epoll, int descriptor);
size_t clinux_epoll_event_size(void);
int clinux_epoll_wait(int epoll, void *events, int capacity, int timeout_milliseconds);
uint32_t clinux_epoll_events(const void *events, int index);
uint64_t clinux_epoll_token(const void *events, int index);

int clinux_event_descriptor(int non_blocking);
// Blocks the signals in the calling thread and makes a descriptor that reads them.
int clinux_signal_descriptor(const int *signals, size_t count);
// The signal number, or -1.
int clinux_read_signal(int descriptor);
// Whether whoever started this process had it ignore the signal, as nohup(1) does.
int clinux_is_signal_ignored(int signal);
int clinux_timer_descriptor(void);
// An absolute time of CLOCK_BOOTTIME; 0 disarms.
int clinux_set_timer(int descriptor, int64_t boot_microseconds);

// Threads: pthread_create(3) with every signal blocked in the new thread.
int clinux_start_thread(pthread_t *thread, void *(*body)(void *), void *context);

// Files and the rest: pipe2(2), memfd_create(2), flock(2), getrandom(2), execve(2), environ(7).
int clinux_pipe(int descriptors[2]);
int clinux_memory_file(const char *name);
int clinux_set_close_on_exec(int descriptor);
int clinux_random(void *bytes, size_t count);
char **clinux_environment(void);

// Memory that another program's code named, which may not be there: EFAULT and no signal.
// process_vm_readv(2), process_vm_writev(2), on the own process.
int clinux_copy_in(void *to, const void *from, size_t byte_count);
int clinux_copy_out(void *to, const void *from, size_t byte_count);

// What each thread has of its own. A reason is cut where it is too long.
static const size_t CLINUX_REASON_CAPACITY = 512;
struct clinux_thread {
    int32_t last_error;
    // Callbacks of the library that are running, one within the other.
    int32_t callback_depth;
    int32_t open_type;
    // Names the thread's queue of messages; 0 before it has one.
    uint64_t message_queue;
};
struct clinux_thread *clinux_this_thread(void);
// Names this thread's queue; `at_end`, the same in every call, is given the name when the thread
// ends: pthread_key_create(3).
int clinux_set_message_queue(uint64_t name, void (*at_end)(uint64_t name));
void clinux_set_reason(const char *text, size_t byte_count);
const char *clinux_reason(void);

// The room for what a call of each kind, 0 to 3, hands out to the thread until its next such call.
size_t clinux_result_capacity(void);
void *clinux_result(int kind);

// A program's own calls: accept4(2), ppoll(2), where less than 0 waits for ever.
int clinux_accept_from(
    int socket, int non_blocking, int close_on_exec, void *address, uint32_t *byte_count);
// As struct pollfd.
struct clinux_poll_request {
    int32_t descriptor;
    int16_t events, answer;
};
int clinux_poll(struct clinux_poll_request *requests, size_t count, int64_t nanoseconds);

// inet_aton(3), in network order.
int clinux_internet_address(const char *text, uint32_t *address);

// getservbyname_r(3), getprotobyname_r(3): by name, or by number where the name is NULL. 0 where
// there is none. The texts are in the buffer.
struct clinux_entry {
    char *name;
    char **aliases;
    int32_t number;
    char *protocol;
};
int clinux_find_service(
    const char *name, int port, const char *protocol, struct clinux_entry *entry, char *buffer,
    size_t capacity);
int clinux_find_protocol(
    const char *name, int number, struct clinux_entry *entry, char *buffer, size_t capacity);

// pthread_atfork(3): the same three calls for every fork of this process.
int clinux_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));
// Higher in a child than in the process it was forked from, however it was: madvise(2),
// MADV_WIPEONFORK. The same in both where the kernel does not know that. Never fails.
uint32_t clinux_generation(void);

// The keeper: a child that has a copy of the memory, as after fork(2), and the same table of
// descriptors. Only for a process with one thread. ENOTSUP where glibc's record of the thread id
// cannot be found: prctl(2), PR_GET_TID_ADDRESS.
pid_t clinux_clone_sharing_descriptors(void);
// waitpid(2) with WNOHANG: 0 while the child runs.
pid_t clinux_reap_if_ended(pid_t pid, int *status);
int clinux_kill(pid_t pid, int signal);
// At most 15 bytes: prctl(2), PR_SET_NAME.
int clinux_name_process(const char *name);
// SIGKILL when the thread that made this process has ended: prctl(2), PR_SET_PDEATHSIG.
int clinux_end_with_parent(void);
// Real, effective and saved ids: setresuid(2), setresgid(2). An id of -1 stays; the second call
// leaves no supplementary groups.
int clinux_set_users(uid_t real, uid_t effective, uid_t saved);
int clinux_set_groups(gid_t real, gid_t effective);
int clinux_block_signals(const int *signals, size_t count);
int clinux_unblock_signals(const int *signals, size_t count);
// sigwaitinfo(2), or sigtimedwait(2) where the time is not negative: EAGAIN at its end.
int clinux_await_signal(const int *signals, size_t count, int64_t microseconds);
// close_range(2): numbers without a descriptor are passed over.
int clinux_close_range(unsigned first, unsigned last);
// Whether closing the last descriptor of the socket can wait: socket(7), SO_LINGER.
int clinux_lingers(int socket);
// A thread with a copy of the table of descriptors. What is closed in the meantime is closed for
// good when the copy ends, by a thread that exits: then nothing lingers, as at the end of any
// process. NULL and errno where there can be none. unshare(2), CLONE_FILES
struct clinux_table_copy;
struct clinux_table_copy *clinux_copy_table(void);
// Returns the thread, which goes on to close what nobody else has.
int clinux_end_table_copy(struct clinux_table_copy *copy);
// Whether this process has the thread, be it one that has returned and closes yet. tgkill(2)
int clinux_has_thread(int id);
// How often the calling thread has waited in a call, -1 where that is not told: getrusage(2),
// RUSAGE_THREAD, ru_nvcsw.
int64_t clinux_thread_wait_count(void);

// Terminals: ioctl_tty(2), termios(3).
int clinux_terminal_size(int descriptor, int *columns, int *rows);
// Keys come one by one, unechoed, until the end. SIGHUP, SIGINT, SIGQUIT and SIGTERM put the
// terminal back before they end the process. One terminal at a time: EBUSY.
int clinux_begin_editing(int descriptor);
int clinux_end_editing(void);
// As if the terminal had been asked to stop us: SIGTSTP for the group, also where it is blocked.
// Returns when we go on.
int clinux_suspend(void);

// Which descriptor numbers outlive a coordinator, in memory that its keeper shares. Kind 0 is none.
enum { CLINUX_KEEPING_FACTS = 8 };
struct clinux_keeping;
// mmap(2); NULL with errno.
struct clinux_keeping *clinux_keeping_make(uint32_t capacity);
// ERANGE for a number beyond the capacity.
int clinux_keeping_set(
    struct clinux_keeping *keeping, int number, uint32_t kind, uint64_t label, uint64_t epoch);
void clinux_keeping_clear(struct clinux_keeping *keeping, int number);
uint32_t clinux_keeping_get(
    const struct clinux_keeping *keeping, int number, uint64_t *label, uint64_t *epoch);
// One more than the highest number that was ever set.
uint32_t clinux_keeping_end(const struct clinux_keeping *keeping);
int32_t clinux_keeping_fact(const struct clinux_keeping *keeping, int fact);
void clinux_keeping_set_fact(struct clinux_keeping *keeping, int fact, int32_t value);
