/* SPDX-License-Identifier: MIT */
/*
 * check_source_input.c - captures that come through a pipe are waited for; an interruption of
 * the wait, at whatever byte, loses nothing.
 */
#include "load_balancer/source/source.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/suite.h"
#include "unit/load_balancer/made_capture.h"

/* Standard input becomes a pipe; what writes to it. The test runs in a process of its own. */
static int pipe_to_standard_input(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

static void write_or_fail(int file, const void *bytes, size_t size)
{
    ck_assert_int_eq(write(file, bytes, size), (ssize_t)size);
}

/* All that can be had without waiting: then the interruption comes. */
static int packets_until_interrupted(struct source *source, int first)
{
    enum source_result result;
    struct packet packet;

    source_interrupt(source);
    while ((result = source_next(source, &packet)) == SOURCE_PACKET)
        expect_packet(&packet, first++);
    ck_assert_int_eq(result, SOURCE_INTERRUPTED);
    return first;
}

START_TEST(standard_input_is_read_to_its_end)
{
    struct capture capture = capture_make(_i);
    int writer = pipe_to_standard_input();
    struct source *source = capture_open("-", 1);
    double fraction;

    write_or_fail(writer, capture.at, capture.size);
    close(writer);
    for (int i = 0; i < CAPTURE_PACKETS; i++)
        expect_next(source, i);
    ck_assert(!source_progress(source, &fraction));
    expect_end(source);
    ck_assert_ptr_null(source_reason(source));
    source_close(source);
}
END_TEST

START_TEST(standard_input_that_is_cut_short_is_a_note)
{
    struct capture capture = capture_make(_i);
    int writer = pipe_to_standard_input();
    struct source *source = capture_open("-", 1);

    write_or_fail(writer, capture.at, capture.ends[0] + 50);
    close(writer);
    expect_next(source, 0);
    expect_end(source);
    ck_assert_ptr_nonnull(strstr(source_reason(source), "standard input is cut short"));
    source_close(source);
}
END_TEST

static const struct {
    const char *text, *reason;
} wrong[] = {
    { "", "standard input is empty" },
    { "hi\n",
      "standard input is no capture: it ends at byte 3, before the head of one is whole" },
};

START_TEST(standard_input_that_is_no_capture_fails)
{
    int writer = pipe_to_standard_input();
    struct source *source = capture_open("-", 1);
    struct packet packet;

    write_or_fail(writer, wrong[_i].text, strlen(wrong[_i].text));
    close(writer);
    ck_assert_int_eq(source_next(source, &packet), SOURCE_FAILED);
    ck_assert_str_eq(source_reason(source), wrong[_i].reason);
    source_close(source);
}
END_TEST

START_TEST(an_interruption_at_any_byte_loses_nothing)
{
    struct capture capture = capture_make(_i);

    for (size_t cut = 0; cut <= capture.size; cut++) {
        int writer = pipe_to_standard_input();
        struct source *source = capture_open("-", 1);
        int next;

        write_or_fail(writer, capture.at, cut);
        next = packets_until_interrupted(source, 0);
        ck_assert_int_eq(next, capture_whole(&capture, cut));
        write_or_fail(writer, capture.at + cut, capture.size - cut);
        close(writer);
        while (next < CAPTURE_PACKETS)
            expect_next(source, next++);
        expect_end(source);
        ck_assert_ptr_null(source_reason(source));
        source_close(source);
    }
}
END_TEST

START_TEST(an_interruption_behind_every_byte_loses_nothing)
{
    struct capture capture = capture_make(_i);
    int writer = pipe_to_standard_input(), next = 0;
    struct source *source = capture_open("-", 1);

    for (size_t at = 0; at < capture.size; at++) {
        write_or_fail(writer, capture.at + at, 1);
        next = packets_until_interrupted(source, next);
        ck_assert_int_eq(next, capture_whole(&capture, at + 1));
    }
    close(writer);
    expect_end(source);
    source_close(source);
}
END_TEST

static void ignore_signal(int number)
{
    (void)number;
}

START_TEST(a_signal_ends_the_wait)
{
    struct sigaction action = { .sa_handler = ignore_signal };
    /* Again and again: the first may come before the wait has begun. */
    struct itimerval often = {
        .it_interval = { .tv_usec = 1000 },
        .it_value = { .tv_usec = 1000 },
    };
    struct itimerval never = { .it_interval = { .tv_usec = 0 } };
    int writer = pipe_to_standard_input();
    struct source *source = capture_open("-", 1);
    struct packet packet;

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    ck_assert_int_eq(source_next(source, &packet), SOURCE_INTERRUPTED);
    ck_assert_int_eq(source_next(source, &packet), SOURCE_INTERRUPTED);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    close(writer);
    source_close(source);
}
END_TEST

START_TEST(a_named_pipe_is_opened_before_its_writer_comes)
{
    struct capture capture = capture_make(_i);
    char folder[] = "/tmp/check_source_input.XXXXXX", path[sizeof(folder) + 8];
    struct source *source;
    int writer;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    source = capture_open(path, 1);
    ck_assert_int_eq(packets_until_interrupted(source, 0), 0);
    writer = open(path, O_WRONLY);
    ck_assert_int_ge(writer, 0);
    unlink(path);
    rmdir(folder);

    write_or_fail(writer, capture.at, capture.size);
    close(writer);
    for (int i = 0; i < CAPTURE_PACKETS; i++)
        expect_next(source, i);
    expect_end(source);
    source_close(source);
}
END_TEST

START_TEST(what_comes_through_a_pipe_cannot_be_gone_through_twice)
{
    char error[SOURCE_REASON_SIZE], path[32];
    int ends[2];

    close(pipe_to_standard_input());
    ck_assert_ptr_null(capture_try("-", 2, error));
    ck_assert_str_eq(error, "standard input cannot be gone through more than once: "
                            "that needs a regular file");
    ck_assert_int_eq(pipe(ends), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    ck_assert_ptr_null(capture_try(path, 0, error));
    ck_assert_ptr_nonnull(strstr(error, "cannot be gone through more than once"));
}
END_TEST

START_TEST(standard_input_may_be_a_file)
{
    struct capture capture = capture_make(_i);
    int file = open(file_of(capture.at, capture.size), O_RDONLY);
    struct source *source;
    double fraction = -1;

    ck_assert_int_eq(dup2(file, STDIN_FILENO), STDIN_FILENO);
    source = capture_open("-", 1);
    for (int i = 0; i < CAPTURE_PACKETS; i++)
        expect_next(source, i);
    expect_end(source);
    ck_assert(source_progress(source, &fraction));
    ck_assert_double_eq(fraction, 1);
    source_close(source);
}
END_TEST

START_TEST(a_terminal_is_no_source_of_packets)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char error[SOURCE_REASON_SIZE];

    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    ck_assert_ptr_null(capture_try(ptsname(terminal), 1, error));
    ck_assert_ptr_nonnull(strstr(error, " is a terminal: captures come from a file or a pipe"));
    close(terminal);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { standard_input_is_read_to_its_end, CAPTURE_KINDS },
        { standard_input_that_is_cut_short_is_a_note, CAPTURE_KINDS },
        { standard_input_that_is_no_capture_fails, SUITE_LENGTH(wrong) },
        { an_interruption_at_any_byte_loses_nothing, CAPTURE_KINDS },
        { an_interruption_behind_every_byte_loses_nothing, CAPTURE_KINDS },
        { a_signal_ends_the_wait, 1 },
        { a_named_pipe_is_opened_before_its_writer_comes, CAPTURE_KINDS },
        { what_comes_through_a_pipe_cannot_be_gone_through_twice, 1 },
        { standard_input_may_be_a_file, CAPTURE_KINDS },
        { a_terminal_is_no_source_of_packets, 1 },
    };

    return suite_run("source_input", tests, SUITE_LENGTH(tests));
}
