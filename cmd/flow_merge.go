package cmd

import "github.com/spf13/cobra"

func flowMergeCommand(env environment) *cobra.Command {
	c := copyOptions{title: "merge"}
	cmd := &cobra.Command{
		Use:   "merge FILE... -o FILE",
		Short: "Make one recording of several, by time",
		Long: `Make one recording of several: of the parts of a rotated recording, or of what
several recorders saw at the same time. Flows are sorted by their start.
Connections of different recordings get different numbers; parts of one
recording share theirs. The result keeps what the recordings say of their origin
and of their losses. Damage is told on stderr, counted in the result, and passed
over. Memory does not grow with the recordings.`,
		Example: `  starling flow merge shop.*.flow.zst -o shop.flow.zst
  starling flow merge web1.flow.zst web2.flow.zst -o web.flow.zst`,
		Args: atLeastOne("the recordings to merge, NAME.flow.zst"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			o, err := env.reading()
			if err != nil {
				return err
			}
			return c.save(cmd.Context(), env, o, paths)
		},
	}
	c.flags(cmd)
	return cmd
}
