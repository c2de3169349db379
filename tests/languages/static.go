// SPDX-License-Identifier: MIT
// A Go program without cgo is static: the launcher refuses it, and says what to do.
package main

func main() {
}
