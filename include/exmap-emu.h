/* SPDX-License-Identifier: MIT */
/*
 * exmap-emu.h - the emulator as a library, for programs that link it instead of preloading it
 *
 *	cc engine.c $(pkg-config --cflags --libs exmap-emu)
 *
 * The functions do what the system calls on /dev/exmap do. The clauses of docs/spec.md that are
 * named in brackets say what each promises. On an error a function returns -1 and sets errno,
 * where nothing else is said. EXMAP_OPTIONS is read as by the preloaded emulator.
 *
 * Nothing catches the program's own memory calls. So unmap and protect a surface only by the
 * functions below: munmap() or mprotect() on a surface leaves the emulator with wrong tables.
 *
 * Any thread may call any function at any time, with two exceptions. No other thread may be using
 * an exmap when it is closed. Only exmap_emu_fault() may be called in a signal handler.
 *
 * A page has 4096 bytes. A frame is the right to have one page of the surface allocated.
 */
#ifndef EXMAP_EMU_H
#define EXMAP_EMU_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <exmap.h>

#ifdef __cplusplus
extern "C" {
#endif

struct exmap_emu;

/**
 * exmap_emu_open() - make a new exmap, as open() of /dev/exmap does
 *
 * Return: the exmap, for exmap_emu_close(); NULL with errno ENOMEM.
 */
struct exmap_emu *exmap_emu_open(void);

/**
 * exmap_emu_close() - close an exmap
 *
 * A surface that is mapped stays, with its pages, until it is unmapped [1.2]; but without @emu no
 * more pages can be allocated or freed.
 */
void exmap_emu_close(struct exmap_emu *emu);

/**
 * exmap_emu_setup() - set an exmap up: EXMAP_IOCTL_SETUP [3]
 * @backing:        file or block device that READ reads, open for reading with O_DIRECT; -1 for
 *                  an exmap without READ. The caller may close the fd after this call.
 * @max_interfaces: number of interfaces, 1 to 256; one for each thread is fastest
 * @buffer_size:    number of frames, which is how many pages can be allocated at one time
 *
 * Before or after exmap_emu_map(), and only once.
 *
 * Return: 0; or -1 with errno EBUSY (set up already), EINVAL (a number out of range), EBADF
 * (@backing cannot be read so), ENOMEM.
 */
int exmap_emu_setup(struct exmap_emu *emu, int backing, int max_interfaces, size_t buffer_size);

/**
 * exmap_emu_map() - map the surface of an exmap, with no page allocated [2.1]
 * @addr: a hint where to map it, or NULL
 * @len:  bytes, rounded up to whole pages
 * @prot: protection of the pages to be allocated: PROT_READ | PROT_WRITE, or a part of that
 *
 * Return: the address; or MAP_FAILED with errno EBUSY (a surface is mapped), EINVAL (@len is 0),
 * EPROTO (a parent process has mapped one), ENOMEM.
 */
void *exmap_emu_map(struct exmap_emu *emu, void *addr, size_t len, int prot);

/**
 * exmap_emu_unmap() - unmap a whole surface, which frees all its frames [2.4]
 * @addr: address of the surface
 * @len:  bytes of the surface
 *
 * Return: 0; or -1 with errno EINVAL (no surface there, or a part of one only).
 */
int exmap_emu_unmap(void *addr, size_t len);

/**
 * exmap_emu_protect() - set the protection of a whole surface, and of its later pages [2.6]
 * @addr: address of the surface
 * @len:  bytes of the surface
 * @prot: PROT_NONE, or PROT_READ, PROT_WRITE and PROT_EXEC as for mprotect()
 *
 * Return: 0; or -1 with errno EINVAL (no surface there, or a part of one only), or that of
 * mprotect().
 */
int exmap_emu_protect(void *addr, size_t len, int prot);

/**
 * exmap_emu_interface() - the page of an interface, to which vectors are written [2.2]
 * @interface: number of the interface, from 0 to max_interfaces - 1
 *
 * The page is valid until the exmap is closed and its surface is unmapped. Threads that share an
 * interface must take turns in writing it.
 *
 * Return: the page; NULL with errno ENXIO (no such interface, or the exmap is not set up).
 */
struct exmap_user_interface *exmap_emu_interface(struct exmap_emu *emu, int interface);

/**
 * exmap_emu_action() - ALLOC or FREE the pages that an interface's first vectors name [4]
 * @interface: number of the interface
 * @opcode:    EXMAP_OP_ALLOC or EXMAP_OP_FREE
 * @iov_len:   number of vectors, 0 to 512
 *
 * Replaces each vector by its result: pages is how many pages were allocated or freed, res is 0 or
 * a negative errno. Calls on one interface wait for each other; with an interface for each thread
 * none waits.
 *
 * Return: number of vectors that failed; or -1 with errno EINVAL (no such interface or opcode, or
 * too many vectors), EBADF (the exmap is not set up), EPROTO (no surface is mapped).
 */
int exmap_emu_action(struct exmap_emu *emu, int interface, int opcode, int iov_len);

/**
 * exmap_emu_readv() - allocate ranges of pages, filled with the backing's content [5]
 * @interface: number of the interface that the frames come from
 * @iov:       ranges of the surface, page-aligned, of whole pages; page n of the surface is
 *             filled with page n of the backing
 * @nr_iov:    number of ranges, up to 1024
 *
 * Calls on one interface wait for each other.
 *
 * Return: bytes read, which may be fewer than asked; 0 if the first page is allocated already; or
 * -1 with errno EINVAL, EFAULT (a range is not in the surface), ENOMEM (no free frame), EPROTO (no
 * surface is mapped), or the errno of reading the backing.
 */
ssize_t exmap_emu_readv(struct exmap_emu *emu, int interface, const struct iovec *iov, int nr_iov);

/**
 * exmap_emu_stats() - sizes of an exmap, and the number of pages allocated: EXMAP_IOCTL_STATS [7.1]
 * @stats: set to them; all 0 before the exmap is set up
 *
 * Return: 0; or -1 with errno EFAULT.
 */
int exmap_emu_stats(struct exmap_emu *emu, struct exmap_ioctl_stats *stats);

/**
 * exmap_emu_fault() - find out what a SIGBUS or SIGSEGV means, inside its handler
 * @info:    the handler's second argument. If the function returns 1, si_signo, si_code and
 *           si_addr are those of the SIGSEGV that the kernel module would send [6.1]
 * @context: the handler's third argument
 *
 * An access to a page that is not allocated raises SIGBUS, or under strategy=mprotect SIGSEGV. A
 * program that expects such faults handles both signals. A bad address in an argument of the
 * functions above is answered with EFAULT only if both handlers call this function; without that
 * it ends the process. Async-signal-safe, on the thread that has the fault.
 *
 *	returned   meaning                            what the handler does
 *	1          a missing page, or next to one     what the program likes: jump, or exit
 *	           of the exmap's mappings
 *	0          no matter of the exmap's           what it does for any other fault
 *	-1         the fault is repaired              return
 */
int exmap_emu_fault(siginfo_t *info, void *context);

#ifdef __cplusplus
}
#endif

#endif /* EXMAP_EMU_H */
