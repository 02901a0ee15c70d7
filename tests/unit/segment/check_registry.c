/* SPDX-License-Identifier: MIT */
/* check_registry.c - a registry is read as it was written, and nothing else is believed. */
#include "segment/registry.h"

#include <sys/stat.h>

#include "support/suite.h"
#include "unit/segment/registries.h"

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

/* Of processes whose ids mean others here. */
#define ELSEWHERE                                                                 \
    "mcapi registry 2\nsegment 1 2\nidentity 0000000000000003 0000000000000004\n" \
    "namespace 1\n"

static const struct damage {
    const char *text;
    enum mci_registry_state state;
    uint32_t holders;
    const char *reason; /* a word of it */
} damages[] = {
    { "", MCI_REGISTRY_NONE, 0, NULL },
    { "\n\n\n", MCI_REGISTRY_NONE, 0, NULL },
    { "hello, world\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 2", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 2\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry x\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 3\n", MCI_REGISTRY_REFUSED, 0, "version" },
    { "mcapi registry 3\nwho knows what\n", MCI_REGISTRY_REFUSED, 0, "version" },
    { "mcapi registry 2\nsegment 1\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 2\nsegment -1 2\n", MCI_REGISTRY_NONE, 0, NULL },
    { "mcapi registry 2\nsegment 1 99999999999999999999\n", MCI_REGISTRY_NONE, 0, NULL },
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
    { ELSEWHERE, MCI_REGISTRY_REFUSED, 0, "namespace 1," },
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

START_TEST(a_file_of_another_namespace_and_an_earlier_boot_says_nothing)
{
    const struct timespec epoch[2] = { { 0, 0 }, { 0, 0 } };

    root_open();
    lock();
    file_write(ELSEWHERE, strlen(ELSEWHERE));
    ck_assert_int_eq(utimensat(folder.fd, TOPOLOGY, epoch, 0), 0);
    ck_assert_int_eq(read_back(), MCI_REGISTRY_NONE);
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

int main(void)
{
    const struct suite_test tests[] = {
        { what_was_written_is_read, SUITE_LENGTH(holder_counts) },
        { topologies_do_not_touch_each_other, 1 },
        { a_writer_that_died_leaves_nothing_that_disturbs, 1 },
        { any_umask_will_do, SUITE_LENGTH(umasks) },
        { a_damaged_file_says_only_what_is_whole_in_it, SUITE_LENGTH(damages) },
        { a_file_of_another_namespace_and_an_earlier_boot_says_nothing, 1 },
        { a_file_cut_off_anywhere_says_less_or_nothing, 1 },
        { a_file_with_any_byte_changed_is_read_without_harm, 1 },
        { a_huge_file_says_nothing, 1 },
        { what_is_no_file_is_refused_by_name, SUITE_LENGTH(strangers) },
    };

    return suite_run("registry", tests, SUITE_LENGTH(tests));
}
