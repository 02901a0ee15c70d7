/* SPDX-License-Identifier: MIT */
/*
 * memory.h - memory that processes share: made, committed, opened, mapped, unmapped.
 *
 * It has no name that another user could take or guess; it exists as long as somebody has it
 * open or mapped. Its size never changes (sealed), so no peer can make an access fail by
 * cutting it off. What is not committed yet costs nothing, and must not be touched.
 */
#ifndef MCI_MEMORY_H
#define MCI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor of new, zeroed, sparse, sealed memory; -1 with errno. `name` is seen in
 * /proc/<pid>/maps, by humans only. */
int mci_memory_create(const char *name, uint64_t size);

/*
 * Makes sure that the range has pages, so that touching it cannot fail. False with errno:
 * ENOSPC, ENOMEM or EFBIG when there is no memory. What the range held stays. Any number of
 * times.
 */
bool mci_memory_commit(int fd, uint64_t offset, uint64_t length);

/* Another process' memory by that process' descriptor number. Only memory made by
 * mci_memory_create() is opened, never a device or a pipe: -1 with errno, EINVAL for those. */
int mci_memory_open(uint32_t pid, int fd);

/* The memory, to be looked at only; NULL with errno. Unmapped as any other. */
const unsigned char *mci_memory_map_to_read(int fd, uint64_t size);

/* Has that process the memory with this device and inode number mapped? True too when it cannot
 * be known: not by us, or not now, as with no descriptor left. */
bool mci_memory_mapped(uint32_t pid, uint64_t device, uint64_t inode);

/* Has it other memory and not this one? So it executes another program. False when it cannot be
 * known, and of a process on its way out, which has no memory any more. */
bool mci_memory_replaced(uint32_t pid, uint64_t device, uint64_t inode);

/* Has it the seals of mci_memory_create()? */
bool mci_memory_sealed(int fd);

/* Maps all of it, left out of core dumps and of forked children. NULL with errno. */
unsigned char *mci_memory_map(int fd, uint64_t size);

void mci_memory_unmap(unsigned char *base, uint64_t size);

/*
 * Room for a while, zeroed; NULL with errno. Straight from the kernel, so that a signal handler
 * which interrupted malloc may have some: mcapi_finalize must work there.
 */
void *mci_memory_scratch(size_t size);
void mci_memory_scratch_free(void *scratch, size_t size);

#endif /* MCI_MEMORY_H */
