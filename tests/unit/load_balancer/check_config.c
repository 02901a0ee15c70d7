/* SPDX-License-Identifier: MIT */
/*
 * check_config.c - what the command line means, and every way in which it can be wrong.
 */
#include "load_balancer/config.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

enum { WORDS_MAX = 16 };

/* Reads a command line whose words are divided by single blanks. */
static enum config_result read_line(struct config *config, const char *line,
                                    char reason[CONFIG_REASON_SIZE])
{
    static char words[4096];
    char *argv[WORDS_MAX + 2] = { "load_balancer" };
    int argc = 1;

    ck_assert_uint_lt(strlen(line), sizeof(words));
    strcpy(words, line);
    for (char *at = words; *at != '\0' && argc <= WORDS_MAX;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at == ' ')
            *at++ = '\0';
    }
    reason[0] = '\0';
    return config_read(config, argc, argv, reason);
}

static struct config good(const char *line)
{
    struct config config;
    char reason[CONFIG_REASON_SIZE];

    ck_assert_msg(read_line(&config, line, reason) == CONFIG_RUN, "%s", reason);
    return config;
}

START_TEST(a_source_is_all_that_is_needed)
{
    struct config config = good("--source pcap:a.pcap");

    ck_assert_str_eq(config.source, "pcap:a.pcap");
    ck_assert_uint_eq(config.workers, 4);
    ck_assert_uint_eq(config.window, 64);
    ck_assert_int_eq(config.policy, POLICY_FLOW);
    ck_assert_int_eq(config.on_busy, ON_BUSY_BLOCK);
    ck_assert_int_eq(config.on_death, ON_DEATH_RESPAWN);
    ck_assert_ptr_null(config.quarantine);
    ck_assert_int_eq(config.pace, PACE_FULL);
    ck_assert_str_eq(config.work, "count");
    ck_assert_uint_eq(config.loop, 1);
    ck_assert_uint_eq(config.wait, MCAPI_EXT_WAIT_DEFAULT);
    ck_assert_ptr_null(config.topology);
    ck_assert_ptr_null(config.worker_program);
    ck_assert(!config.json && !config.quiet);
}
END_TEST

START_TEST(every_option_is_understood)
{
    struct config config = good(
            "--source generated: --workers 256 --window 4096 --policy least-loaded --on-busy "
            "drop --work delay=7 --pace as-recorded");

    ck_assert_uint_eq(config.workers, 256);
    ck_assert_uint_eq(config.window, 4096);
    ck_assert_int_eq(config.policy, POLICY_LEAST_LOADED);
    ck_assert_int_eq(config.on_busy, ON_BUSY_DROP);
    ck_assert_str_eq(config.work, "delay=7");
    ck_assert_int_eq(config.pace, PACE_AS_RECORDED);

    config = good("--loop=0 --wait=spin --domain=65535 --topology=a.B-9_ --worker-program=/w "
                  "--json --quiet --source=x");
    ck_assert_uint_eq(config.loop, 0);
    ck_assert_uint_eq(config.wait, MCAPI_EXT_WAIT_SPIN);
    ck_assert_uint_eq(config.domain, 65535);
    ck_assert_str_eq(config.topology, "a.B-9_");
    ck_assert_str_eq(config.worker_program, "/w");
    ck_assert(config.json && config.quiet);
    ck_assert_str_eq(config.source, "x");
}
END_TEST

START_TEST(a_queue_has_a_length_and_may_drop)
{
    struct config config = good("--source x --on-busy queue=1000");

    ck_assert_int_eq(config.on_busy, ON_BUSY_QUEUE);
    ck_assert_uint_eq(config.queue_limit, 1000);
    ck_assert(!config.queue_drops);
    config = good("--source x --on-busy queue=1,drop");
    ck_assert_uint_eq(config.queue_limit, 1);
    ck_assert(config.queue_drops);
    config = good("--source x --on-busy queue=5,drop --on-busy block");
    ck_assert_int_eq(config.on_busy, ON_BUSY_BLOCK);
    ck_assert_uint_eq(config.queue_limit, 0);
}
END_TEST

START_TEST(deaths_have_a_policy_and_a_file)
{
    struct config config = good("--source x --on-worker-death shrink --quarantine aside.pcap");

    ck_assert_int_eq(config.on_death, ON_DEATH_SHRINK);
    ck_assert_str_eq(config.quarantine, "aside.pcap");
    config = good("--source x --on-worker-death stop --on-worker-death respawn");
    ck_assert_int_eq(config.on_death, ON_DEATH_RESPAWN);
}
END_TEST

