package cmd

import (
	"os"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// canMount reports whether this process may mount a disk.
func canMount() bool {
	dir, err := os.MkdirTemp("", "starling-disk-")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	return mountDisk(dir, "64k") == nil && syscall.Unmount(dir, 0) == nil
}

func mountDisk(dir, size string) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size)
}

func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "smalldisk DIR SIZE")
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(mountDisk(dir, args[1]))
	ts.Defer(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}
