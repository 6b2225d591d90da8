/* Stands in, in the small build, for what would bring along far more than is wanted of it. */
#include <sys/prctl.h>

/* By it the standard library gives each thread its name, from within that thread. musl's can also name others, by a file whose
 * path it writes with printf, which nothing else here needs: 12 KB on MIPS.
 * (On ARM libunwind wants printf, too, which the tables of musl's functions name.) */
int pthread_setname_np(void *thread, const char *name)
{
	(void)thread;
	return prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
}
