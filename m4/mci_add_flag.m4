dnl SPDX-License-Identifier: MIT
dnl
dnl MCI_ADD_FLAG(VARIABLE, FLAG)
dnl Appends FLAG to VARIABLE if the compiler takes it without a word of complaint.

AC_DEFUN([MCI_ADD_FLAG], [
    AS_VAR_PUSHDEF([known], [mci_cv_flag_$2])
    AC_CACHE_CHECK([whether $CC takes $2], [known], [
        mci_saved_cflags=$CFLAGS
        CFLAGS="$CFLAGS -Werror $2"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
            [AS_VAR_SET([known], [yes])], [AS_VAR_SET([known], [no])])
        CFLAGS=$mci_saved_cflags])
    AS_VAR_IF([known], [yes], [AS_VAR_APPEND([$1], [" $2"])])
    AS_VAR_POPDEF([known])])
