/* SPDX-License-Identifier: MIT */
/*
 * check_registry_folder.c - the folder of the registries: where it is, who may enter, one at a
 * time, and what happens when there is no room.
 */
#include "segment/registry.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/suite.h"
#include "unit/segment/registries.h"

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
    ck_assert_int_eq(mkfifo(inside("mcapi"), 0600), 0);
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

static bool say(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool said = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    close(fd);
    return said;
}

/* Mounts of our own: not root's alone if it has its own users too, here the one that we are. */
static bool separate_mounts(void)
{
    unsigned user = geteuid(), group = getegid();
    char users[64], groups[64];

    if (user == 0)
        return unshare(CLONE_NEWNS) == 0;
    snprintf(users, sizeof users, "%u %u 1", user, user);
    snprintf(groups, sizeof groups, "%u %u 1", group, group);
    return unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0 && say("/proc/self/uid_map", users)
        && say("/proc/self/setgroups", "deny") && say("/proc/self/gid_map", groups);
}

/* A file system for this test alone, with room for so many files, folders and bytes. */
static bool mount_small(const char *room)
{
    if (separate_mounts() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
        && mount("tmpfs", root, "tmpfs", 0, room) == 0)
        return true;
    fprintf(stderr, "check_registry_folder: no file system can be mounted here: not tested\n");
    return false;
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

    return suite_run("registry folder", tests, SUITE_LENGTH(tests));
}
