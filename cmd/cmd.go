// Package cmd is the command line of Starling: one file per command, which
// reads flags, starts what the other packages do, and prints what comes of it.
//
// [Main] is the whole program. The main function of a binary of one's own calls
// it and nothing else:
//
//	cmd.Main()
//
// It is one package because the commands share flags, exit codes, messages and
// the progress line; each command is a file that no other one knows.
package cmd

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the command line of this process and exits with its code, see
// starling --help. An interrupt or SIGTERM ends the command in order, a second
// one at once.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := execute(ctx, os.Args[1:], environment{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, environ: os.Environ,
	})
	stop()
	os.Exit(code)
}
