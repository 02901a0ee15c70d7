/* SPDX-License-Identifier: MIT */
/*
 * table.c - rows of text under one another.
 */
#include "load_balancer/stats/table.h"

#include <stdlib.h>
#include <string.h>

void table_open(struct table *table, size_t columns)
{
    *table = (struct table){ .columns = columns };
}

void table_close(struct table *table)
{
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){ 0 };
}

static bool add_row(struct table *table, const char *const *row)
{
    size_t used = table->rows * table->columns;
    char **cells = realloc(table->cells, (used + table->columns) * sizeof(*cells));

    if (cells == NULL)
        return false;
    table->cells = cells;
    for (size_t i = 0; i < table->columns; i++) {
        cells[used + i] = strdup(row[i] == NULL ? "" : row[i]);
        if (cells[used + i] == NULL) {
            while (i-- > 0)
                free(cells[used + i]);
            return false;
        }
    }
    table->rows++;
    return true;
}

void table_add(struct table *table, const char *const *row)
{
    if (!add_row(table, row))
        table->cut = true;
}

void table_print(const struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };

    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t width = strlen(table->cells[i]);

        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t column = i % table->columns;
        bool last = column + 1 == table->columns;
        int width = (int)widths[column];

        if (last && table->left[column])
            width = 0; /* no blanks at the end of a line */
        fprintf(out, "  %*s%s", table->left[column] ? -width : width, table->cells[i],
                last ? "\n" : "");
    }
    if (table->cut)
        fputs("  ... and rows for which there was no memory\n", out);
}
