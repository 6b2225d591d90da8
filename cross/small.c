/* Stands in, in the small build, for what would bring along far more than is wanted of it. */
#include <sys/prctl.h>

/* By it the standard library gives each thread its name, from within that thread. musl's can also name others, by a file whose
 * path it writes with printf, which nothing else here needs: 12 KB on MIPS, 10 KB on ARM. */
int pthread_setname_np(void *thread, const char *name)
{
	(void)thread;
	return prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
}

/* The tables of musl's functions name these, which unwind the stack: 12 KB of libunwind on ARM. A panic of the small build ends
 * it at once, and nothing ever unwinds. */
#ifdef __ARM_EABI__
void __aeabi_unwind_cpp_pr0(void)
{
	__builtin_trap();
}

void __aeabi_unwind_cpp_pr1(void)
{
	__builtin_trap();
}

void __aeabi_unwind_cpp_pr2(void)
{
	__builtin_trap();
}
#endif
