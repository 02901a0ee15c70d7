/* SPDX-License-Identifier: MIT */
/*
 * check_segment.c - all processes of a topology have one segment, and the last takes it along.
 */
#include "segment/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "os/process.h"
#include "segment/registry.h"
#include "support/suite.h"
#include "unit/segment/segments.h"

/* --- One process ------------------------------------------------------------------- */

START_TEST(a_segment_is_made_laid_out_and_removed)
{
    struct stat status;
    int descriptors = open_descriptors();

    root_open();
    attached();
    ck_assert_uint_eq(segment.size, SIZE);
    ck_assert_str_eq(segment.topology, TOPOLOGY);
    ck_assert_uint_eq(content()->start.magic, MAGIC);
    ck_assert_mem_eq(content()->start.identity, segment.identity, sizeof segment.identity);
    ck_assert(segment.identity[0] != 0 && segment.identity[1] != 0);
    ck_assert_int_eq(fstat(segment.fd, &status), 0);
    ck_assert_int_ge(status.st_blocks * 512, COMMITTED);
    ck_assert_int_lt(status.st_blocks * 512, SIZE);
    ck_assert_int_eq(access(inside("mcapi/" TOPOLOGY), F_OK), 0);
    mci_segment_detach(&segment);
    ck_assert_ptr_null(segment.base);
    ck_assert_int_lt(segment.fd, 0);
    mci_segment_detach(&segment);
    ck_assert_int_eq(open_descriptors(), descriptors);
    root_close();
}
END_TEST

START_TEST(no_two_segments_have_one_identity)
{
    uint64_t last[2] = { 0, 0 };

    root_open();
    for (int i = 0; i < 50; i++) {
        attached();
        ck_assert(last[0] != segment.identity[0] && last[1] != segment.identity[1]);
        memcpy(last, segment.identity, sizeof last);
        mci_segment_detach(&segment);
    }
    root_close();
}
END_TEST

