//go:build unix

package client

import (
	"net"
	"syscall"
)

// An idleCheck asks the kernel whether anything happened on an idle connection.
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

// silent reports whether nothing happened: the connection is open, and the target has
// sent no byte.
func (k *idleCheck) silent() bool {
	if k.raw == nil {
		return true
	}
	k.quiet = false
	err := k.raw.Control(k.look)
	return err == nil && k.quiet
}
