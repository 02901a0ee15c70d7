/* SPDX-License-Identifier: MIT */
/* process_first.c - linked before the library: where its static variables begin. */
unsigned char sim_process_zeros_first[64];
unsigned char sim_process_data_first[64] = { 1 };
