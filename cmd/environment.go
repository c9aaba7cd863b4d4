package cmd

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"github.com/starling-load/starling/record/envelope"
	"github.com/starling-load/starling/record/flowfile"
)

// An environment is what a command has of the outside world.
type environment struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string

	// environ lists the environment variables, as NAME=VALUE.
	environ func() []string

	identity *string    // --identity: what opens encrypted recordings; "" is none
	piped    *stdinFile // the recording "-"
}

// reading opens recordings, "-" from stdin, encrypted ones with --identity.
func (e environment) reading() (flowfile.ReaderOptions, error) {
	o := flowfile.ReaderOptions{Open: e.piped.open}
	if *e.identity == "" {
		return o, nil
	}
	var err error
	o.Decrypt, err = envelope.With(*e.identity)
	return o, err
}

// isTerminal reports whether w shows to a person.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// say writes a line for people to stderr.
func (e environment) say(format string, args ...any) {
	fmt.Fprintf(e.stderr, format+"\n", args...)
}

// logger writes warnings and errors to stderr, one line each.
func (e environment) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
