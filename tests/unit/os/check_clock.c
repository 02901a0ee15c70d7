/* SPDX-License-Identifier: MIT */
/* check_clock.c - deadlines lie as far ahead as was asked, and the infinite one nowhere. */
#include "os/clock.h"

#include "support/suite.h"
#include "unit/os/children.h"

START_TEST(the_clock_never_goes_back)
{
    mci_time last = mci_clock_now();

    for (int i = 0; i < 10000; i++) {
        mci_time now = mci_clock_now();

        ck_assert_int_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(a_deadline_is_that_many_milliseconds_ahead)
{
    static const mcapi_timeout_t lengths[] = { 0, 1, 999, 1000, 86400000, 0xFFFFFFFEu };

    for (size_t i = 0; i < SUITE_LENGTH(lengths); i++) {
        mci_time before = mci_clock_now();
        mci_time deadline = mci_clock_deadline(lengths[i]);
        mci_time after = mci_clock_now();

        ck_assert_int_ge(deadline, before + (mci_time)lengths[i] * 1000000);
        ck_assert_int_le(deadline, after + (mci_time)lengths[i] * 1000000);
    }
}
END_TEST

START_TEST(an_infinite_timeout_has_no_deadline)
{
    ck_assert(mci_clock_deadline(MCAPI_TIMEOUT_INFINITE) == MCI_FOREVER);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_clock_never_goes_back, 1 },
        { a_deadline_is_that_many_milliseconds_ahead, 1 },
        { an_infinite_timeout_has_no_deadline, 1 },
    };

    return suite_run("clock", tests, SUITE_LENGTH(tests));
}