START_TEST(mode_and_policy_follow_from_what_is_asked_for)
{
    struct config config = good("--source x");

    ck_assert_int_eq(config.mode, MODE_WINDOW);
    ck_assert_int_eq(config.policy, POLICY_FLOW);
    config = good("--source x --policy tag");
    ck_assert_int_eq(config.mode, MODE_BURST);
    ck_assert_uint_eq(config.window, 256);
    ck_assert_uint_eq(good("--source x --mode single").window, 256);
    ck_assert_uint_eq(good("--source x --mode single --window 1").window, 1);
    config = good("--source x --sink pcap:out");
    ck_assert_int_eq(config.mode, MODE_BURST);
    ck_assert_int_eq(config.policy, POLICY_TAG);
    ck_assert_str_eq(config.sink, "out");
    config = good("--source x --sink pcap:out --sink none --mode single --policy least-loaded");
    ck_assert_int_eq(config.mode, MODE_SINGLE);
    ck_assert_int_eq(config.policy, POLICY_LEAST_LOADED);
    ck_assert_ptr_null(config.sink);
    config = good("--source x --workers 2..8");
    ck_assert_int_eq(config.mode, MODE_BURST);
    ck_assert_uint_eq(config.workers_min, 2);
    ck_assert_uint_eq(config.workers, 8);
    config = good("--source x --work ttl");
    ck_assert_int_eq(config.mode, MODE_BURST);
}
END_TEST

START_TEST(help_and_version_are_found_whatever_else_there_is)
{
    struct config config;
    char reason[CONFIG_REASON_SIZE];

    ck_assert_int_eq(read_line(&config, "--help", reason), CONFIG_HELP);
    ck_assert_int_eq(read_line(&config, "--workers 2 --version", reason), CONFIG_VERSION);
}
END_TEST

static const struct {
    const char *line;
    const char *reason;
} wrong[] = {
    { "", "--source is missing" },
    { "--workers 2", "--source is missing" },
    { "--source", "--source needs a value" },
    { "--source=", "--source '': must not be empty" },
    { "a.pcap", "'a.pcap' is no option; a capture is read with --source pcap:FILE" },
    { "--source x more", "'more' is no option" },
    { "--frobnicate", "'--frobnicate' is no option" },
    { "-x", "'-x' is no option" },
    { "--w 3", "'--w' is no option" },
    { "--quiet=yes", "--quiet takes no value" },
    { "--source x --workers", "--workers needs a value" },
    { "--workers 0",
      "--workers '0': the number of workers must be a whole number from 1 to 256, or "
      "two as in 2..8" },
    { "--workers 257", "--workers '257': the number of workers must be a whole number from 1" },
    { "--workers 1..", "--workers '1..': the number of workers" },
    { "--workers ..3", "--workers '..3': the number of workers" },
    { "--workers 1...3", "--workers '1...3': the number of workers" },
    { "--workers 0..3", "--workers '0..3': the number of workers" },
    { "--workers 1..257", "--workers '1..257': the number of workers" },
    { "--workers 3..2", "--workers '3..2': the first number must not be larger" },
    { "--mode fast", "--mode 'fast': must be window, burst or single" },
    { "--source x --mode burst --policy flow",
      "--policy flow, all packets of a flow to one worker, needs --mode window; --policy tag" },
    { "--source x --sink pcap:f --policy flow",
      "needs --mode window, which cannot be with --sink" },
    { "--source x --mode window --policy tag",
      "--policy tag needs --mode burst or --mode single" },
    { "--source x --sink pcap:-", "--sink 'pcap:-': standard output is for the report" },
    { "--source x --sink pcap:", "--sink 'pcap:': must be none or pcap:FILE" },
    { "--source x --mode window --sink pcap:f", "--sink pcap:FILE needs --mode burst" },
    { "--source x --mode window --workers 1..2", "--workers MIN..MAX needs --mode burst" },
    { "--source x --mode window --work ttl", "work that changes packets needs --mode burst" },
    { "--source x --mode burst --window 1025",
      "--window '1025': with --mode burst it can be 1024 at most" },
    { "--sink file.pcap", "--sink 'file.pcap': must be none or pcap:FILE" },
    { "--sink pcap:", "--sink 'pcap:': must be none or pcap:FILE" },
    { "--workers -1", "--workers '-1': the number of workers must be a whole number" },
    { "--workers +4", "--workers '+4': the number of workers" },
    { "--workers 4x", "--workers '4x': the number of workers" },
    { "--workers 4.0", "--workers '4.0': the number of workers" },
    { "--workers 0x4", "--workers '0x4': the number of workers" },
    { "--workers four", "--workers 'four': the number of workers" },
    { "--workers=", "--workers '': the number of workers" },
    { "--workers 4294967300", "--workers '4294967300': the number of workers" },
    { "--workers 18446744073709551620", "--workers '18446744073709551620': the number" },
    { "--window 0",
      "--window '0': the number of items out per worker must be a whole number from "
      "1 to 4096" },
    { "--window 4097", "--window '4097': the number of items out per worker" },
    { "--loop -1", "--loop '-1': the number of passes (0: for ever) must be a whole number" },
    { "--loop 1e3", "--loop '1e3': the number of passes" },
    { "--domain 65536",
      "--domain '65536': the number of the domain must be a whole number from 0 "
      "to 65535" },
    { "--policy random", "--policy 'random': must be flow, tag, least-loaded or inline" },
    { "--policy=", "--policy '': must be flow, tag, least-loaded or inline" },
    { "--pace slow", "--pace 'slow': must be full or as-recorded" },
    { "--wait never", "--wait 'never': must be adaptive, spin or sleep" },
    { "--on-busy panic", "--on-busy 'panic': must be block, queue=N, queue=N,drop or drop" },
    { "--on-busy queue", "--on-busy 'queue': must be block, queue=N, queue=N,drop or drop" },
    { "--on-busy queue=",
      "--on-busy 'queue=': the queue's length must be a whole number from 1" },
    { "--on-busy queue=0", "--on-busy 'queue=0': the queue's length must be a whole number" },
    { "--on-busy queue=1000001", "--on-busy 'queue=1000001': the queue's length" },
    { "--on-busy queue=99999999999999999999", "the queue's length must be a whole number" },
    { "--on-busy queue=5,block", "--on-busy 'queue=5,block': only ',drop' can follow" },
    { "--on-busy queue=5,", "--on-busy 'queue=5,': only ',drop' can follow" },
    { "--work nothing", "--work 'nothing' is no kind of work (there are count, digest, "
                        "delay=US, ttl, echo, static=DIR, and "
                        "shared objects: ./FILE.so)" },
    { "--work delay=x", "--work 'delay=x': delay takes whole microseconds" },
    { "--topology a/b", "--topology 'a/b': a topology's name has 1 to 63 letters" },
    { "--topology=", "--topology '': a topology's name has" },
    { "--topology .hidden", "--topology '.hidden': a topology's name has" },
    { "--topology 1234567890123456789012345678901234567890123456789012345678901234",
      "': a topology's name has 1 to 63 letters" },
    { "--on-worker-death", "--on-worker-death needs a value" },
    { "--on-worker-death=", "--on-worker-death '': must be respawn, shrink or stop" },
    { "--on-worker-death restart",
      "--on-worker-death 'restart': must be respawn, shrink or stop" },
    { "--quarantine=", "--quarantine '': must not be empty" },
    { "--worker-program=", "--worker-program '': must not be empty" },
};

