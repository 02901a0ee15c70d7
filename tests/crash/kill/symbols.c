/* SPDX-License-Identifier: MIT */
/* symbols.c - the program's own file, read for the names and places in it. */
#include "crash/kill/symbols.h"

#include "crash/kill/text.h"

#if defined __x86_64__

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char *file;
static size_t file_size;
static intptr_t moved; /* address - value of a symbol */

uint32_t text_size(void)
{
    return (uint32_t)(__stop_mcapi_text - __start_mcapi_text);
}

static const Elf64_Shdr *section_of_type(uint32_t type)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);

    for (int i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == type)
            return &sections[i];
    return NULL;
}

/* Calls `look` with each function until it returns true. */
static bool each_function(bool (*look)(const char *name, uintptr_t at, void *context),
                          void *context)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *table = file == NULL ? NULL : section_of_type(SHT_SYMTAB);
    const Elf64_Shdr *names;
    const Elf64_Sym *symbols;

    if (table == NULL)
        return false;
    names = (const Elf64_Shdr *)(file + header->e_shoff) + table->sh_link;
    symbols = (const Elf64_Sym *)(file + table->sh_offset);
    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++)
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_value != 0
            && look((const char *)file + names->sh_offset + symbols[i].st_name,
                    symbols[i].st_value, context))
            return true;
    return false;
}

struct search {
    const char *name; /* wanted, or found so far */
    uintptr_t at;
};

static bool has_name(const char *name, uintptr_t at, void *context)
{
    struct search *search = context;

    if (strcmp(name, search->name) != 0)
        return false;
    search->at = at;
    return true;
}

static bool is_nearer(const char *name, uintptr_t at, void *context)
{
    struct search *search = context;
    if (at <= search[1].at && at > search[0].at)
        search[0] = (struct search){ name, at };
    return false;
}

void text_name(uint32_t offset, char *name, size_t room)
{
    uintptr_t at = (uintptr_t)__start_mcapi_text + offset - (uintptr_t)moved;
    struct search search[2] = { { "?", 0 }, { "", at } };

    each_function(is_nearer, search);
    snprintf(name, room, "%s+0x%lx", search[0].name, (unsigned long)(at - search[0].at));
}

void *text_variable(const char *name, size_t *size)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *table = section_of_type(SHT_SYMTAB);
    const Elf64_Sym *symbols = (const Elf64_Sym *)(file + table->sh_offset);
    const char *names =
            (const char *)file
            + ((const Elf64_Shdr *)(file + header->e_shoff))[table->sh_link].sh_offset;

    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++)
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_OBJECT
            && strcmp(names + symbols[i].st_name, name) == 0) {
            *size = symbols[i].st_size;
            return (void *)(symbols[i].st_value + (uintptr_t)moved);
        }
    return NULL;
}

/* The functions of the library, by address. */
static uint32_t starts[4096];
static uint32_t start_count;

static bool keep_start(const char *name, uintptr_t at, void *unused)
{
    unsigned char *address = (unsigned char *)(at + (uintptr_t)moved);

    (void)name;
    (void)unused;
    if (symbols_inside(address) && start_count < sizeof starts / sizeof starts[0])
        starts[start_count++] = (uint32_t)(address - __start_mcapi_text);
    return false;
}

static int compare(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

    return (a > b) - (a < b);
}

uint32_t text_function(uint32_t offset)
{
    uint32_t low = 0, high = start_count;

    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;

        if (starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return starts[low];
}

unsigned char *symbols_function(const char *name)
{
    struct search search = { name, 0 };

    return each_function(has_name, &search) ? (unsigned char *)(search.at + (uintptr_t)moved)
                                            : NULL;
}

uint32_t text_offset_of(const char *function)
{
    const unsigned char *at = symbols_function(function);

    return at == NULL ? UINT32_MAX : (uint32_t)(at - __start_mcapi_text);
}

bool symbols_read(void)
{
    struct search search = { "text_size", 0 };
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    file_size = (size_t)status.st_size;
    file = mmap(NULL, file_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED) {
        file = NULL;
        return false;
    }
    if (!each_function(has_name, &search))
        return false;
    moved = (intptr_t)((uintptr_t)&text_size - search.at);
    each_function(keep_start, NULL);
    qsort(starts, start_count, sizeof starts[0], compare);
    return start_count > 0;
}

#else

/* Elsewhere the library's code is nowhere in particular: text_prepare says so. */

uint32_t text_size(void)
{
    return 0;
}

void text_name(uint32_t offset, char *name, size_t room)
{
    (void)offset;
    if (room > 0)
        name[0] = '\0';
}

uint32_t text_function(uint32_t offset)
{
    return offset;
}

uint32_t text_offset_of(const char *function)
{
    (void)function;
    return UINT32_MAX;
}

void *text_variable(const char *name, size_t *size)
{
    (void)name;
    *size = 0;
    return NULL;
}

#endif
