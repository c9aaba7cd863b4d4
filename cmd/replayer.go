package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

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
	cmd.Flags().StringVar(&join, "join", "", "`URL` of the coordinator's NATS server (required)")
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of this replayer in reports (default: host and process)")
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

// localReplayers are replayers on this machine.
type localReplayers []*child

// start runs n replayers that join url. They end with the run; if one gives up
// before, it calls failed.
func (l *localReplayers) start(env environment, n int, url string, failed func()) error {
	for i := range n {
		// The URL holds a token, which arguments would show to everybody.
		c, err := startChild(env, []string{"replayer", "--name", "local-" + strconv.Itoa(i+1)}, []string{"STARLING_REPLAYER_JOIN=" + url}, nil)
		if err != nil {
			return err
		}
		*l = append(*l, c)
		go func() {
			<-c.ended
			if c.gaveUp() {
				failed()
			}
		}()
	}
	return nil
}

// stop waits for the replayers, which end with the run, and ends those that
// do not.
func (l *localReplayers) stop() {
	for _, c := range *l {
		c.stop()
	}
}
