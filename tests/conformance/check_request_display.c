/* SPDX-License-Identifier: MIT */
/*
 * check_request_display.c - section 9: statuses as text.
 */
#include "harness.h"

#include <string.h>

/* status_name() of the harness has the same names, but from a table that is not the library's
 * own. The codes without a gap: all of enum mcapi_status_codes. */
static void a_status_is_displayed_by_its_name(void)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    nodes_begin(0);
    for (mcapi_status_t code = MCAPI_SUCCESS; code < MCAPI_STATUSCODE_END; code++) {
        memset(text, '#', sizeof text);
        expect_true(mcapi_display_status(code, text, sizeof text) == text);
        expect_true(memchr(text, '\0', sizeof text) != NULL);
        expect_true(strcmp(text, status_name(code)) == 0);
    }
    nodes_end();
}

/* A program that could not initialize wants to say why. */
static void a_status_is_displayed_without_a_node_too(void)
{
    char text[MCAPI_MAX_STATUS_SIZE] = "";

    nodes_begin_bare(0);
    expect_true(mcapi_display_status(MCAPI_ERR_NODE_INITFAILED, text, sizeof text) == text);
    expect_true(strcmp(text, "MCAPI_ERR_NODE_INITFAILED") == 0);
    nodes_end();
}

static void a_name_is_cut_to_fit(void)
{
    static const char name[] = "MCAPI_ERR_ENDP_INVALID";
    enum { LARGEST = 40 };
    char text[LARGEST + 1];

    nodes_begin(0);
    for (size_t size = 1; size <= LARGEST; size++) {
        size_t length = size - 1 < strlen(name) ? size - 1 : strlen(name);

        memset(text, '#', sizeof text);
        expect_true(mcapi_display_status(MCAPI_ERR_ENDP_INVALID, text, size) == text);
        expect_true(memcmp(text, name, length) == 0);
        expect_equal('\0', text[length]);
        expect_equal('#', text[size]);
    }
    nodes_end();
}

static void a_name_without_room_is_not_displayed(void)
{
    char text[] = "###";

    nodes_begin(0);
    expect_true(mcapi_display_status(MCAPI_SUCCESS, text, 0) == NULL);
    expect_equal('#', text[0]);
    expect_true(mcapi_display_status(MCAPI_SUCCESS, NULL, sizeof text) == NULL);
    expect_true(mcapi_display_status(MCAPI_SUCCESS, NULL, 0) == NULL);
    nodes_end();
}

static void what_is_no_status_is_unknown(void)
{
    static const mcapi_status_t unknown[] = { 0,       MCAPI_STATUSCODE_END, 48, 99,
                                              0x10000, 0x7fffffff,           ~0u };
    char text[MCAPI_MAX_STATUS_SIZE];

    nodes_begin(0);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        memset(text, '#', sizeof text);
        expect_true(mcapi_display_status(unknown[i], text, sizeof text) == text);
        expect_true(strcmp(text, "UNKNOWN") == 0);
    }
    expect_true(mcapi_display_status(~0u, text, 4) == text);
    expect_true(strcmp(text, "UNK") == 0);
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_status_is_displayed_by_its_name, ALONE, "9.43"),
    TEST(a_status_is_displayed_without_a_node_too, ALONE, "9.43"),
    TEST(a_name_is_cut_to_fit, ALONE, "9.44"),
    TEST(a_name_without_room_is_not_displayed, ALONE, "9.46"),
    TEST(what_is_no_status_is_unknown, ALONE, "9.45 9.44"),
};

CHAPTER(request_display, tests);
