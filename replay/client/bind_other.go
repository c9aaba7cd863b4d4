//go:build !linux

package client

import "syscall"

// lateBind does nothing: only Linux can choose the local port so late.
func lateBind(_, _ string, _ syscall.RawConn) error { return nil }
