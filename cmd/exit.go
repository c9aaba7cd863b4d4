package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay/run"
	"github.com/starling-load/starling/replay/stats/runfile"
)

// The exit codes of every command.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitThreshold   = 3 // done, and a threshold or regression was hit
	exitInvalid     = 4 // done, but the generator was the bottleneck
	exitInterrupted = 130
)

// A usageError is a mistake in the command line, the environment or starling.yaml.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A verdictError ends a command with an exit code of its own, although its work is
// done. Nothing more is printed: the report has said it.
type verdictError struct {
	code int
	what string
}

func (e verdictError) Error() string { return e.what }

// exitCode returns the code for the error of a command.
func exitCode(err error) int {
	var usage usageError
	var verdict verdictError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), errors.As(err, new(*run.JobError)):
		return exitUsage
	case errors.As(err, &verdict):
		return verdict.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

// explain returns the error as one line that says what to do.
func explain(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	var op *net.OpError
	var address *net.AddrError
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, syscall.EADDRINUSE):
		return text + "; choose another port, or end the program that listens there"
	case errors.Is(err, syscall.ENOSPC):
		return text + "; free some space or write elsewhere"
	case errors.Is(err, fs.ErrExist) && !strings.Contains(text, ";"):
		return text + "; remove it or choose another name"
	case (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) && !strings.Contains(text, ";"):
		return text + "; check the path"
	case errors.Is(err, fs.ErrPermission) && !strings.Contains(text, ";"):
		return text + "; check who may read and write there"
	case errors.Is(err, flowfile.ErrNotFlowFile):
		return text + "; \"starling record\" writes recordings"
	case errors.Is(err, runfile.ErrNotRun):
		return text + "; \"starling replay -o\" writes run files"
	case errors.As(err, &address):
		return text + "; write it as HOST:PORT, such as 127.0.0.1:9000"
	case errors.As(err, &op) && errors.Is(err, syscall.ECONNREFUSED):
		return text + "; is it running?"
	}
	return text
}
