/* SPDX-License-Identifier: MIT */
/*
 * check_server_options.c - the network's part of the command line: what is right is taken, and
 * what is wrong, or does not go together, is refused with a reason.
 */
#include "load_balancer/config.h"
#include "load_balancer/server/link.h"

#include <stdio.h>

#include "support/suite.h"

enum {
    WORDS = 128,
};

/* The words of a line, divided by blanks, behind the program's name. */
static enum config_result read_line(struct config *config, const char *line,
                                    char reason[CONFIG_REASON_SIZE])
{
    static char text[4096];
    char *words[WORDS] = { (char *)"load_balancer" };
    int count = 1;

    ck_assert_uint_lt(strlen(line), sizeof(text));
    strcpy(text, line);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    reason[0] = '\0';
    return config_read(config, count, words, reason);
}

#define TCP "--policy inline --source tcp:127.0.0.1:80 "

START_TEST(without_options_there_are_defaults)
{
    char reason[CONFIG_REASON_SIZE];
    struct config config;
    const struct server_settings *settings = &config.network.settings;

    ck_assert_int_eq(read_line(&config, TCP, reason), CONFIG_RUN);
    ck_assert(server_options_used(&config.network));
    ck_assert_ptr_null(config.source);
    ck_assert_int_eq(config.policy, POLICY_INLINE);
    ck_assert_uint_eq(settings->address_count, 1);
    ck_assert_uint_ge(settings->loops, 1);
    ck_assert_int_eq(settings->accept, SERVER_ACCEPT_EXCLUSIVE);
    ck_assert_ptr_eq(settings->protocol, &protocol_frame);
    ck_assert(!settings->pin && settings->max_rate == 0);
    ck_assert_uint_eq(settings->max_connections, 10000);
    ck_assert_uint_eq(settings->max_pending, 64);
    ck_assert_uint_eq(settings->max_request, ITEM_BYTES_MAX);
    ck_assert_uint_eq(settings->max_memory_mib, 256);
    ck_assert_uint_eq(settings->idle_ms, 60000);
    ck_assert_uint_eq(settings->request_ms, 30000);
    ck_assert_uint_eq(settings->send_ms, 30000);
    ck_assert_uint_eq(settings->drain_ms, 30000);
}
END_TEST

START_TEST(workers_have_the_requests_if_nothing_is_said)
{
    char reason[CONFIG_REASON_SIZE];
    struct config config;

    ck_assert_int_eq(read_line(&config, "--source tcp:127.0.0.1:80 --loops 3", reason),
                     CONFIG_RUN);
    ck_assert_int_eq(config.policy, POLICY_TAG);
    ck_assert_int_eq(config.mode, MODE_SINGLE);
    ck_assert_uint_eq(config.network.settings.loops, 3);
    ck_assert_uint_eq(config.queue_limit, 3 * LINK_DEPTH);
    ck_assert_int_eq(read_line(&config,
                               "--source tcp:127.0.0.1:80 --policy least-loaded --mode burst "
                               "--workers 2..4",
                               reason),
                     CONFIG_RUN);
    ck_assert_int_eq(config.mode, MODE_BURST);
    ck_assert_uint_eq(config.workers_min, 2);
}
END_TEST

START_TEST(every_option_is_taken)
{
    char reason[CONFIG_REASON_SIZE];
    struct config config;
    const struct server_settings *settings = &config.network.settings;

    ck_assert_int_eq(read_line(&config,
                               TCP "--source udp:[::1]:53 --loops 256 --accept reuseport --pin "
                                   "--proto line --max-connections 1000000 --max-pending 1 "
                                   "--max-request 1 --max-memory 1 --max-rate 5 "
                                   "--idle-timeout 0 --request-timeout 0.5 --send-timeout 1.25 "
                                   "--drain-timeout 0.001 --work digest --json",
                               reason),
                     CONFIG_RUN);
    ck_assert_uint_eq(settings->address_count, 2);
    ck_assert(settings->addresses[1].datagrams);
    ck_assert_uint_eq(settings->loops, 256);
    ck_assert_int_eq(settings->accept, SERVER_ACCEPT_REUSEPORT);
    ck_assert(settings->pin);
    ck_assert_ptr_eq(settings->protocol, &protocol_line);
    ck_assert_uint_eq(settings->max_connections, 1000000);
    ck_assert_uint_eq(settings->max_pending, 1);
    ck_assert_uint_eq(settings->max_request, 1);
    ck_assert_uint_eq(settings->max_memory_mib, 1);
    ck_assert_uint_eq(settings->max_rate, 5);
    ck_assert_uint_eq(settings->idle_ms, 0);
    ck_assert_uint_eq(settings->request_ms, 500);
    ck_assert_uint_eq(settings->send_ms, 1250);
    ck_assert_uint_eq(settings->drain_ms, 1);
}
END_TEST

static const char *const good[] = {
    TCP "--proto http --work static=/",
    TCP "--proto http --work static:/",
    TCP "--proto http --work echo",
    TCP "--accept shared --work count",
    "--policy inline --source udp:0.0.0.0:53 --proto datagram --work digest",
    "--source pcap:x --work echo",
};

START_TEST(what_goes_together_is_taken)
{
    char reason[CONFIG_REASON_SIZE];
    struct config config;

    ck_assert_msg(read_line(&config, good[_i], reason) == CONFIG_RUN, "%s", reason);
}
END_TEST

