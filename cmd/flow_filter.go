package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record/filter"
)

func flowFilterCommand(env environment) *cobra.Command {
	c := copyOptions{title: "filter"}
	cmd := &cobra.Command{
		Use:   "filter EXPR FILE... -o FILE",
		Short: "Copy the flows that match an expression",
		Long: `Copy the flows that match an expression, and the records of their connections.
The copy says how many flows were left out. Several recordings become one, as
with "starling flow merge".

An expression compares fields with values and joins comparisons by and, or, not
and parentheses:

  method scheme host authority path query target url protocol error
      = != with * for any text; ~ !~ for a regular expression (RE2)
  header.NAME request.header.NAME response.header.NAME cookie.NAME
      as above; != and !~ hold if no value matches
  status    = != < <= > >= 404, or a class: 5xx; 0 is no response
  duration  the same, with 250ms, 1.5s
  size request.size response.size
            the same, with 2000, 64KiB, 1.5MB
  messages number
            the same, with whole numbers
  time      < <= > >= 2026-05-04T10:00:00Z, the start of the flow
  conn      = != the number of a connection
  session   = != that, or the session that cat --json shows
  complete error header.NAME cookie.NAME
            alone: is it so, is it there?

Values with spaces or parentheses stand in single or double quotes.`,
		Example: `  starling flow filter 'status >= 500 or error' shop.flow.zst -o bad.flow.zst
  starling flow filter 'host = *.shop.test and not path ~ "\.(css|js|png)$"' \
      shop.flow.zst -o pages.flow.zst
  starling flow filter 'time >= 2026-05-04T10:00 and time < 2026-05-04T10:05' \
      shop.flow.zst -o peak.flow.zst`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("name an expression and the recordings to filter")
			}
			if len(args) == 1 {
				return fmt.Errorf("name the recordings to filter behind the expression")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := env.reading()
			if err != nil {
				return err
			}
			if o.Filter, err = parseFilter(args[0]); err != nil {
				return err
			}
			return c.save(cmd.Context(), env, o, args[1:])
		},
	}
	c.flags(cmd)
	return cmd
}

// parseFilter reads the expression of a flag or argument.
func parseFilter(expr string) (*filter.Expression, error) {
	f, err := filter.Parse(expr)
	if err != nil {
		return nil, usagef("%w; see starling flow filter --help", err)
	}
	return f, nil
}
