package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

// leave returns the error of work, or that of ctx as soon as ctx ends. What was left then goes
// on until the process exits. So work must write no file, and what it tells must be looked
// at only where the error is nil.
func leave(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leaving is the RunE of a command that reads files and prints what is in them.
func leaving(run func(args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return leave(cmd.Context(), func() error { return run(args) })
	}
}
