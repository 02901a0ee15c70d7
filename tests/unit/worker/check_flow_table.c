/* SPDX-License-Identifier: MIT */
/*
 * check_flow_table.c - every flow keeps a record of its own, as many as there are, up to the
 * limit.
 */
#include "worker/flow_table.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

static struct flow_record *touch(struct flow_table *table, uint32_t tag)
{
    char head[16];
    int length = snprintf(head, sizeof(head), "flow %u", tag);
    struct flow_record *flow =
            flow_table_at(table, flow_key(tag, 4, 6), 1, head, (size_t)length);

    flow->items++;
    flow->bytes += tag;
    return flow;
}

START_TEST(a_flow_finds_its_record_again_while_the_table_grows)
{
    struct flow_table table;

    ck_assert(flow_table_open(&table, 100000));
    for (int round = 0; round < 3; round++)
        for (uint32_t tag = 0; tag < 20000; tag++)
            touch(&table, tag);
    ck_assert_uint_eq(table.used, 20000);
    for (uint32_t tag = 0; tag < 20000; tag++) {
        struct flow_record *flow = flow_table_slot(&table, flow_key(tag, 4, 6));

        ck_assert_uint_eq(flow->items, 3);
        ck_assert_uint_eq(flow->bytes, 3ULL * tag);
    }
    flow_table_close(&table);
}
END_TEST

START_TEST(a_flow_keeps_the_head_of_its_first_packet)
{
    struct flow_table table;

    ck_assert(flow_table_open(&table, 100000));
    for (uint32_t tag = 0; tag < 1000; tag++)
        touch(&table, tag);
    flow_table_at(&table, flow_key(7, 4, 6), 2, "another", 7);
    for (uint32_t tag = 0; tag < 1000; tag++) {
        const struct flow_head *head =
                flow_table_head(&table, flow_table_slot(&table, flow_key(tag, 4, 6)));
        char expected[16];

        snprintf(expected, sizeof(expected), "flow %u", tag);
        ck_assert_uint_eq(head->link_type, 1);
        ck_assert_uint_eq(head->size, strlen(expected));
        ck_assert_mem_eq(head->bytes, expected, head->size);
    }
    flow_table_close(&table);
}
END_TEST

START_TEST(a_head_longer_than_is_kept_is_cut)
{
    uint8_t bytes[REPORT_HEAD_SIZE + 100];
    struct flow_table table;
    struct flow_record *flow;

    memset(bytes, 0x5a, sizeof(bytes));
    ck_assert(flow_table_open(&table, 10));
    flow = flow_table_at(&table, flow_key(1, 0, 0), 1, bytes, sizeof(bytes));
    ck_assert_uint_eq(flow_table_head(&table, flow)->size, REPORT_HEAD_SIZE);
    flow = flow_table_at(&table, flow_key(2, 0, 0), 1, NULL, 0);
    ck_assert_uint_eq(flow_table_head(&table, flow)->size, 0);
    flow_table_close(&table);
}
END_TEST

START_TEST(flows_with_one_tag_but_another_protocol_are_others)
{
    uint64_t keys[] = { flow_key(1, 4, 6), flow_key(1, 4, 17), flow_key(1, 6, 6),
                        flow_key(0, 0, 0) };
    struct flow_table table;

    ck_assert(flow_table_open(&table, 10));
    for (size_t i = 0; i < SUITE_LENGTH(keys); i++)
        flow_table_at(&table, keys[i], 1, "", 0)->items++;
    ck_assert_uint_eq(table.used, SUITE_LENGTH(keys));
    ck_assert_uint_eq(flow_key_tag(keys[1]), 1);
    ck_assert_uint_eq(flow_key_protocol(keys[1]), 17);
    ck_assert_uint_eq(flow_key_ip_version(keys[2]), 6);
    flow_table_close(&table);
}
END_TEST

START_TEST(flows_beyond_the_limit_share_one_record)
{
    struct flow_table table;

    ck_assert(flow_table_open(&table, 1000));
    for (int round = 0; round < 2; round++)
        for (uint32_t tag = 0; tag < 1500; tag++)
            touch(&table, tag);
    ck_assert_uint_eq(table.used, 1000);
    ck_assert_uint_eq(table.others.items, 2 * 500);
    ck_assert_uint_eq(flow_table_slot(&table, flow_key(999, 4, 6))->items, 2);
    flow_table_close(&table);
}
END_TEST

START_TEST(flows_are_found_in_the_order_in_which_they_appeared)
{
    struct flow_table table;

    ck_assert(flow_table_open(&table, 1000));
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 700; i++)
            touch(&table, i * 7919 % 1009);
    ck_assert_uint_eq(table.used, 700);
    for (uint32_t i = 0; i < 700; i++) {
        const struct flow_record *flow = flow_table_flow(&table, i);

        ck_assert_uint_eq(flow_key_tag(flow->key), i * 7919 % 1009);
        ck_assert_uint_eq(flow->items, 2);
    }
    flow_table_close(&table);
}
END_TEST

/* How many slots away from its own a record stands, added up over all flows. */
static uint64_t detours(const struct flow_table *table)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < table->used; i++) {
        const struct flow_record *flow = flow_table_flow(table, i);
        size_t own = (size_t)(flow->key * 0x9e3779b97f4a7c15ULL >> table->shift);

        sum += ((size_t)(flow - table->slots) - own) & (table->slot_count - 1);
    }
    return sum;
}

START_TEST(copying_one_table_into_another_keeps_it_quick)
{
    struct flow_table from, to;

    ck_assert(flow_table_open(&from, 1 << 20));
    ck_assert(flow_table_open(&to, 1 << 20));
    for (uint32_t i = 0; i < 100000; i++)
        touch(&from, i * 2654435761U);
    for (size_t i = 0; i < from.used; i++) {
        touch(&to, flow_key_tag(flow_table_flow(&from, i)->key));
        if (i % 1000 == 0)
            ck_assert_uint_le(detours(&to), 4 * to.used);
    }
    flow_table_close(&from);
    flow_table_close(&to);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_flow_finds_its_record_again_while_the_table_grows, 1 },
        { a_flow_keeps_the_head_of_its_first_packet, 1 },
        { a_head_longer_than_is_kept_is_cut, 1 },
        { flows_with_one_tag_but_another_protocol_are_others, 1 },
        { flows_beyond_the_limit_share_one_record, 1 },
        { flows_are_found_in_the_order_in_which_they_appeared, 1 },
        { copying_one_table_into_another_keeps_it_quick, 1 },
    };

    return suite_run("flow_table", tests, SUITE_LENGTH(tests));
}
