/* Stands in, in the small build, for what would bring along far more than is wanted of it. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Asked for the size of a page only. musl's answers for all that POSIX knows, from a table: 1.6 KB on MIPS. */
long sysconf(int name)
{
	return name == _SC_PAGESIZE ? (long)getauxval(AT_PAGESZ) : -1;
}

/* These are one call of the kernel. musl's also do what Linux before 3.2 could not, which Rust needs, and translate what nothing here
 * asks for: timeouts of sockets in 64 bits, video, who owns a descriptor. 3 KB on MIPS. */
int ioctl(int fd, int request, ...)
{
	va_list rest;
	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	return syscall(SYS_ioctl, fd, request, argument);
}

int fcntl(int fd, int command, ...)
{
	va_list rest;
	va_start(rest, command);
	unsigned long argument = va_arg(rest, unsigned long);
	va_end(rest);
	/* What the program's files are opened with. */
	if (command == F_SETFL)
		argument |= O_LARGEFILE;
#ifdef SYS_fcntl64
	return syscall(SYS_fcntl64, fd, command, argument);
#else
	return syscall(SYS_fcntl, fd, command, argument);
#endif
}

int socket(int domain, int type, int protocol)
{
	return syscall(SYS_socket, domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
	return syscall(SYS_socketpair, domain, type, protocol, pair);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict length, int flags)
{
	return syscall(SYS_accept4, fd, from, length, flags);
}

int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict length)
{
	return syscall(SYS_getsockopt, fd, level, option, value, length);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
	return syscall(SYS_setsockopt, fd, level, option, value, length);
}

int pipe2(int pair[2], int flags)
{
	return syscall(SYS_pipe2, pair, flags);
}

#if defined(__arm__) || defined(__mips__)
/* The standard library has a personality that calls these. Only an unwinder calls that, and here is none: a panic ends the program
 * where it is. The real ones bring libunwind, and that printf: 18 KB on ARMv7, 1.3 KB on MIPS. */
#define NOT_HERE(name) void name(void) { __builtin_trap(); }
NOT_HERE(_Unwind_GetDataRelBase)
NOT_HERE(_Unwind_GetLanguageSpecificData)
NOT_HERE(_Unwind_GetRegionStart)
NOT_HERE(_Unwind_GetTextRelBase)
#ifdef __arm__
/* The tables of musl's functions name the first three (EHABI, 9.2). */
NOT_HERE(__aeabi_unwind_cpp_pr0)
NOT_HERE(__aeabi_unwind_cpp_pr1)
NOT_HERE(__aeabi_unwind_cpp_pr2)
NOT_HERE(__gnu_unwind_frame)
NOT_HERE(_Unwind_VRS_Get)
NOT_HERE(_Unwind_VRS_Set)
#else
NOT_HERE(_Unwind_GetIPInfo)
NOT_HERE(_Unwind_SetGR)
NOT_HERE(_Unwind_SetIP)
#endif
#endif
