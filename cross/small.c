/* Stands in, in the small build, for what would bring along far more than is wanted of it. */
#include <sys/prctl.h>

/* By it the standard library gives each thread its name, from within that thread. musl's can also name others, by a file whose
 * path it writes with printf, which nothing else here needs: 12 KB on MIPS. */
int pthread_setname_np(void *thread, const char *name)
{
	(void)thread;
	return prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
}

/* Asked for what a newer libc may have. A static program has none of it, as musl's own would say, with printf: 10 KB. */
void *dlsym(void *library, const char *name)
{
	(void)library;
	(void)name;
	return 0;
}

#ifdef __arm__
/* The tables of musl's functions name the first three (EHABI, 9.2), and the standard library a personality of its own that calls
 * the others. Only an unwinder calls either, and here is none: a panic ends the program where it is. The real ones bring libunwind,
 * and that printf: 18 KB. */
#define NOT_HERE(name) void name(void) { __builtin_trap(); }
NOT_HERE(__aeabi_unwind_cpp_pr0)
NOT_HERE(__aeabi_unwind_cpp_pr1)
NOT_HERE(__aeabi_unwind_cpp_pr2)
NOT_HERE(__gnu_unwind_frame)
NOT_HERE(_Unwind_GetDataRelBase)
NOT_HERE(_Unwind_GetLanguageSpecificData)
NOT_HERE(_Unwind_GetRegionStart)
NOT_HERE(_Unwind_GetTextRelBase)
NOT_HERE(_Unwind_VRS_Get)
NOT_HERE(_Unwind_VRS_Set)
#endif
