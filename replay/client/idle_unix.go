//go:build unix

package client

import (
	"net"
	"syscall"
)

// An idleCheck asks the kernel whether an idle connection is as it was left.
type idleCheck struct {
	raw   syscall.RawConn
	quiet bool
	look  func(fd uintptr) // made once, so that asking allocates nothing
}

// newIdleCheck returns the check of c.
func newIdleCheck(c net.Conn) *idleCheck {
	k := &idleCheck{}
	if s, ok := c.(syscall.Conn); ok {
		k.raw, _ = s.SyscallConn()
	}
	k.look = func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		k.quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
	}
	return k
}

// silent reports whether the target has neither closed the connection nor sent
// anything that nobody asked for.
func (k *idleCheck) silent() bool {
	if k.raw == nil {
		return true
	}
	k.quiet = false
	err := k.raw.Control(k.look)
	return err == nil && k.quiet
}
