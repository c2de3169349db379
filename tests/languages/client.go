// SPDX-License-Identifier: MIT

// A client whose calls are those of Go's own syscall package, which go past libc. Only cgo
// makes it a dynamic program, which a preloaded library can reach. With an argument it
// allocates pages at the end, and waits with them until its standard input ends.
package main

import "C"

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	page         = 4096
	pages        = 512
	frames       = 128
	threads      = 4
	setup        = 0x40186b01
	action       = 0x40106b02
	offInterface = 0xe000000000000000
	opAlloc      = 1
	opFree       = 2
)

type setupParams struct {
	fd            int32
	maxInterfaces int32
	bufferSize    uint64
	flags         uint64
}

type actionParams struct {
	iface, iovLen, opcode uint16
	flags                 uint64
}

var passed, failed int
var mutex sync.Mutex

func check(ok bool, what string) {
	mutex.Lock()
	defer mutex.Unlock()
	if ok {
		passed++
		return
	}
	failed++
	fmt.Fprintln(os.Stderr, "failed:", what)
}

func must(errno syscall.Errno, what string) {
	if errno != 0 {
		fmt.Fprintln(os.Stderr, what+":", errno)
		os.Exit(1)
	}
}

var sink byte

var fd uintptr
var surface []byte
var vectors [threads]*[512]uint64

func mapped(length, offset uintptr) unsafe.Pointer {
	address, _, errno := syscall.Syscall6(syscall.SYS_MMAP, 0, length,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED, fd, offset)
	must(errno, "mmap")
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// Pages done by the one vector, or -1.
func do(id int, opcode uint16, first, length uint64) int {
	params := actionParams{iface: uint16(id), iovLen: 1, opcode: opcode}
	vectors[id][0] = first | length<<52
	ret, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, action, uintptr(unsafe.Pointer(&params)))
	if errno != 0 || ret != 0 {
		return -1
	}
	return int(uint16(vectors[id][0] >> 32))
}

func content(i int) byte {
	return byte(i*7 + 1)
}

func backing() *os.File {
	dir := os.Getenv("EXMAP_TEST_DIR")
	if dir == "" {
		dir = "."
	}
	path := fmt.Sprintf("%s/exmap-go-%d", dir, os.Getpid())
	data := make([]byte, pages*page)
	for i := range data {
		data[i] = content(i / page)
	}
	if err := os.WriteFile(path, data, 0600); err != nil {
		panic(err)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECT, 0)
	if err != nil {
		panic(err)
	}
	os.Remove(path)
	return file
}

// A load from a page that is not there is a panic, and can be recovered from.
func faults(i int) (faulted bool) {
	defer func() {
		faulted = recover() != nil
	}()
	debug.SetPanicOnFault(true)
	sink = surface[i*page]
	return false
}

func work(id int, done *sync.WaitGroup) {
	defer done.Done()
	first := 256 + id*32
	for round := 0; round < 300; round++ {
		if do(id, opAlloc, uint64(first), 32) != 32 {
			check(false, "ALLOC by a goroutine")
			return
		}
		for i := 0; i < 32; i++ {
			surface[(first+i)*page] = byte(round)
		}
		runtime.Gosched()
		if round%50 == 0 {
			time.Sleep(time.Millisecond)
		}
		for i := 0; i < 32; i++ {
			if surface[(first+i)*page] != byte(round) {
				check(false, "a page keeps what is stored")
				return
			}
		}
		if do(id, opFree, uint64(first), 32) != 32 {
			check(false, "FREE by a goroutine")
			return
		}
	}
	check(true, "goroutine")
}

func main() {
	file := backing()
	device, err := syscall.Open("/dev/exmap", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "/dev/exmap:", err)
		os.Exit(1)
	}
	fd = uintptr(device)
	params := setupParams{fd: int32(file.Fd()), maxInterfaces: threads, bufferSize: frames}
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, setup, uintptr(unsafe.Pointer(&params)))
	must(errno, "SETUP")
	// Not by way of an array: slicing one loads its first byte.
	surface = unsafe.Slice((*byte)(mapped(pages*page, 0)), pages*page)
	for i := range vectors {
		vectors[i] = (*[512]uint64)(mapped(page, offInterface|uintptr(i)<<12))
	}

	check(do(0, opAlloc, 3, 2) == 2, "ALLOC")
	surface[4*page+9] = 77
	check(surface[4*page+9] == 77, "a page keeps what is stored")
	check(do(1, opFree, 0, 512) == 2, "FREE by another interface")
	check(faults(4), "a load from a page that is not there")
	n, err := syscall.Pread(device, surface[20*page:22*page], 0)
	check(err == nil && n == 2*page, "READ")
	check(surface[20*page] == content(20) && surface[21*page+99] == content(21), "READ's content")
	_, err = syscall.Pread(device, surface[30*page:31*page], 9<<8)
	check(err == syscall.EINVAL, "no such opcode")
	check(do(0, opFree, 0, 512) == 2, "FREE of all")

	var done sync.WaitGroup
	for id := 0; id < threads; id++ {
		done.Add(1)
		go work(id, &done)
	}
	for i := 0; i < 20; i++ {
		runtime.GC()
		check(exec() == nil, "a program in between")
	}
	done.Wait()
	if len(os.Args) > 1 {
		check(do(2, opAlloc, 10, 5) == 5, "ALLOC at the end")
		fmt.Println("waiting")
		io.ReadAll(os.Stdin)
	}
	check(syscall.Close(device) == nil, "close")
	fmt.Printf("%d passed, %d failed, 0 skipped\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func exec() error {
	process, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err != nil {
		return err
	}
	state, err := process.Wait()
	if err == nil && !state.Success() {
		return fmt.Errorf("%s", state)
	}
	return err
}