START_TEST(a_range_gets_memory_on_demand_and_within_bounds)
{
    struct stat before, after;

    root_open();
    attached();
    ck_assert_int_eq(fstat(segment.fd, &before), 0);
    ck_assert(mci_segment_commit(&segment, SIZE / 2, SIZE / 4));
    ck_assert_int_eq(fstat(segment.fd, &after), 0);
    ck_assert_int_eq((after.st_blocks - before.st_blocks) * 512, SIZE / 4);
    ck_assert(mci_segment_commit(&segment, SIZE, 0));
    ck_assert(!mci_segment_commit(&segment, SIZE - 1, 2));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert(!mci_segment_commit(&segment, UINT64_MAX, 2));
    ck_assert(!mci_segment_commit(&segment, 2, UINT64_MAX));
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

START_TEST(topologies_have_segments_of_their_own)
{
    struct mci_segment other;

    root_open();
    attached();
    ck_assert(mci_segment_attach(&other, "other", &form, reason, sizeof reason));
    ck_assert_uint_ne(other.identity[0], segment.identity[0]);
    mci_segment_detach(&segment);
    ck_assert_int_eq(access(inside("mcapi/other"), F_OK), 0);
    mci_segment_detach(&other);
    root_close();
}
END_TEST

START_TEST(the_environment_may_change_in_between)
{
    root_open();
    attached();
    setenv("MCAPI_RUNTIME_DIR", "/nowhere", 1);
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

/* --- Several processes -------------------------------------------------------------- */

START_TEST(all_holders_share_one_segment_and_the_last_removes_it)
{
    enum { MOST = 12 };
    struct holder *holders = holders_open(MOST);
    pid_t pids[MOST];
    int count = _i + 1;

    root_open();
    for (int i = 0; i < count; i++)
        pids[i] = holder_start(&holders[i]);
    for (int i = 0; i < count; i++)
        ck_assert_mem_eq(holders[i].identity, holders[0].identity, sizeof holders[0].identity);
    for (int i = 0; i < count; i++) {
        int next = (i * 5 + 2) % MOST; /* in an order unlike that of their coming */

        ck_assert_int_eq(access(inside("mcapi/" TOPOLOGY), F_OK), 0);
        while (next >= count || holders[next].state == HOLDER_LEFT)
            next = (next + 1) % MOST;
        holder_leave(&holders[next], pids[next]);
    }
    root_close();
}
END_TEST

START_TEST(a_newcomer_finds_the_size_and_content_that_are_there)
{
    struct holder *holder = holders_open(1);
    pid_t pid;

    root_open();
    pid = holder_start(holder);
    form.size = 8 * SIZE;
    attached();
    ck_assert_uint_eq(segment.size, SIZE);
    ck_assert_uint_eq(content()->visitors, 1);
    holder_leave(holder, pid);
    ck_assert_uint_eq(content()->visitors, 1); /* and survives its maker */
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

START_TEST(when_all_are_killed_the_next_begins_anew)
{
    struct holder *holders = holders_open(3);
    pid_t pids[3];

    root_open();
    for (int i = 0; i < 3; i++)
        pids[i] = holder_start(&holders[i]);
    for (int i = 0; i < 3; i++)
        child_kill(pids[i]);
    attached();
    ck_assert_uint_ne(segment.identity[0], holders[0].identity[0]);
    ck_assert_uint_eq(content()->visitors, 0);
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

START_TEST(a_killed_holder_does_not_keep_the_last_one_from_cleaning_up)
{
    struct holder *holder = holders_open(1);
    pid_t pid;

    root_open();
    attached();
    pid = holder_start(holder);
    child_kill(pid);
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

/* --- Holders in odd states ---------------------------------------------------------- */

static void close_own_descriptor(struct holder *holder)
{
    close(holder->fd);
}

/* As a program does that goes into the background, and opens a file of its own then. */
static void replace_own_descriptor(struct holder *holder)
{
    int other = open("/dev/null", O_RDONLY);

    dup2(other, holder->fd);
    close(other);
}

static void (*const closers[])(struct holder *) = { close_own_descriptor,
                                                    replace_own_descriptor };

START_TEST(a_living_holder_without_descriptor_is_not_taken_for_dead)
{
    struct holder *holder = holders_open(2);
    pid_t pid;

    root_open();
    holder->then = closers[_i];
    pid = holder_start(holder);
    expect_refusal("cannot be opened (closed by the program)");
    holder_leave(holder, pid);
    attached();
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

START_TEST(another_holder_lets_newcomers_in)
{
    struct holder *holders = holders_open(2);
    pid_t first, second;

    root_open();
    first = holder_start(&holders[0]);
    second = holder_start(&holders[1]);
    holders[0].state = HOLDER_CLOSE;
    ck_assert(eventually(holders[0].state == HOLDER_ATTACHED));
    attached();
    ck_assert_uint_eq(segment.identity[0], holders[0].identity[0]);
    holder_leave(&holders[1], second);
    mci_segment_detach(&segment);
    ck_assert_int_eq(access(inside("mcapi/" TOPOLOGY), F_OK), 0);
    holder_leave(&holders[0], first);
    root_close();
}
END_TEST

START_TEST(a_file_that_took_our_number_is_not_closed)
{
    int other;

    root_open();
    attached();
    other = segment.fd;
    ck_assert_int_eq(dup2(0, other), other);
    mci_segment_detach(&segment);
    ck_assert_int_ge(fcntl(other, F_GETFD), 0);
    root_close();
}
END_TEST

static void become_unreadable(struct holder *holder)
{
    (void)holder;
    prctl(PR_SET_DUMPABLE, 0);
}

/* Root may look at anybody: so this happens as another user. */
static int meet_an_unreadable_holder(void *argument)
{
    struct holder *holder = argument;
    pid_t pid;

    if (geteuid() == 0 && (setgid(12345) != 0 || setuid(12345) != 0))
        return 1;
    prctl(PR_SET_DUMPABLE, 1);
    holder->then = become_unreadable;
    pid = holder_start(holder);
    expect_refusal("cannot be opened (Permission denied)");
    holder_leave(holder, pid);
    return 0;
}

START_TEST(a_holder_that_may_not_be_looked_at_is_named)
{
    struct holder *holder = holders_open(1);

    root_open();
    if (geteuid() == 0)
        ck_assert_int_eq(chown(root, 12345, 12345), 0);
    ck_assert_int_eq(child_result(child_start(meet_an_unreadable_holder, holder)), 0);
    root_close();
}
END_TEST

static void execute(struct holder *holder)
{
    holder->state = HOLDER_ATTACHED;
    execlp("sleep", "sleep", "1000", (char *)NULL);
}

static bool executes(pid_t pid, const char *program)
{
    char path[64], name[32] = "";
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    file = fopen(path, "r");
    if (file == NULL || fgets(name, sizeof name, file) == NULL)
        name[0] = '\0';
    if (file != NULL)
        fclose(file);
    return strcmp(name, program) == 0;
}

START_TEST(a_program_executed_in_its_place_is_no_holder)
{
    struct holder *holder = holders_open(1);
    pid_t pid;

    root_open();
    holder->then = execute;
    pid = holder_start(holder);
    ck_assert(eventually(executes(pid, "sleep\n")));
    attached();
    ck_assert_uint_ne(segment.identity[0], holder->identity[0]);
    mci_segment_detach(&segment);
    child_kill(pid);
    root_close();
}
END_TEST

/* --- Forks -------------------------------------------------------------------------- */

static int forget(void *unused)
{
    int fd = segment.fd;

    (void)unused;
    mci_segment_forget_after_fork(&segment);
    return segment.base == NULL && fcntl(fd, F_GETFD) < 0 ? 0 : 1;
}

static int detach_what_is_the_parents(void *unused)
{
    (void)unused;
    mci_segment_detach(&segment);
    return segment.base == NULL ? 0 : 1;
}

static int forget_and_attach(void *unused)
{
    uint64_t inherited = segment.identity[0];

    (void)unused;
    mci_segment_forget_after_fork(&segment);
    if (!attach() || segment.identity[0] != inherited)
        return 1;
    content()->visitors++;
    mci_segment_detach(&segment);
    return 0;
}

static int (*const children_of_a_holder[])(void *) = { forget, detach_what_is_the_parents,
                                                       forget_and_attach };

START_TEST(a_forked_child_leaves_the_parents_attachment_alone)
{
    root_open();
    attached();
    ck_assert_int_eq(child_result(child_start(children_of_a_holder[_i], NULL)), 0);
    ck_assert_uint_eq(content()->visitors, _i == 2 ? 1 : 0);
    ck_assert_int_eq(access(inside("mcapi/" TOPOLOGY), F_OK), 0);
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

/* --- Refusals ------------------------------------------------------------------------ */

START_TEST(a_segment_of_another_layout_is_refused)
{
    struct holder *holder = holders_open(1);
    pid_t pid;
    int descriptors;

    root_open();
    version = 2;
    pid = holder_start(holder);
    descriptors = open_descriptors();
    expect_refusal("it has layout 2");
    ck_assert_int_eq(open_descriptors(), descriptors);
    holder_leave(holder, pid);
    root_close();
}
END_TEST

static void give_away(struct holder *holder)
{
    ck_assert_int_eq(fchown(holder->fd, 12345, (gid_t)-1), 0);
}

START_TEST(a_segment_of_another_user_is_refused)
{
    struct holder *holder = holders_open(1);
    pid_t pid;

    if (geteuid() != 0)
        return; /* only root can give a file away */
    root_open();
    holder->then = give_away;
    pid = holder_start(holder);
    expect_refusal("belongs to user 12345, and this program runs as user 0");
    holder_leave(holder, pid);
    root_close();
}
END_TEST

static const struct impossible {
    uint64_t size, committed, version;
    const char *reason;
} impossibles[] = {
    { 0, 0, 1, "no segment of 0 bytes" },   { 8, 8, 1, "no segment of 8 bytes" },
    { SIZE, SIZE + 1, 1, "no segment of" }, { UINT64_MAX, 0, 1, "no segment of" },
    { SIZE, 0, 0, "cannot be laid out" },
};

START_TEST(a_form_that_cannot_be_is_refused)
{
    int descriptors = open_descriptors();

    root_open();
    form.size = impossibles[_i].size;
    form.committed = impossibles[_i].committed;
    version = impossibles[_i].version;
    expect_refusal(impossibles[_i].reason);
    ck_assert_int_eq(open_descriptors(), descriptors);
    root_close();
}
END_TEST

START_TEST(a_segment_over_the_file_limit_is_refused)
{
    struct rlimit limit = { .rlim_cur = SIZE - 1, .rlim_max = RLIM_INFINITY };

    root_open();
    setrlimit(RLIMIT_FSIZE, &limit);
    expect_refusal(
            "cannot make the segment of topology tested (1048576 bytes): File too large");
    root_close();
}
END_TEST

START_TEST(a_name_that_cannot_be_is_refused)
{
    ck_assert(!mci_segment_attach(&segment, "../etc", &form, reason, sizeof reason));
    ck_assert_ptr_nonnull(strstr(reason, "../etc"));
    ck_assert_ptr_null(segment.base);
}
END_TEST

/* --- Registries that lie -------------------------------------------------------------- */

static struct mci_registry_folder folder;
static struct mci_registry registry;

/* What the registry says, changed by `change`. */
static void forge(void (*change)(void))
{
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert(mci_registry_lock(&folder, reason, sizeof reason));
    ck_assert_int_eq(mci_registry_read(&folder, TOPOLOGY, &registry, reason, sizeof reason),
                     MCI_REGISTRY_FOUND);
    change();
    ck_assert(mci_registry_write(&folder, TOPOLOGY, &registry, reason, sizeof reason));
    mci_registry_unlock(&folder);
}

static void change_identity(void)
{
    registry.identity[1]++;
}

static void change_inode(void)
{
    registry.inode++;
}

static void change_device(void)
{
    registry.device++;
}

static void change_start(void)
{
    registry.holder[0].start++;
}

/* A process that lives, and whose descriptors lead elsewhere. */
static void change_descriptor(void)
{
    registry.holder[0].pid = (uint32_t)getpid();
    registry.holder[0].start = mci_process_start((uint32_t)getpid());
    registry.holder[0].fd = open("/dev/null", O_RDONLY);
}

static void empty(void)
{
    registry.holders = 0;
}

static void (*const lies[])(void) = { change_identity, change_inode,      change_device,
                                      change_start,    change_descriptor, empty };

START_TEST(a_lie_is_not_followed_and_its_victim_does_no_harm)
{
    struct holder *holder = holders_open(1);
    pid_t pid;

    root_open();
    pid = holder_start(holder);
    forge(lies[_i]);
    attached();
    ck_assert_uint_ne(segment.identity[0], holder->identity[0]);
    holder_leave(holder, pid); /* of its own segment, which no registry knows */
    ck_assert_int_eq(access(inside("mcapi/" TOPOLOGY), F_OK), 0);
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

START_TEST(a_registry_that_was_removed_is_not_missed)
{
    root_open();
    attached();
    ck_assert_int_eq(unlink(inside("mcapi/" TOPOLOGY)), 0);
    ck_assert_int_eq(rmdir(inside("mcapi")), 0);
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_segment_is_made_laid_out_and_removed, 1 },
        { no_two_segments_have_one_identity, 1 },
        { a_range_gets_memory_on_demand_and_within_bounds, 1 },
        { topologies_have_segments_of_their_own, 1 },
        { the_environment_may_change_in_between, 1 },
        { all_holders_share_one_segment_and_the_last_removes_it, 12 },
        { a_newcomer_finds_the_size_and_content_that_are_there, 1 },
        { when_all_are_killed_the_next_begins_anew, 1 },
        { a_killed_holder_does_not_keep_the_last_one_from_cleaning_up, 1 },
        { a_living_holder_without_descriptor_is_not_taken_for_dead, SUITE_LENGTH(closers) },
        { another_holder_lets_newcomers_in, 1 },
        { a_file_that_took_our_number_is_not_closed, 1 },
        { a_holder_that_may_not_be_looked_at_is_named, 1 },
        { a_program_executed_in_its_place_is_no_holder, 1 },
        { a_forked_child_leaves_the_parents_attachment_alone,
          SUITE_LENGTH(children_of_a_holder) },
        { a_segment_of_another_layout_is_refused, 1 },
        { a_segment_of_another_user_is_refused, 1 },
        { a_form_that_cannot_be_is_refused, SUITE_LENGTH(impossibles) },
        { a_segment_over_the_file_limit_is_refused, 1 },
        { a_name_that_cannot_be_is_refused, 1 },
        { a_lie_is_not_followed_and_its_victim_does_no_harm, SUITE_LENGTH(lies) },
        { a_registry_that_was_removed_is_not_missed, 1 },
    };

    return suite_run("segment", tests, SUITE_LENGTH(tests));
}