START_TEST(a_wrong_command_line_is_refused_with_a_reason)
{
    struct config config;
    char reason[CONFIG_REASON_SIZE];

    ck_assert_int_eq(read_line(&config, wrong[_i].line, reason), CONFIG_WRONG);
    ck_assert_msg(strstr(reason, wrong[_i].reason) != NULL, "'%s' is not in '%s'",
                  wrong[_i].reason, reason);
    ck_assert_ptr_null(strchr(reason, '\n'));
}
END_TEST

START_TEST(a_very_long_value_is_cut_in_the_reason)
{
    char line[3000] = "--workers ";
    struct config config;
    char reason[CONFIG_REASON_SIZE];

    memset(line + strlen(line), '7', 2900);
    ck_assert_int_eq(read_line(&config, line, reason), CONFIG_WRONG);
    ck_assert_uint_lt(strlen(reason), CONFIG_REASON_SIZE - 1);
    ck_assert_ptr_nonnull(strstr(reason, "must be a whole number from 1 to 256"));
}
END_TEST

START_TEST(names_of_settings_are_the_words_of_the_options)
{
    ck_assert_str_eq(config_policy_name(POLICY_FLOW), "flow");
    ck_assert_str_eq(config_mode_name(MODE_WINDOW), "window");
    ck_assert_str_eq(config_mode_name(MODE_BURST), "burst");
    ck_assert_str_eq(config_mode_name(MODE_SINGLE), "single");
    ck_assert_str_eq(config_policy_name(POLICY_TAG), "tag");
    ck_assert_str_eq(config_policy_name(POLICY_LEAST_LOADED), "least-loaded");
    ck_assert_str_eq(config_on_busy_name(ON_BUSY_BLOCK), "block");
    ck_assert_str_eq(config_on_busy_name(ON_BUSY_QUEUE), "queue");
    ck_assert_str_eq(config_on_busy_name(ON_BUSY_DROP), "drop");
    ck_assert_str_eq(config_on_death_name(ON_DEATH_RESPAWN), "respawn");
    ck_assert_str_eq(config_on_death_name(ON_DEATH_SHRINK), "shrink");
    ck_assert_str_eq(config_on_death_name(ON_DEATH_STOP), "stop");
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_source_is_all_that_is_needed, 1 },
        { every_option_is_understood, 1 },
        { a_queue_has_a_length_and_may_drop, 1 },
        { deaths_have_a_policy_and_a_file, 1 },
        { mode_and_policy_follow_from_what_is_asked_for, 1 },
        { help_and_version_are_found_whatever_else_there_is, 1 },
        { a_wrong_command_line_is_refused_with_a_reason, SUITE_LENGTH(wrong) },
        { a_very_long_value_is_cut_in_the_reason, 1 },
        { names_of_settings_are_the_words_of_the_options, 1 },
    };

    return suite_run("config", tests, SUITE_LENGTH(tests));
}
