/* SPDX-License-Identifier: MIT */
/* check_registry.c - a registry is read as it was written, and nothing else is believed. */
#include "segment/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/suite.h"
#include "unit/os/children.h"

#define TOPOLOGY "tested"

static char root[64]; /* a folder of the test's own; the registries' is root/mcapi */
static char reason[512];
static struct mci_registry_folder folder;
static struct mci_registry registry, found;

static const char *inside(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void root_open(void)
{
    strcpy(root, "/tmp/check-registry-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    setenv("MCAPI_RUNTIME_DIR", inside("mcapi"), 1);
}

static void root_close(void)
{
    ck_assert_msg(rmdir(root) == 0, "%s is not empty", root);
}

static void lock(void)
{
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_msg(mci_registry_lock(&folder, reason, sizeof reason), "%s", reason);
}

static void unlock(void)
{
    mci_registry_unlock(&folder);
}

static enum mci_registry_state read_back(void)
{
    strcpy(reason, "");
    return mci_registry_read(&folder, TOPOLOGY, &found, reason, sizeof reason);
}

static void registry_fill(uint32_t holders)
{
    memset(&registry, 0, sizeof registry);
    registry.device = 1;
    registry.inode = UINT64_MAX;
    registry.identity[0] = 0x0123456789abcdef;
    registry.identity[1] = 1;
    registry.holders = holders;
    for (uint32_t i = 0; i < holders; i++)
        registry.holder[i] = (struct mci_registry_holder){
            .pid = INT32_MAX - i,
            .fd = INT32_MAX,
            .start = UINT64_MAX - i,
        };
}

static void registry_write(void)
{
    ck_assert_msg(mci_registry_write(&folder, TOPOLOGY, &registry, reason, sizeof reason), "%s",
                  reason);
}

static void file_write(const char *bytes, size_t length)
{
    int fd = openat(folder.fd, TOPOLOGY, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static size_t file_read(char *bytes, size_t size)
{
    int fd = openat(folder.fd, TOPOLOGY, O_RDONLY);
    ssize_t length = read(fd, bytes, size);

    ck_assert_int_gt(length, 0);
    close(fd);
    return (size_t)length;
}

/* --- What is written -------------------------------------------------------------- */

static const uint32_t holder_counts[] = { 0, 1, 2, 100, MCI_REGISTRY_HOLDERS };

START_TEST(what_was_written_is_read)
{
    root_open();
    lock();
    ck_assert_int_eq(read_back(), MCI_REGISTRY_NONE);
    registry_fill(holder_counts[_i]);
    registry_write();
    ck_assert_int_eq(read_back(), MCI_REGISTRY_FOUND);
    ck_assert_int_eq(memcmp(&found, &registry, sizeof found), 0);
    mci_registry_remove(&folder, TOPOLOGY);
    ck_assert_int_eq(read_back(), MCI_REGISTRY_NONE);
    unlock();
    root_close();
}
END_TEST

START_TEST(topologies_do_not_touch_each_other)
{
    root_open();
    lock();
    registry_fill(1);
    registry_write();
    ck_assert_int_eq(mci_registry_read(&folder, "other", &found, reason, sizeof reason),
                     MCI_REGISTRY_NONE);
    mci_registry_remove(&folder, "other");
    unlock();
    ck_assert_int_eq(access(inside("mcapi/" TOPOLOGY), F_OK), 0);
    lock();
    ck_assert_int_eq(read_back(), MCI_REGISTRY_FOUND);
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

START_TEST(a_writer_that_died_leaves_nothing_that_disturbs)
{
    int fd;

    root_open();
    lock();
    fd = openat(folder.fd, ".next", O_WRONLY | O_CREAT, 0);
    ck_assert_int_ge(fd, 0);
    close(fd);
    registry_fill(1);
    registry_write();
    ck_assert_int_eq(read_back(), MCI_REGISTRY_FOUND);
    fd = openat(folder.fd, ".next", O_WRONLY | O_CREAT, 0);
    close(fd);
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

static const mode_t umasks[] = { 0, 022, 077, 0777 };

START_TEST(any_umask_will_do)
{
    struct stat status;

    root_open();
    umask(umasks[_i]);
    lock();
    registry_fill(1);
    registry_write();
    ck_assert_int_eq(stat(inside("mcapi"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(inside("mcapi/" TOPOLOGY), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

/* --- What is not believed --------------------------------------------------------- */

#define HEADER "mcapi registry 1\nsegment 1 2\nidentity 0000000000000003 0000000000000004\n"

static const struct damage {
    const char *text;
    enum mci_registry_state state;
    uint32_t holders;
    const char *reason; /* a word of it */
} damages[] = {
    { "", MCI_REGISTRY_NONE, 0, NULL },
    { "\n\n\n", MCI_REGISTRY_NONE, 0, NULL },
    { "hello, world\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 1", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 1\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry x\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 2\n", MCI_REGISTRY_REFUSED, 0, "version" },
    { "mcapi registry 2\nwho knows what\n", MCI_REGISTRY_REFUSED, 0, "version" },
    { "mcapi registry 1\nsegment 1\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 1\nsegment -1 2\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 1\nsegment 1 99999999999999999999\n", MCI_REGISTRY_NONE, 0, NULL },
    { HEADER, MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 5 6 7\n", MCI_REGISTRY_FOUND, 1, NULL },
    { HEADER "holder 5 6 7", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 5 6\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 0 6 7\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 5 0 7\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder -5 6 7\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 5 6 -7\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder  5 6 7\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 4294967297 6 7\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 5 6 4294967299\n", MCI_REGISTRY_FOUND, 0, NULL },
    { HEADER "holder 5 6 7\nholder 0x9 6 7\nholder 8 9 10\n", MCI_REGISTRY_FOUND, 1, NULL },
    { HEADER "\nholder 5 6 7\n", MCI_REGISTRY_FOUND, 0, NULL },
};

START_TEST(a_damaged_file_says_only_what_is_whole_in_it)
{
    const struct damage *damage = &damages[_i];

    root_open();
    lock();
    file_write(damage->text, strlen(damage->text));
    ck_assert_int_eq(read_back(), damage->state);
    ck_assert_uint_eq(found.holders, damage->holders);
    if (damage->reason != NULL)
        ck_assert_ptr_nonnull(strstr(reason, damage->reason));
    if (damage->reason != NULL)
        ck_assert_ptr_nonnull(strstr(reason, inside("mcapi/" TOPOLOGY)));
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

/* Any number of holders that is read was in the file. */
static void expect_only_ours(void)
{
    ck_assert_uint_le(found.holders, registry.holders);
    ck_assert_int_eq(
            memcmp(found.holder, registry.holder, found.holders * sizeof found.holder[0]), 0);
}

START_TEST(a_file_cut_off_anywhere_says_less_or_nothing)
{
    char bytes[4096];
    size_t length;

    root_open();
    lock();
    registry_fill(5);
    registry_write();
    length = file_read(bytes, sizeof bytes);
    for (size_t cut = 0; cut < length; cut++) {
        file_write(bytes, cut);
        ck_assert_int_ne(read_back(), MCI_REGISTRY_REFUSED);
        expect_only_ours();
        ck_assert_uint_lt(found.holders, registry.holders);
    }
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

START_TEST(a_file_with_any_byte_changed_is_read_without_harm)
{
    static const char changes[] = { 0, '\n', ' ', '0', '9', 'f', '-', '%', 127, (char)0xFF };
    char bytes[4096];
    size_t length;

    root_open();
    lock();
    registry_fill(3);
    registry_write();
    length = file_read(bytes, sizeof bytes);
    for (size_t at = 0; at < length; at++) {
        for (size_t i = 0; i < sizeof changes; i++) {
            char kept = bytes[at];

            bytes[at] = changes[i];
            file_write(bytes, length);
            read_back();
            ck_assert_uint_le(found.holders, registry.holders);
            bytes[at] = kept;
        }
    }
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

START_TEST(a_huge_file_says_nothing)
{
    enum { HUGE = 10 << 20 };
    char *bytes = malloc(HUGE);

    root_open();
    lock();
    memset(bytes, 'h', HUGE);
    file_write(bytes, HUGE);
    ck_assert_int_eq(read_back(), MCI_REGISTRY_NONE);
    for (size_t at = 0; at + 13 < HUGE; at += 13)
        memcpy(bytes + at, "holder 1 2 3\n", 13);
    memcpy(bytes, HEADER, strlen(HEADER));
    file_write(bytes, HUGE);
    ck_assert_int_eq(read_back(), MCI_REGISTRY_NONE);
    free(bytes);
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

/* --- What stands in the file's place ---------------------------------------------- */

static void place_link(const char *path)
{
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
}

static void place_dangling_link(const char *path)
{
    ck_assert_int_eq(symlink("nowhere", path), 0);
}

static void place_folder(const char *path)
{
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void place_pipe(const char *path)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const struct stranger {
    void (*place)(const char *path);
    const char *reason;
} strangers[] = {
    { place_link, "symbolic link" },
    { place_dangling_link, "symbolic link" },
    { place_folder, "not a regular file" },
    { place_pipe, "not a regular file" },
};

START_TEST(what_is_no_file_is_refused_by_name)
{
    root_open();
    lock();
    strangers[_i].place(inside("mcapi/" TOPOLOGY));
    ck_assert_int_eq(read_back(), MCI_REGISTRY_REFUSED);
    ck_assert_ptr_nonnull(strstr(reason, strangers[_i].reason));
    ck_assert_ptr_nonnull(strstr(reason, inside("mcapi/" TOPOLOGY)));
    ck_assert_int_eq(remove(inside("mcapi/" TOPOLOGY)), 0);
    unlock();
    root_close();
}
END_TEST

/* --- The folder ------------------------------------------------------------------- */

/* The lock is refused, for this reason, which names the folder. */
static void expect_no_lock(const char *why)
{
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert(!mci_registry_lock(&folder, reason, sizeof reason));
    ck_assert_msg(strstr(reason, why) != NULL, "%s", reason);
    ck_assert_msg(strstr(reason, inside("mcapi")) != NULL, "%s", reason);
    ck_assert_int_lt(folder.fd, 0);
}

START_TEST(a_folder_that_others_may_enter_is_refused)
{
    static const mode_t modes[] = { 0701, 0710, 0755, 01777 };

    root_open();
    mkdir(inside("mcapi"), 0700);
    for (size_t i = 0; i < SUITE_LENGTH(modes); i++) {
        chmod(inside("mcapi"), modes[i]);
        expect_no_lock("open to other users");
    }
    rmdir(inside("mcapi"));
    root_close();
}
END_TEST

START_TEST(what_is_no_folder_is_refused)
{
    root_open();
    place_pipe(inside("mcapi"));
    expect_no_lock("not a folder");
    unlink(inside("mcapi"));
    ck_assert_int_eq(symlink(root, inside("mcapi")), 0);
    expect_no_lock("not a folder");
    setenv("MCAPI_RUNTIME_DIR", inside("mcapi///"), 1);
    expect_no_lock("not a folder");
    unlink(inside("mcapi"));
    root_close();
}
END_TEST

START_TEST(a_folder_whose_parent_is_missing_is_refused)
{
    root_open();
    setenv("MCAPI_RUNTIME_DIR", inside("mcapi/deeper"), 1);
    expect_no_lock("No such file");
    root_close();
}
END_TEST

START_TEST(what_another_user_has_made_is_refused)
{
    char users[64];

    if (geteuid() != 0)
        return; /* only root can make something for another user */
    root_open();
    mkdir(inside("mcapi"), 0700);
    ck_assert_int_eq(chown(inside("mcapi"), 12345, 12345), 0);
    snprintf(users, sizeof users, "belongs to user 12345, and this program runs as user 0");
    expect_no_lock(users);
    ck_assert_int_eq(chown(inside("mcapi"), 0, 0), 0);
    lock();
    file_write(HEADER, strlen(HEADER));
    ck_assert_int_eq(chown(inside("mcapi/" TOPOLOGY), 12345, 12345), 0);
    ck_assert_int_eq(read_back(), MCI_REGISTRY_REFUSED);
    ck_assert_ptr_nonnull(strstr(reason, users));
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

static int enter_as_other_user(void *unused)
{
    (void)unused;
    if (setgid(12345) != 0 || setuid(12345) != 0
        || !mci_registry_place(&folder, reason, sizeof reason))
        return 1;
    if (mci_registry_lock(&folder, reason, sizeof reason))
        return 2;
    return strstr(reason, "belongs to user 0, and this program runs as user 12345") ? 0 : 3;
}

START_TEST(another_user_is_not_let_in)
{
    if (geteuid() != 0)
        return; /* only root can become another user */
    root_open();
    chmod(root, 0755);
    lock();
    registry_fill(1);
    registry_write();
    ck_assert_int_eq(child_result(child_start(enter_as_other_user, NULL)), 0);
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

START_TEST(the_environment_says_where)
{
    char expected[64];

    root_open();
    unsetenv("MCAPI_RUNTIME_DIR");
    setenv("XDG_RUNTIME_DIR", root, 1);
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_str_eq(folder.path, inside("mcapi"));
    setenv("MCAPI_RUNTIME_DIR", "", 1);
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_str_eq(folder.path, inside("mcapi"));
    snprintf(expected, sizeof expected, "/tmp/mcapi-%u", (unsigned)geteuid());
    setenv("XDG_RUNTIME_DIR", inside("missing"), 1);
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_str_eq(folder.path, expected);
    setenv("XDG_RUNTIME_DIR", "tmp", 1);
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_str_eq(folder.path, expected);
    setenv("MCAPI_RUNTIME_DIR", "relative", 1);
    ck_assert(!mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "absolute"));
    root_close();
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
    char path[PATH_MAX + 10];

    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    setenv("MCAPI_RUNTIME_DIR", path, 1);
    ck_assert(!mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "too long"));
}
END_TEST

/* --- Names ------------------------------------------------------------------------ */

START_TEST(names_of_topologies_are_checked)
{
    static const char *const good[] = {
        "a",   "default", "A-Z_0.9",
        "x.y", "-",       "123456789012345678901234567890123456789012345678901234567890123",
    };
    static const char *const bad[] = {
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "a b",
        "a\nb",
        "\xC3\xA9",
        "/etc/passwd",
        "a%",
        "1234567890123456789012345678901234567890123456789012345678901234",
    };

    for (size_t i = 0; i < SUITE_LENGTH(good); i++)
        ck_assert_msg(mci_registry_name_valid(good[i], reason, sizeof reason), "%s", good[i]);
    for (size_t i = 0; i < SUITE_LENGTH(bad); i++) {
        strcpy(reason, "");
        ck_assert_msg(!mci_registry_name_valid(bad[i], reason, sizeof reason), "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(reason, "name of the topology"));
    }
}
END_TEST

/* --- The lock --------------------------------------------------------------------- */

struct contest {
    _Atomic int inside;
    _Atomic int most;
    _Atomic int rounds;
};

enum {
    CONTESTANTS = 4,
    CONTEST_ROUNDS = 500,
};

static int contend(void *argument)
{
    struct contest *contest = argument;

    if (!mci_registry_place(&folder, reason, sizeof reason))
        return 1;
    for (int i = 0; i < CONTEST_ROUNDS; i++) {
        if (!mci_registry_lock(&folder, reason, sizeof reason))
            return 2;
        if (++contest->inside > contest->most)
            contest->most = contest->inside;
        sched_yield();
        contest->inside--;
        contest->rounds++;
        mci_registry_unlock(&folder); /* and removes the folder under the others */
    }
    return 0;
}

START_TEST(one_at_a_time_though_the_folder_comes_and_goes)
{
    struct contest *contest = shared_memory(sizeof *contest);
    pid_t children[CONTESTANTS];

    root_open();
    for (int i = 0; i < CONTESTANTS; i++)
        children[i] = child_start(contend, contest);
    for (int i = 0; i < CONTESTANTS; i++)
        ck_assert_int_eq(child_result(children[i]), 0);
    ck_assert_int_eq(contest->most, 1);
    ck_assert_int_eq(contest->rounds, CONTESTANTS * CONTEST_ROUNDS);
    root_close();
}
END_TEST

static int hold_the_lock(void *held)
{
    if (!mci_registry_place(&folder, reason, sizeof reason)
        || !mci_registry_lock(&folder, reason, sizeof reason))
        return 1;
    *(_Atomic int *)held = 1;
    for (;;)
        pause();
    return 1;
}

START_TEST(a_lock_dies_with_its_owner)
{
    _Atomic int *held = shared_memory(sizeof *held);
    pid_t owner;

    root_open();
    owner = child_start(hold_the_lock, (void *)held);
    ck_assert(eventually(*held == 1));
    child_kill(owner);
    lock();
    unlock();
    root_close();
}
END_TEST

static int forget_and_stay(void *forgotten)
{
    mci_registry_forget_after_fork();
    *(_Atomic int *)forgotten = 1;
    for (;;)
        pause();
    return 1;
}

/* Somebody else's look at the lock. */
static bool lock_is_free(void)
{
    int fd = open(inside("mcapi"), O_RDONLY | O_DIRECTORY);
    bool free_now = flock(fd, LOCK_EX | LOCK_NB) == 0;

    close(fd);
    return free_now;
}

START_TEST(a_forked_child_does_not_keep_the_lock)
{
    _Atomic int *forgotten = shared_memory(sizeof *forgotten);
    pid_t child;

    root_open();
    lock();
    registry_fill(1);
    registry_write();
    child = child_start(forget_and_stay, (void *)forgotten);
    ck_assert(eventually(*forgotten == 1));
    ck_assert(!lock_is_free()); /* the child has not unlocked what is ours */
    close(folder.fd);           /* as our death would, without an unlock */
    ck_assert(lock_is_free());
    child_kill(child);
    lock();
    mci_registry_remove(&folder, TOPOLOGY);
    unlock();
    root_close();
}
END_TEST

/* --- No room ---------------------------------------------------------------------- */

START_TEST(a_file_over_the_limit_is_an_error_and_not_a_signal)
{
    struct rlimit limit = { .rlim_cur = 50, .rlim_max = RLIM_INFINITY };
    bool written;

    root_open();
    lock();
    registry_fill(1);
    setrlimit(RLIMIT_FSIZE, &limit);
    written = mci_registry_write(&folder, TOPOLOGY, &registry, reason, sizeof reason);
    limit.rlim_cur = RLIM_INFINITY; /* libcheck writes files too */
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert(!written);
    ck_assert_ptr_nonnull(strstr(reason, "File too large"));
    unlock();
    root_close();
}
END_TEST

/* A file system of our own, for us alone, with room for so many files, folders and bytes. */
static bool mount_small(const char *room)
{
    int own = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;

    if (unshare(own) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("tmpfs", root, "tmpfs", 0, room) != 0) {
        fprintf(stderr, "check_registry: no file system can be mounted here: not tested\n");
        return false;
    }
    return true;
}

START_TEST(a_full_file_system_is_an_error_that_names_the_file)
{
    static char bytes[1 << 20];
    int fd;

    root_open();
    if (mount_small("size=1m,nr_inodes=20,mode=700")) {
        lock();
        registry_fill(MCI_REGISTRY_HOLDERS);
        fd = open(inside("filler"), O_WRONLY | O_CREAT, 0600);
        while (write(fd, bytes, sizeof bytes) > 0)
            ;
        close(fd);
        ck_assert(!mci_registry_write(&folder, TOPOLOGY, &registry, reason, sizeof reason));
        ck_assert_ptr_nonnull(strstr(reason, inside("mcapi/" TOPOLOGY)));
        ck_assert_ptr_nonnull(strstr(reason, "No space left"));
        ck_assert_int_eq(read_back(), MCI_REGISTRY_NONE);
        unlink(inside("filler"));
        registry_write();
        ck_assert_int_eq(read_back(), MCI_REGISTRY_FOUND);
        mci_registry_remove(&folder, TOPOLOGY);
        unlock();
        ck_assert_int_eq(umount(root), 0);
    }
    root_close();
}
END_TEST

START_TEST(without_room_for_the_folder_there_is_no_lock)
{
    root_open();
    if (mount_small("nr_inodes=1,mode=700")) {
        expect_no_lock("No space left");
        ck_assert_int_eq(umount(root), 0);
    }
    root_close();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { what_was_written_is_read, SUITE_LENGTH(holder_counts) },
        { topologies_do_not_touch_each_other, 1 },
        { a_writer_that_died_leaves_nothing_that_disturbs, 1 },
        { any_umask_will_do, SUITE_LENGTH(umasks) },
        { a_damaged_file_says_only_what_is_whole_in_it, SUITE_LENGTH(damages) },
        { a_file_cut_off_anywhere_says_less_or_nothing, 1 },
        { a_file_with_any_byte_changed_is_read_without_harm, 1 },
        { a_huge_file_says_nothing, 1 },
        { what_is_no_file_is_refused_by_name, SUITE_LENGTH(strangers) },
        { a_folder_that_others_may_enter_is_refused, 1 },
        { what_is_no_folder_is_refused, 1 },
        { a_folder_whose_parent_is_missing_is_refused, 1 },
        { what_another_user_has_made_is_refused, 1 },
        { another_user_is_not_let_in, 1 },
        { the_environment_says_where, 1 },
        { a_path_that_is_too_long_is_refused, 1 },
        { names_of_topologies_are_checked, 1 },
        { one_at_a_time_though_the_folder_comes_and_goes, 1 },
        { a_lock_dies_with_its_owner, 1 },
        { a_forked_child_does_not_keep_the_lock, 1 },
        { a_file_over_the_limit_is_an_error_and_not_a_signal, 1 },
        { a_full_file_system_is_an_error_that_names_the_file, 1 },
        { without_room_for_the_folder_there_is_no_lock, 1 },
    };

    return suite_run("registry", tests, SUITE_LENGTH(tests));
}
