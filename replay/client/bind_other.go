//go:build !linux

package client

import "syscall"

// lateBind does nothing: only Linux can leave the port to the connection.
func lateBind(_, _ string, _ syscall.RawConn) error { return nil }
