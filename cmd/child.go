package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"
)

// childFlag marks a process that another process of this program started. It ends
// when its stdin ends. So it never outlives the process that started it, not even
// one that was killed.
const childFlag = "child"

// A child is another process of this program, which this process started.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed at its end
	err   error         // of its end
}

// startChild starts this program again, with args, and with environ added to the
// environment. The child writes to our stderr. setUp may change the command
// before it starts; nil changes nothing.
func startChild(env environment, args, environ []string, setUp func(*exec.Cmd) error) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program to start it again: %w", err)
	}
	cmd := exec.Command(self, append(args, "--"+childFlag)...)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stderr = env.stderr
	// An interrupt from the terminal must reach this process alone. It ends its
	// children in order.
	ownGroup(cmd)
	if setUp != nil {
		if err := setUp(cmd); err != nil {
			return nil, err
		}
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	c := &child{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		close(c.ended)
	}()
	return c, nil
}

// gaveUp reports whether the child ended by itself with an error. It has then
// printed a message. A child that was killed has not given up.
func (c *child) gaveUp() bool {
	var exit *exec.ExitError
	return errors.As(c.err, &exit) && exit.Exited()
}

// stop asks the child to end and waits for its end. A child that does not end is
// killed.
func (c *child) stop() {
	c.stdin.Close()
	timer := time.AfterFunc(10*time.Second, func() { c.cmd.Process.Kill() })
	defer timer.Stop()
	<-c.ended
}

// attach ends the context of cmd at the end of stdin, if this process is a child.
func attach(cmd *cobra.Command, env environment) {
	if is, err := cmd.Flags().GetBool(childFlag); err != nil || !is {
		return
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	cmd.SetContext(ctx)
	go func() {
		io.Copy(io.Discard, env.stdin)
		cancel()
	}()
}
