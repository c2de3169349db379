// SPDX-License-Identifier: MIT
//! A client that makes every system call that touches an exmap with an instruction of its own.

use std::arch::asm;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;

const PAGE: usize = 4096;
const PAGES: usize = 256;
const FRAMES: u64 = 64;
const THREADS: usize = 2;

const SYS_CLOSE: usize = 3;
const SYS_MMAP: usize = 9;
const SYS_MUNMAP: usize = 11;
const SYS_IOCTL: usize = 16;
const SYS_PREAD64: usize = 17;
const SYS_OPENAT: usize = 257;
const AT_FDCWD: usize = -100isize as usize;
const O_RDWR: usize = 2;
const O_DIRECT: i32 = 0o40000;
const SETUP: usize = 0x40186b01;
const ACTION: usize = 0x40106b02;
const STATS: usize = 0x40206b04;
const OFF_INTERFACE: usize = 0xe000000000000000;
const OP_READ: usize = 0;
const OP_ALLOC: u16 = 1;
const OP_FREE: u16 = 2;
const EINVAL: isize = -22;
const EFAULT: isize = -14;

unsafe fn syscall(nr: usize, a: [usize; 6]) -> isize {
    let ret: isize;
    asm!("syscall", inlateout("rax") nr as isize => ret,
         in("rdi") a[0], in("rsi") a[1], in("rdx") a[2], in("r10") a[3], in("r8") a[4], in("r9") a[5],
         lateout("rcx") _, lateout("r11") _, options(nostack));
    ret
}

fn ioctl(fd: usize, request: usize, arg: *mut u8) -> isize {
    unsafe { syscall(SYS_IOCTL, [fd, request, arg as usize, 0, 0, 0]) }
}

fn map(fd: usize, len: usize, offset: usize) -> *mut u8 {
    let ret = unsafe { syscall(SYS_MMAP, [0, len, 3, 1, fd, offset]) };
    assert!(!(-4095..0).contains(&ret), "mmap: {}", ret);
    ret as *mut u8
}

#[repr(C)]
struct Setup {
    fd: i32,
    max_interfaces: i32,
    buffer_size: u64,
    flags: u64,
}

#[repr(C)]
struct Action {
    interface: u16,
    iov_len: u16,
    opcode: u16,
    flags: u64,
}

#[repr(C)]
#[derive(Default)]
struct Stats {
    flags: u64,
    buffer_size: u64,
    alloc_count: u64,
    max_interfaces: u32,
}

struct Checks {
    passed: usize,
    failed: usize,
}

impl Checks {
    fn that(&mut self, ok: bool, what: &str) {
        if ok {
            self.passed += 1;
        } else {
            self.failed += 1;
            eprintln!("failed: {}", what);
        }
    }
}

/// One exmap: its fd, its surface, its interfaces' vectors.
#[derive(Clone, Copy)]
struct Exmap {
    fd: usize,
    base: usize,
    vectors: [usize; THREADS],
}

impl Exmap {
    fn new(backing: i32) -> Exmap {
        let fd = unsafe { syscall(SYS_OPENAT, [AT_FDCWD, b"/dev/exmap\0".as_ptr() as usize, O_RDWR, 0, 0, 0]) };
        assert!(fd >= 0, "open of /dev/exmap: {}", fd);
        let fd = fd as usize;
        let mut setup = Setup { fd: backing, max_interfaces: THREADS as i32, buffer_size: FRAMES, flags: 0 };
        let ret = ioctl(fd, SETUP, &mut setup as *mut Setup as *mut u8);
        assert!(ret == 0, "SETUP: {}", ret);
        let base = map(fd, PAGES * PAGE, 0) as usize;
        let vectors = [0, 1].map(|i| map(fd, PAGE, OFF_INTERFACE | i << 12) as usize);
        Exmap { fd, base, vectors }
    }

    /// Pages that each vector did, or the call's errno.
    fn action(&self, interface: usize, opcode: u16, pages: &[(u64, u64)]) -> Result<Vec<i16>, isize> {
        let vectors = self.vectors[interface] as *mut u64;
        for (i, (page, len)) in pages.iter().enumerate() {
            unsafe { vectors.add(i).write_volatile(page | len << 52) };
        }
        let mut params = Action { interface: interface as u16, iov_len: pages.len() as u16, opcode, flags: 0 };
        let ret = ioctl(self.fd, ACTION, &mut params as *mut Action as *mut u8);
        if ret < 0 {
            return Err(ret);
        }
        let result = |i| unsafe { (vectors.add(i).read_volatile() >> 32) as i16 };
        Ok((0..pages.len()).map(result).collect())
    }

