//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package flowfile

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the exclusive advisory lock of a file that this process has just
// created. Only a probe (locked) can hold it, and only for an instant.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// locked reports whether a writer holds the lock of the file.
func locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
