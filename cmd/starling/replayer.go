package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/cluster"
	"github.com/starling-load/starling/replay/stats"
)

func replayerCommand(env environment) *cobra.Command {
	var join, name string
	cmd := &cobra.Command{
		Use:   "replayer --join URL",
		Short: "Lend this machine to a coordinator for one run",
		Long: `Join the coordinator of a run, play the share of the load that it assigns, and
end with the run.`,
		Example: "  starling replayer --join nats://10.0.0.5:4222",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if join == "" {
				return usagef("say whom to join: --join nats://HOST:PORT, as the coordinator prints it")
			}
			if name == "" {
				host, _ := os.Hostname()
				name = host + "-" + strconv.Itoa(os.Getpid())
			}
			return cluster.Join(cmd.Context(), cluster.JoinOptions{
				URL: join, Name: name, Play: playWith(env), Logger: env.logger(),
			})
		},
	}
	cmd.Flags().StringVar(&join, "join", "", "URL of the coordinator's NATS server (required)")
	cmd.Flags().StringVar(&name, "name", "", "name of this replayer in reports (default: host and process)")
	return cmd
}

// playWith returns the function that plays what a coordinator assigns.
func playWith(env environment) func(context.Context, cluster.Assignment, func(*stats.Interval)) error {
	return func(ctx context.Context, a cluster.Assignment, onInterval func(*stats.Interval)) error {
		return playAssignment(ctx, env, a, onInterval)
	}
}

func playAssignment(ctx context.Context, env environment, a cluster.Assignment, onInterval func(*stats.Interval)) error {
	var j job
	if err := json.Unmarshal(a.Spec, &j); err != nil {
		return fmt.Errorf("decode the job: %w", err)
	}
	dir, err := os.MkdirTemp("", "starling-replayer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	in, err := receive(env, j, a.Payload, dir)
	if err != nil {
		return err
	}
	work, err := in.load(ctx)
	if err != nil {
		return err
	}
	start, err := a.Ready(ctx)
	if err != nil {
		return err
	}
	return replay.Run(ctx, replay.Options{
		Plan: j.Plan, Source: work.source, Arrivals: work.arrivals, Client: j.Client,
		Segment: a.Segment, Replayer: a.Replayer, Start: start, OnInterval: onInterval,
	})
}

// childProcesses are replayers on this machine.
type childProcesses struct{ commands []*exec.Cmd }

// start runs n replayers that join url. They end with the run.
func (c *childProcesses) start(env environment, n int, url string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program to start replayers with: %w", err)
	}
	for i := range n {
		cmd := exec.Command(self, "replayer", "--name", "local-"+strconv.Itoa(i+1))
		cmd.Env = append(os.Environ(), "STARLING_REPLAYER_JOIN="+url) // the URL holds a token, which arguments would show
		cmd.Stderr = env.stderr
		// An interrupt from the terminal reaches the coordinator alone, which
		// then ends the run on all replayers.
		ownGroup(cmd)
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start a replayer: %w", err)
		}
		c.commands = append(c.commands, cmd)
	}
	return nil
}

// stop waits for the replayers, which end with the run, and ends those that
// do not.
func (c *childProcesses) stop() {
	for _, cmd := range c.commands {
		timer := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			cmd.Process.Kill()
		}
		timer.Stop()
	}
}