    fn read(&self, interface: usize, page: usize, len: usize) -> isize {
        let address = self.base + page * PAGE;
        unsafe { syscall(SYS_PREAD64, [self.fd, address, len, interface | OP_READ << 8, 0, 0]) }
    }

    fn page(&self, page: usize) -> &mut [u8] {
        unsafe { std::slice::from_raw_parts_mut((self.base + page * PAGE) as *mut u8, PAGE) }
    }

    fn mapped(&self) -> u64 {
        let mut stats = Stats::default();
        let ret = ioctl(self.fd, STATS, &mut stats as *mut Stats as *mut u8);
        assert!(ret == 0 && stats.buffer_size == FRAMES, "STATS: {}", ret);
        stats.alloc_count
    }
}

fn content(page: usize) -> u8 {
    (page * 7 + 1) as u8
}

/// A file of pages with known content, unlinked.
fn backing() -> std::fs::File {
    let dir = std::env::var("EXMAP_TEST_DIR").unwrap_or_else(|_| ".".to_string());
    let path = format!("{}/exmap-asm-{}", dir, std::process::id());
    let mut file = std::fs::File::create(&path).expect("backing file");
    for page in 0..PAGES {
        file.write_all(&[content(page); PAGE]).expect("backing file");
    }
    drop(file);
    let file = OpenOptions::new().read(true).custom_flags(O_DIRECT).open(&path).expect("O_DIRECT");
    std::fs::remove_file(&path).expect("unlink");
    file
}

/// Each thread with an interface and pages of its own.
fn work(exmap: Exmap, id: usize) -> bool {
    let first = 128 + id * 32;
    for round in 0..200 {
        let pages: Vec<(u64, u64)> = (0..16).map(|i| ((first + i) as u64, 1)).collect();
        if exmap.action(id, OP_ALLOC, &pages) != Ok(vec![1; 16]) {
            return false;
        }
        for i in 0..16 {
            exmap.page(first + i)[0] = round as u8;
        }
        if (0..16).any(|i| exmap.page(first + i)[0] != round as u8) {
            return false;
        }
        if exmap.action(id, OP_FREE, &pages) != Ok(vec![1; 16]) {
            return false;
        }
    }
    true
}

fn main() {
    let file = backing();
    let exmap = Exmap::new(file.as_raw_fd());
    let mut checks = Checks { passed: 0, failed: 0 };

    checks.that(exmap.action(0, OP_ALLOC, &[(3, 1), (10, 4)]) == Ok(vec![1, 4]), "ALLOC");
    exmap.page(3).fill(0x33);
    checks.that(exmap.page(3).iter().all(|b| *b == 0x33), "a page keeps what is stored");
    checks.that(exmap.mapped() == 5, "STATS counts pages");
    checks.that(exmap.action(1, OP_FREE, &[(3, 1), (10, 4)]) == Ok(vec![1, 4]), "FREE by another interface");
    checks.that(exmap.read(0, 20, 2 * PAGE) == 2 * PAGE as isize, "READ");
    checks.that(exmap.page(20)[5] == content(20) && exmap.page(21)[9] == content(21), "READ's content");
    checks.that(exmap.read(0, 20, PAGE) == 0, "READ of what is there");
    checks.that(exmap.read(0, PAGES, PAGE) == EFAULT, "READ outside");
    checks.that(exmap.read(7, 1, PAGE) == EINVAL, "READ by no interface");
    checks.that(exmap.action(0, 9, &[(1, 1)]) == Err(EINVAL), "no such opcode");
    checks.that(exmap.action(0, OP_FREE, &[(0, 256)]) == Ok(vec![2]), "FREE of all");

    let threads: Vec<_> = (0..THREADS).map(|i| std::thread::spawn(move || work(exmap, i))).collect();
    for thread in threads {
        checks.that(thread.join().unwrap(), "threads");
    }
    checks.that(exmap.mapped() == 0, "nothing is left");
    unsafe {
        checks.that(syscall(SYS_MUNMAP, [exmap.base, PAGES * PAGE, 0, 0, 0, 0]) == 0, "munmap");
        checks.that(syscall(SYS_CLOSE, [exmap.fd, 0, 0, 0, 0, 0]) == 0, "close");
    }
    println!("{} passed, {} failed, 0 skipped", checks.passed, checks.failed);
    std::process::exit((checks.failed > 0) as i32);
}
