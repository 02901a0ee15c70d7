/* SPDX-License-Identifier: MIT */
/*
 * check_process.c - the worker program is found or missed with a reason, and how a process
 * ended is told.
 */
#include "load_balancer/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

static char folder[PATH_MAX];

/* Makes an executable script in a folder of its own and returns its path. */
static const char *script(const char *name, const char *body)
{
    static char path[PATH_MAX];
    FILE *file;

    strcpy(folder, "/tmp/check_process.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", folder, name), PATH_MAX);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", body);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    return path;
}

static void clean_up(const char *path)
{
    unlink(path);
    rmdir(folder);
}

static struct process run(const char *body)
{
    struct config config = { .window = 1, .work = "count", .domain = 3 };
    const char *path = script("worker", body);
    char reason[CONFIG_REASON_SIZE];
    struct process process;

    ck_assert_msg(process_start(&process, path, &config, 7, reason), "%s", reason);
    ck_assert(process_wait(&process, -1));
    clean_up(path);
    return process;
}

START_TEST(a_program_that_is_given_is_taken)
{
    const char *given = script("some program", "exit 0");
    char path[PATH_MAX], reason[CONFIG_REASON_SIZE];

    ck_assert(process_find(given, path, reason));
    ck_assert_str_eq(path, given);
    clean_up(given);
}
END_TEST

START_TEST(a_program_that_cannot_be_run_is_refused_with_a_reason)
{
    const char *given = script("program", "exit 0");
    char path[PATH_MAX], reason[CONFIG_REASON_SIZE];

    ck_assert(!process_find("/nowhere/worker", path, reason));
    ck_assert_str_eq(reason, "--worker-program '/nowhere/worker': No such file or directory");
    ck_assert_int_eq(chmod(given, 0644), 0);
    ck_assert(!process_find(given, path, reason));
    ck_assert_ptr_nonnull(strstr(reason, "not an executable file"));
    ck_assert(!process_find("/", path, reason));
    ck_assert_str_eq(reason, "--worker-program '/': not an executable file");
    clean_up(given);
}
END_TEST

START_TEST(a_program_on_the_path_is_found)
{
    const char *given = script("worker", "exit 0");
    char path[PATH_MAX], search[PATH_MAX + 16], reason[CONFIG_REASON_SIZE];

    snprintf(search, sizeof(search), "/nowhere::%s", folder);
    ck_assert_int_eq(setenv("PATH", search, 1), 0);
    ck_assert(process_find(NULL, path, reason));
    ck_assert_str_eq(path, given);
    clean_up(given);
}
END_TEST

START_TEST(a_program_that_is_nowhere_is_missed)
{
    char path[PATH_MAX], reason[CONFIG_REASON_SIZE];

    ck_assert_int_eq(setenv("PATH", "/nowhere", 1), 0);
    ck_assert(!process_find(NULL, path, reason));
    ck_assert_ptr_nonnull(strstr(reason, "--worker-program FILE"));
}
END_TEST

START_TEST(a_worker_gets_its_settings)
{
    struct process process =
            run("test \"$*\" = \"--node 7 --domain 3 --window 1 --work count --parent $PPID\"");

    ck_assert(process_succeeded(&process));
}
END_TEST

START_TEST(signals_to_the_terminal_do_not_reach_a_worker)
{
    struct process process = run("kill -INT $$; kill -TERM $$; kill -HUP $$; exit 0");

    ck_assert(process_succeeded(&process));
}
END_TEST

START_TEST(how_a_process_ended_is_told)
{
    char text[128];
    struct process process = run("exit 3");

    ck_assert(!process_succeeded(&process));
    process_describe(&process, text, sizeof(text));
    ck_assert_str_eq(text, "ended with exit status 3");
    process = run("kill -KILL $$");
    ck_assert(!process_succeeded(&process));
    process_describe(&process, text, sizeof(text));
    ck_assert_str_eq(text, "was killed by signal 9 (Killed)");
}
END_TEST

START_TEST(a_process_that_runs_on_is_not_waited_for_for_ever)
{
    struct config config = { .window = 1, .work = "count" };
    const char *path = script("worker", "exec tail -f /dev/null");
    char reason[CONFIG_REASON_SIZE];
    struct process process;

    ck_assert(process_start(&process, path, &config, 1, reason));
    ck_assert(!process_wait(&process, 0));
    ck_assert(!process_wait(&process, 20));
    process_kill(&process);
    ck_assert(process_wait(&process, -1));
    ck_assert(process_wait(&process, 0));
    clean_up(path);
}
END_TEST

START_TEST(a_program_that_the_system_refuses_is_said)
{
    struct config config = { .window = 1, .work = "count" };
    char reason[CONFIG_REASON_SIZE];
    struct process process;

    ck_assert(!process_start(&process, "/nowhere/worker", &config, 1, reason));
    ck_assert_str_eq(reason,
                     "cannot start the worker program '/nowhere/worker': No such file or "
                     "directory");
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_program_that_is_given_is_taken, 1 },
        { a_program_that_cannot_be_run_is_refused_with_a_reason, 1 },
        { a_program_on_the_path_is_found, 1 },
        { a_program_that_is_nowhere_is_missed, 1 },
        { a_worker_gets_its_settings, 1 },
        { signals_to_the_terminal_do_not_reach_a_worker, 1 },
        { how_a_process_ended_is_told, 1 },
        { a_process_that_runs_on_is_not_waited_for_for_ever, 1 },
        { a_program_that_the_system_refuses_is_said, 1 },
    };

    return suite_run("process", tests, SUITE_LENGTH(tests));
}
