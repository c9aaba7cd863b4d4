//go:build unix

package cmd

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps the terminal's interrupt from cmd: this process ends it in its
// own time.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
