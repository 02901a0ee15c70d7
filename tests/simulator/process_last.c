/* SPDX-License-Identifier: MIT */
/* process_last.c - linked behind the library: where its static variables end. */
unsigned char sim_process_zeros_last[64];
unsigned char sim_process_data_last[64] = { 1 };