static const struct {
    const char *line;
    const char *reason;
} wrong[] = {
    { "--source udp:127.0.0.1:80 --policy flow",
      "sources of the network need --policy tag, least-loaded or inline" },
    { "--source tcp:127.0.0.1:80 --mode window",
      "a distributor: --mode burst or --mode single" },
    { "--source tcp:127.0.0.1:80 --sink pcap:x", "--sink is for packets" },
    { "--source tcp:127.0.0.1:80 --quarantine x", "--quarantine is for packets" },
    { "--source tcp:127.0.0.1:80 --on-busy drop", "--on-busy is for packets" },
    { "--source tcp:127.0.0.1:80 --on-busy queue=9", "--on-busy is for packets" },
    { TCP "--loop 2", "--loop is for packets" },
    { TCP "--pace as-recorded", "--pace is for packets" },
    { "--source pcap:x --policy inline", "--policy inline is for sources of the network" },
    { TCP "--source pcap:x", "--source 'pcap:x' cannot be beside sources of the network" },
    { "--source tcp:x:80", "--source 'tcp:x:80': before the port there must be an address" },
    { "--source pcap:x --loops 2", "--loops is for sources of the network (tcp:, udp:)" },
    { "--source pcap:x --pin", "--pin is for sources of the network" },
    { "--source pcap:x --work static:/", "--work static needs requests of http" },
    { TCP "--work static:/", "--work static replies in http: it needs --proto http" },
    { TCP "--proto http --source udp:127.0.0.1:1 --work static:/", "sources tcp: alone" },
    { TCP "--proto http --work static", "static: names no directory" },
    { TCP "--proto http --work static:/nowhere", "static: '/nowhere': No such file" },
    { TCP "--proto http --work static:/etc/passwd", "static: '/etc/passwd': Not a directory" },
    { TCP "--proto datagram", "--proto datagram is for sources udp: alone" },
    { TCP "--proto smtp", "--proto 'smtp': must be frame, line, http or datagram" },
    { TCP "--accept all", "--accept 'all': must be shared, exclusive or reuseport" },
    { TCP "--loops 0",
      "--loops '0': the number of loops must be a whole number from 1 to 256" },
    { TCP "--loops 257", "--loops '257': the number of loops" },
    { TCP "--loops 2x", "--loops '2x': the number of loops" },
    { TCP "--loops=", "--loops '': the number of loops" },
    { TCP "--loops 99999999999999999999", "the number of loops" },
    { TCP "--max-connections 0", "--max-connections '0': the number of connections" },
    { TCP "--max-connections 1000001", "--max-connections '1000001': the number" },
    { TCP "--max-pending 65537", "the number of pending requests of a connection" },
    { TCP "--max-request 262145", "the number of bytes of a request" },
    { TCP "--max-memory 0", "the number of mebibytes" },
    { TCP "--max-rate -1", "the number of requests a second" },
    { TCP "--idle-timeout 1.2345", "--idle-timeout '1.2345': must be seconds from 0" },
    { TCP "--idle-timeout 1.", "--idle-timeout '1.': must be seconds" },
    { TCP "--idle-timeout .5", "--idle-timeout '.5': must be seconds" },
    { TCP "--request-timeout 1s", "--request-timeout '1s': must be seconds" },
    { TCP "--send-timeout -1", "--send-timeout '-1': must be seconds" },
    { TCP "--drain-timeout 1000001", "--drain-timeout '1000001': must be seconds" },
    { TCP "--drain-timeout=", "--drain-timeout '': must be seconds" },
    { TCP "--pin=yes", "--pin takes no value" },
    { TCP "--proto", "--proto needs a value" },
};

START_TEST(what_is_wrong_is_refused_with_a_reason)
{
    char reason[CONFIG_REASON_SIZE];
    struct config config;

    ck_assert_int_eq(read_line(&config, wrong[_i].line, reason), CONFIG_WRONG);
    ck_assert_msg(strstr(reason, wrong[_i].reason) != NULL, "'%s' is not in '%s'",
                  wrong[_i].reason, reason);
    ck_assert_ptr_null(strchr(reason, '\n'));
}
END_TEST

START_TEST(there_may_be_so_many_addresses_and_no_more)
{
    char line[4096] = "--policy inline", reason[CONFIG_REASON_SIZE];
    struct config config;

    for (int i = 0; i < SERVER_ADDRESSES_MAX; i++)
        strcat(line, " --source tcp:127.0.0.1:80");
    ck_assert_int_eq(read_line(&config, line, reason), CONFIG_RUN);
    strcat(line, " --source tcp:127.0.0.1:80");
    ck_assert_int_eq(read_line(&config, line, reason), CONFIG_WRONG);
    ck_assert_ptr_nonnull(strstr(reason, "more than 32 addresses"));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { without_options_there_are_defaults, 1 },
        { workers_have_the_requests_if_nothing_is_said, 1 },
        { every_option_is_taken, 1 },
        { what_goes_together_is_taken, SUITE_LENGTH(good) },
        { what_is_wrong_is_refused_with_a_reason, SUITE_LENGTH(wrong) },
        { there_may_be_so_many_addresses_and_no_more, 1 },
    };

    return suite_run("server_options", tests, SUITE_LENGTH(tests));
}
