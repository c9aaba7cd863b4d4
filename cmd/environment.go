package cmd

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/starling-load/starling/record/envelope"
	"github.com/starling-load/starling/record/flowfile"
)

// An environment is what a command knows of the world outside: its streams and
// variables, and what flags of all commands set.
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

// withoutCredentials returns URLs of servers, separated by commas, as they may be
// shown: with an ellipsis for a user name, password or token.
func withoutCredentials(servers string) string {
	list := strings.Split(servers, ",")
	for i, server := range list {
		scheme, rest, ok := strings.Cut(server, "://")
		if !ok {
			scheme, rest = "nats", server
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			list[i] = scheme + "://…" + rest[at:]
		}
	}
	return strings.Join(list, ",")
}
