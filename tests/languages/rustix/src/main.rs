// SPDX-License-Identifier: MIT
//! A client by way of rustix, whose calls go past libc; the ioctls it has to make itself.

use std::arch::asm;
use std::ffi::c_void;
use std::io::{IoSliceMut, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;

use rustix::fs::{openat, Mode, OFlags};
use rustix::io::{pread, preadv, Errno};
use rustix::mm::{mmap, munmap, MapFlags, ProtFlags};

const PAGE: usize = 4096;
const PAGES: usize = 64;
const O_DIRECT: i32 = 0o40000;
const SETUP: usize = 0x40186b01;
const ACTION: usize = 0x40106b02;
const OFF_INTERFACE: u64 = 0xe000000000000000;
const ALLOC: u16 = 1;
const FREE: u16 = 2;

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

fn ioctl<T>(fd: &impl AsRawFd, request: usize, arg: &mut T) -> isize {
    let mut ret = 16isize;
    unsafe {
        asm!("syscall", inlateout("rax") ret, in("rdi") fd.as_raw_fd() as usize, in("rsi") request,
             in("rdx") arg as *mut T, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    ret
}

fn content(page: usize) -> u8 {
    (page * 7 + 1) as u8
}

fn main() {
    let mut passed = 0;
    let mut failed = 0;
    let mut check = |ok: bool, what: &str| {
        if ok {
            passed += 1;
        } else {
            failed += 1;
            eprintln!("failed: {}", what);
        }
    };
    let dir = std::env::var("EXMAP_TEST_DIR").unwrap_or_else(|_| ".".to_string());
    let path = format!("{}/exmap-rustix-{}", dir, std::process::id());
    let mut file = std::fs::File::create(&path).expect("backing file");
    for page in 0..PAGES {
        file.write_all(&[content(page); PAGE]).expect("backing file");
    }
    drop(file);
    let backing = std::fs::OpenOptions::new().read(true).custom_flags(O_DIRECT).open(&path).expect("O_DIRECT");
    std::fs::remove_file(&path).expect("remove");

    // rustix's name for the working directory depends on its version; an absolute path needs none.
    let exmap = openat(&backing, "/dev/exmap", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).expect("/dev/exmap");
    let mut setup = Setup { fd: backing.as_raw_fd(), max_interfaces: 1, buffer_size: 16, flags: 0 };
    check(ioctl(&exmap, SETUP, &mut setup) == 0, "SETUP");
    let prot = ProtFlags::READ | ProtFlags::WRITE;
    let map = |len, offset| unsafe { mmap(std::ptr::null_mut(), len, prot, MapFlags::SHARED, &exmap, offset) };
    let surface = map(PAGES * PAGE, 0).expect("surface") as *mut u8;
    let vectors = map(PAGE, OFF_INTERFACE).expect("interface") as *mut u64;
    check(map(PAGES * PAGE, 0).err() == Some(Errno::BUSY), "one surface only");

    let action = |opcode: u16, page: u64, len: u64| {
        unsafe { vectors.write_volatile(page | len << 52) };
        let mut params = Action { interface: 0, iov_len: 1, opcode, flags: 0 };
        let ret = ioctl(&exmap, ACTION, &mut params);
        (ret, unsafe { (vectors.read_volatile() >> 32) as u16 })
    };
    let pages = |page: usize, n: usize| unsafe { std::slice::from_raw_parts_mut(surface.add(page * PAGE), n * PAGE) };
    check(action(ALLOC, 5, 4) == (0, 4), "ALLOC");
    pages(5, 4).fill(9);
    check(pages(5, 4).iter().all(|b| *b == 9), "pages keep what is stored");
    check(action(FREE, 0, 64) == (0, 4), "FREE");
    check(pread(&exmap, pages(20, 1), 0) == Ok(PAGE), "READ");
    check(pages(20, 1).iter().all(|b| *b == content(20)), "READ's content");
    let mut two = [IoSliceMut::new(pages(30, 1)), IoSliceMut::new(pages(40, 2))];
    check(preadv(&exmap, &mut two, 0) == Ok(3 * PAGE), "READ of two ranges");
    check(pages(41, 1)[17] == content(41), "READ's content");
    check(pread(&exmap, pages(50, 1), 5 << 8) == Err(Errno::INVAL), "no such opcode");
    check(action(FREE, 0, 64) == (0, 4), "FREE of all");
    check(unsafe { munmap(surface as *mut c_void, PAGES * PAGE) }.is_ok(), "munmap");
    check(pread(&exmap, &mut [0u8; PAGE], 0) == Err(Errno::PROTO), "READ without a surface");
    drop(exmap);
    println!("{} passed, {} failed, 0 skipped", passed, failed);
    std::process::exit((failed > 0) as i32);
}
