/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_status.c - statuses as words, and what the library says on stderr.
 */
#include <mcapi.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

START_TEST(a_status_is_told_by_its_name)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    ck_assert_ptr_eq(mcapi_display_status(MCAPI_ERR_ENDP_INVALID, text, sizeof text), text);
    ck_assert_str_eq(text, "MCAPI_ERR_ENDP_INVALID");
    mcapi_display_status(MCAPI_SUCCESS, text, sizeof text);
    ck_assert_str_eq(text, "MCAPI_SUCCESS");
    mcapi_display_status(MCAPI_PENDING, text, sizeof text);
    ck_assert_str_eq(text, "MCAPI_PENDING");
}
END_TEST

START_TEST(every_status_has_a_name_of_its_own_that_fits)
{
    char text[MCAPI_STATUSCODE_END][MCAPI_MAX_STATUS_SIZE + 32];

    for (mcapi_status_t i = MCAPI_SUCCESS; i < MCAPI_STATUSCODE_END; i++) {
        ck_assert_ptr_nonnull(mcapi_display_status(i, text[i], sizeof text[i]));
        ck_assert_uint_lt(strlen(text[i]), MCAPI_MAX_STATUS_SIZE);
        ck_assert(strncmp(text[i], "MCAPI_", 6) == 0);
        for (mcapi_status_t j = MCAPI_SUCCESS; j < i; j++)
            ck_assert_str_ne(text[i], text[j]);
    }
}
END_TEST

START_TEST(what_is_no_status_is_unknown)
{
    static const mcapi_status_t none[] = { 0, MCAPI_STATUSCODE_END, MCAPI_STATUSCODE_END + 1,
                                           ~0u };
    char text[MCAPI_MAX_STATUS_SIZE];

    for (size_t i = 0; i < SUITE_LENGTH(none); i++) {
        mcapi_display_status(none[i], text, sizeof text);
        ck_assert_str_eq(text, "UNKNOWN");
    }
}
END_TEST

START_TEST(a_name_is_cut_to_fit)
{
    char text[8] = "aaaaaaa";

    mcapi_display_status(MCAPI_SUCCESS, text, 6);
    ck_assert_str_eq(text, "MCAPI");
    ck_assert_int_eq(text[6], 'a');
    mcapi_display_status(MCAPI_SUCCESS, text, 1);
    ck_assert_str_eq(text, "");
    ck_assert_ptr_null(mcapi_display_status(MCAPI_SUCCESS, text, 0));
    ck_assert_ptr_null(mcapi_display_status(MCAPI_SUCCESS, NULL, 10));
}
END_TEST

START_TEST(the_state_of_anything_can_be_displayed)
{
    mcapi_endpoint_t wrong = 0xdeadbeef;
    char said[4096] = "";
    struct pair pair;
    FILE *file = tmpfile();

    dup2(fileno(file), STDERR_FILENO);
    mcapi_display_state(NULL); /* without a node */
    join(0, 1);
    pair = pair_open(PACKETS, NULL, NULL);
    mcapi_display_state(NULL);
    mcapi_display_state(&pair.send);
    mcapi_display_state(&pair.receive);
    mcapi_display_state(&wrong);
    fflush(stderr);
    rewind(file);
    ck_assert_uint_gt(fread(said, 1, sizeof said - 1, file), 0);
    leave();
    fclose(file);
}
END_TEST

START_TEST(the_debug_level_may_be_anything)
{
    static const int levels[] = { 0, 1, 9, -1, 0x7fffffff };

    for (size_t i = 0; i < SUITE_LENGTH(levels); i++)
        mcapi_set_debug_level(levels[i]);
    mcapi_set_debug_level(0);
    join(0, 1);
    leave();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_status_is_told_by_its_name, 1 },
        { every_status_has_a_name_of_its_own_that_fits, 1 },
        { what_is_no_status_is_unknown, 1 },
        { a_name_is_cut_to_fit, 1 },
        { the_state_of_anything_can_be_displayed, 1 },
        { the_debug_level_may_be_anything, 1 },
    };

    return suite_run_between("api/mcapi_status", topology_begin, topology_end, tests,
                             SUITE_LENGTH(tests));
}
