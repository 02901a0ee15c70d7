/* SPDX-License-Identifier: MIT */
/*
 * check_server_address.c - addresses are read, said and told apart; what is none is refused.
 */
#include "load_balancer/server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "support/suite.h"

static const char *const good[] = {
    "tcp:127.0.0.1:80",
    "udp:0.0.0.0:0",
    "tcp:255.255.255.255:65535",
    "tcp:[::]:1",
    "udp:[::1]:53",
    "tcp:[2001:db8::ff00:42:8329]:443",
    "tcp:[fe80::1%lo]:9",
    "udp:[1:2:3:4:5:6:7:8]:1",
};

START_TEST(an_address_says_itself_again)
{
    struct server_address address;
    char reason[200], name[ADDRESS_NAME_SIZE];

    ck_assert(address_is_network(good[_i]));
    ck_assert_msg(address_read(&address, good[_i], reason, sizeof(reason)), "%s", reason);
    ck_assert_int_eq(address.datagrams, good[_i][0] == 'u');
    address_name(&address, name);
    ck_assert_str_eq(name, good[_i]);
}
END_TEST

static const struct {
    const char *text;
    const char *reason;
} wrong[] = {
    { "tcp:", "ADDRESS:PORT" },
    { "tcp:80", "ADDRESS:PORT" },
    { "tcp:127.0.0.1:", "the port" },
    { "tcp:127.0.0.1:65536", "the port" },
    { "tcp:127.0.0.1:-1", "the port" },
    { "tcp:127.0.0.1:+1", "the port" },
    { "tcp:127.0.0.1: 1", "the port" },
    { "tcp:127.0.0.1:1x", "the port" },
    { "tcp:127.0.0.1:000080", "the port" },
    { "tcp:localhost:80", "IPv4 in numbers" },
    { "tcp::80", "IPv4 in numbers" },
    { "tcp:127.0.0:80", "IPv4 in numbers" },
    { "tcp:127.0.0.1.1:80", "IPv4 in numbers" },
    { "tcp:256.0.0.1:80", "IPv4 in numbers" },
    { "tcp:::1:80", "IPv4 in numbers" },
    { "tcp:[::1]", "[ADDRESS]:PORT" },
    { "tcp:[::1:80", "[ADDRESS]:PORT" },
    { "tcp:[]:80", "IPv6 between the brackets" },
    { "tcp:[127.0.0.1]:80", "IPv6 between the brackets" },
    { "tcp:[::1%nowhere]:80", "IPv6 between the brackets" },
    { "udp:[1:2:3:4:5:6:7:8:9]:1", "IPv6 between the brackets" },
    { "udp:[11111111111111111111111111111111111111111111111111111111111111111111111111111]:1",
      "IPv6 between the brackets" },
};

START_TEST(what_is_no_address_is_refused_with_a_reason)
{
    struct server_address address;
    char reason[200] = "";

    ck_assert(!address_read(&address, wrong[_i].text, reason, sizeof(reason)));
    ck_assert_msg(strstr(reason, wrong[_i].reason) != NULL, "%s: %s", wrong[_i].text, reason);
}
END_TEST

START_TEST(other_sources_are_not_of_the_network)
{
    ck_assert(!address_is_network("pcap:x"));
    ck_assert(!address_is_network("tcp"));
    ck_assert(!address_is_network("TCP:127.0.0.1:1"));
    ck_assert(!address_is_network(""));
}
END_TEST

static uint64_t hash(const char *text, bool with_port, uint64_t key)
{
    struct server_address address;
    char reason[200];

    ck_assert(address_read(&address, text, reason, sizeof(reason)));
    return address_hash(&address.socket, with_port, key);
}

START_TEST(peers_are_told_apart)
{
    ck_assert(hash("tcp:10.0.0.1:1", true, 7) == hash("tcp:10.0.0.1:1", true, 7));
    ck_assert(hash("tcp:10.0.0.1:1", true, 7) != hash("tcp:10.0.0.1:1", true, 8));
    ck_assert(hash("tcp:10.0.0.1:1", true, 7) != hash("tcp:10.0.0.1:2", true, 7));
    ck_assert(hash("tcp:10.0.0.1:1", false, 7) == hash("tcp:10.0.0.1:2", false, 7));
    ck_assert(hash("tcp:10.0.0.1:1", false, 7) != hash("tcp:10.0.0.2:1", false, 7));
    ck_assert(hash("tcp:[fd00::1]:1", true, 7) != hash("tcp:[fd00::2]:1", true, 7));
    /* 64 bits are one peer's to choose from. */
    ck_assert(hash("tcp:[fd00::1]:1", false, 7) == hash("tcp:[fd00::2]:1", false, 7));
    ck_assert(hash("tcp:[fd00:0:0:1::1]:1", false, 7) != hash("tcp:[fd00::1]:1", false, 7));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { an_address_says_itself_again, SUITE_LENGTH(good) },
        { what_is_no_address_is_refused_with_a_reason, SUITE_LENGTH(wrong) },
        { other_sources_are_not_of_the_network, 1 },
        { peers_are_told_apart, 1 },
    };

    return suite_run("server_address", tests, SUITE_LENGTH(tests));
}
