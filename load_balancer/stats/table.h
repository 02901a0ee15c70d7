/* SPDX-License-Identifier: MIT */
/*
 * table.h - rows of text under one another: every column as wide as its widest cell.
 */
#ifndef LOAD_BALANCER_STATS_TABLE_H
#define LOAD_BALANCER_STATS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    TABLE_COLUMNS_MAX = 10,
};

struct table {
    size_t columns;
    size_t rows;
    char **cells;                 /* row after row */
    bool cut;                     /* there was no memory for some rows */
    bool left[TABLE_COLUMNS_MAX]; /* columns to be flush left; the others are flush right */
};

/* A table with so many columns and no rows. */
void table_open(struct table *table, size_t columns);
void table_close(struct table *table);

/* Adds a row of as many texts as there are columns; NULL is an empty cell. Without memory for
 * it the table remembers that it is cut. */
void table_add(struct table *table, const char *const *row);

/* Writes all rows, indented by two blanks. */
void table_print(const struct table *table, FILE *out);

#endif /* LOAD_BALANCER_STATS_TABLE_H */
