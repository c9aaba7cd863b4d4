package cmd

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay/run"
)

func replayerCommand(env environment) *cobra.Command {
	var join, name string
	var patience time.Duration
	cmd := &cobra.Command{
		Use:   "replayer --join URL",
		Short: "Lend this machine to a coordinator for one run",
		Long: `Join the coordinator of a run, play the share of the load that it assigns, and
end with the run. When the coordinator is out of reach for ten seconds, nothing
is sent until it is back.`,
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
			reading, err := env.reading()
			if err != nil {
				return err
			}
			return run.Join(cmd.Context(), run.JoinOptions{URL: join, Name: name, Reading: reading, Logger: env.logger(), Patience: patience})
		},
	}
	cmd.Flags().StringVar(&join, "join", "", "`URL` of the coordinator's NATS server (required)")
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of this replayer in reports (default: host and process)")
	cmd.Flags().Var(newSpan(&patience, 2*time.Minute), "patience", "`TIME` to wait, sending nothing, for a coordinator that went away during the run")
	return cmd
}

// launchReplayer runs a replayer that joins url as a process of its own, until it
// ends or ctx does.
func (e environment) launchReplayer(ctx context.Context, url, name string) error {
	args := []string{"replayer", "--name", name}
	if *e.identity != "" {
		args = append(args, "--identity", *e.identity)
	}
	// The URL holds a token, which arguments would show to everybody.
	c, err := startChild(e, args, []string{"STARLING_REPLAYER_JOIN=" + url}, nil)
	if err != nil {
		return err
	}
	select {
	case <-c.ended:
		if c.gaveUp() {
			return errors.New("a replayer could not play; its own message says why")
		}
	case <-ctx.Done():
		c.stop()
	}
	return nil
}
