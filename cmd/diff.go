package cmd

import (
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/model"
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
named when it differs by more than chance makes of so many sessions.

The figures are those that were learned. What people changed in the models, their
edits and overrides, is compared apart.`,
		Example: "  starling model diff last-week.model shop.model",
		Args:    cobra.ExactArgs(2),
		RunE: leaving(func(args []string) error {
			was, before, err := asLearned(args[0])
			if err != nil {
				return err
			}
			now, after, err := asLearned(args[1])
			if err != nil {
				return err
			}
			report := diff.Compare(was, now)
			report.CompareEdits(before, after)
			if asJSON {
				return writeJSON(env.stdout, report)
			}
			return report.Text(env.stdout)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the differences as JSON")
	return cmd
}

// asLearned reads a model as it was learned, and what people changed in it. A model whose
// rest was written by hand is read as it is.
func asLearned(path string) (m *model.Model, edits []string, err error) {
	if m, err = folder.Read(path); err != nil {
		return nil, nil, err
	}
	kept, err := folder.ReadKept(path)
	if err != nil {
		return nil, nil, err
	}
	if learned := kept.Learned(); learned != nil {
		m = learned
	}
	return m, kept.Edits(), nil
}
