/* SPDX-License-Identifier: MIT */
/*
 * text.c - numbers as people read them.
 */
#include "load_balancer/stats/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *text_count(char text[TEXT_SIZE], uint64_t number)
{
    char digits[TEXT_SIZE];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *out = text;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

/* Three digits, wherever the point is; what rounds up to 1000 is for the next unit. */
static int digits_behind_point(double number)
{
    return number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
}

char *text_short(char text[TEXT_SIZE], double number)
{
    static const char *const units[] = { "", "k", "M", "G", "T", "P" };
    size_t unit = 0;

    for (; number >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        number /= 1000;
    snprintf(text, TEXT_SIZE, "%.*f %s", unit == 0 ? 0 : digits_behind_point(number), number,
             units[unit]);
    return text;
}

char *text_duration(char text[TEXT_SIZE], double seconds)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };
    double number = seconds * 1e9;
    size_t unit = 0;

    for (; number >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        number /= 1000;
    snprintf(text, TEXT_SIZE, "%.*f %s", unit == 0 ? 0 : digits_behind_point(number), number,
             units[unit]);
    return text;
}

char *text_clock(char text[TEXT_SIZE], double seconds)
{
    uint64_t whole = seconds <= 0     ? 0
                   : seconds >= 3.6e9 ? 3600000000
                                      : (uint64_t)(seconds + 0.5);
    uint64_t hours = whole / 3600;
    uint64_t minutes = whole / 60 % 60;

    if (hours > 0)
        snprintf(text, TEXT_SIZE, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, hours, minutes,
                 whole % 60);
    else
        snprintf(text, TEXT_SIZE, "%" PRIu64 ":%02" PRIu64, minutes, whole % 60);
    return text;
}

char *text_percent(char text[TEXT_SIZE], double share)
{
    snprintf(text, TEXT_SIZE, "%.*f %%", share < 0.0995 ? 1 : 0, share * 100);
    return text;
}
