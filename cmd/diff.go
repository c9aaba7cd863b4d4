package cmd

import (
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/model/diff"
	"github.com/starling-load/starling/model/folder"
)

func modelDiffCommand(env environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff OLD.model NEW.model",
		Short: "Say what users do differently in one model than in another",
		Long: `Say what users do differently in one model than in another, such as this week's and
last week's: types of users and their weights, requests of a session to each
endpoint, think times, bindings, and values that nothing explains. A figure is
named when it differs by more than chance makes of so many sessions.`,
		Example: "  starling model diff last-week.model shop.model",
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			was, err := folder.Read(args[0])
			if err != nil {
				return err
			}
			now, err := folder.Read(args[1])
			if err != nil {
				return err
			}
			report := diff.Compare(was, now)
			if asJSON {
				return writeJSON(env.stdout, report)
			}
			return report.Text(env.stdout)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the differences as JSON")
	return cmd
}
